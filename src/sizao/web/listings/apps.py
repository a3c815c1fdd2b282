"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.listings"
    label = "listings"
    verbose_name = "挂牌督办"
