"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.clocks"
    label = "clocks"
    verbose_name = "时限"
