"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.enterprises"
    label = "enterprises"
    verbose_name = "企业主体责任"
