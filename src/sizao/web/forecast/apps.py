"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.forecast"
    label = "forecast"
    verbose_name = "风险预报"
