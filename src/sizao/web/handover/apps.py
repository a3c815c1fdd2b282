"""The app of handover notes."""

from __future__ import annotations

from django.apps import AppConfig


class HandoverConfig(AppConfig):
    name = "sizao.web.handover"
    label = "handover"
    verbose_name = "交接班"
