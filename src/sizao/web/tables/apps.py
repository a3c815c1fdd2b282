"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.tables"
    label = "tables"
    verbose_name = "预警分级表"
