"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.units"
    label = "units"
    verbose_name = "单位与警力"
