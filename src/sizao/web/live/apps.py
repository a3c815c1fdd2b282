"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.live"
    label = "live"
    verbose_name = "实时推送"
