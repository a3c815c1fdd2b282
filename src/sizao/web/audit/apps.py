"""App configuration."""

from importlib import import_module

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.audit"
    label = "audit"
    verbose_name = "审计"

    def ready(self):
        import_module("sizao.web.audit.signals")
