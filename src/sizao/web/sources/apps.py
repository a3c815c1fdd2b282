"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.sources"
    label = "sources"
    verbose_name = "数据源"
