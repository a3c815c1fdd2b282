"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.junctions"
    label = "junctions"
    verbose_name = "路口"
