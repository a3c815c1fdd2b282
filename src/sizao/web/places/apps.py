"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.places"
    label = "places"
    verbose_name = "路况"
