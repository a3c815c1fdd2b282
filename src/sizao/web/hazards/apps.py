"""App configuration."""

from importlib import import_module

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.hazards"
    label = "hazards"
    verbose_name = "隐患"

    def ready(self):
        import_module("sizao.web.hazards.signals")
