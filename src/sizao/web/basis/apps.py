"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.basis"
    label = "basis"
    verbose_name = "预警依据"
