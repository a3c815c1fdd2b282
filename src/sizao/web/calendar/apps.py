"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.calendar"
    label = "calendar"
    verbose_name = "日历"
