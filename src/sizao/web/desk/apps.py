"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.desk"
    label = "desk"
    verbose_name = "预警台"
