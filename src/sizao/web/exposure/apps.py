"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.exposure"
    label = "exposure"
    verbose_name = "营运车辆流量"
