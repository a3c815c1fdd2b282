"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.hotlist"
    label = "hotlist"
    verbose_name = "布控"
