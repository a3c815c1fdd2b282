"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.api"
    label = "api"
    verbose_name = "接口"
