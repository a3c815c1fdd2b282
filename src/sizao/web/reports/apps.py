"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.reports"
    label = "reports"
    verbose_name = "群众上报"
