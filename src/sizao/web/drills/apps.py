"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.drills"
    label = "drills"
    verbose_name = "演练"
