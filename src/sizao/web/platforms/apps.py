"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.platforms"
    label = "platforms"
    verbose_name = "平台间"
