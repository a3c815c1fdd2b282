"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.rules"
    label = "rules"
    verbose_name = "检测规则"
