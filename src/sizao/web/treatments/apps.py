"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.treatments"
    label = "treatments"
    verbose_name = "治理记录"
