"""App configuration."""

from importlib import import_module

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.cases"
    label = "cases"
    verbose_name = "处置"

    def ready(self):
        import_module("sizao.web.cases.signals")
