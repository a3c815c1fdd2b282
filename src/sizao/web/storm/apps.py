"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.storm"
    label = "storm"
    verbose_name = "风暴模式"
