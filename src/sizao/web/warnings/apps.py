"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.warnings"
    label = "warnings"
    verbose_name = "预警"
