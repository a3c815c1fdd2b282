"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.risk"
    label = "risk"
    verbose_name = "风险评估"
