"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.fleet"
    label = "fleet"
    verbose_name = "重点车辆"
