"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.imports"
    label = "imports"
    verbose_name = "数据导入"
