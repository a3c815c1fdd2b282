"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.review"
    label = "review"
    verbose_name = "复盘"
