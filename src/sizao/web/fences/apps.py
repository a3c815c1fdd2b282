"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.fences"
    label = "fences"
    verbose_name = "电子围栏"
