"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.indicators"
    label = "indicators"
    verbose_name = "指标"
