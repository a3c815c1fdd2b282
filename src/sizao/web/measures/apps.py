"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.measures"
    label = "measures"
    verbose_name = "管制措施"
