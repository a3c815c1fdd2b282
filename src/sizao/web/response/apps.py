"""App configuration."""

from importlib import import_module

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.response"
    label = "response"
    verbose_name = "预案"

    def ready(self):
        import_module("sizao.web.response.signals")
