"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.audit"
    label = "audit"
    verbose_name = "审计"
