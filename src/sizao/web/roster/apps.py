"""The app of the roster."""

from __future__ import annotations

from django.apps import AppConfig


class RosterConfig(AppConfig):
    name = "sizao.web.roster"
    label = "roster"
    verbose_name = "排班"
