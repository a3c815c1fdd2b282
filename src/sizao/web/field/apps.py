"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.field"
    label = "field"
    verbose_name = "外勤"
