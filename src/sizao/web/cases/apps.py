"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.cases"
    label = "cases"
    verbose_name = "处置"
