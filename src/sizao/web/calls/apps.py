"""The app of incident calls."""

from __future__ import annotations

from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "sizao.web.calls"
    label = "calls"
    verbose_name = "接警"
