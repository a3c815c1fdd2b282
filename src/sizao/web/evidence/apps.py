"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.evidence"
    label = "evidence"
    verbose_name = "证据"
