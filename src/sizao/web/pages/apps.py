"""Registers the page app."""

from __future__ import annotations

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "sizao.web.pages"
    label = "pages"
    verbose_name = "页面"
