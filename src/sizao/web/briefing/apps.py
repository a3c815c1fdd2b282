"""The app of the morning briefing."""

from __future__ import annotations

from django.apps import AppConfig


class BriefingConfig(AppConfig):
    name = "sizao.web.briefing"
    label = "briefing"
    verbose_name = "早报"
