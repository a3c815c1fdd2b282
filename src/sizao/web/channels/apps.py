"""App configuration."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "sizao.web.channels"
    label = "channels"
    verbose_name = "通报与送达"

    def ready(self) -> None:
        from sizao.web.channels import signals  # noqa: F401  # it connects them
