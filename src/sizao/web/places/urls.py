"""Addresses of warnings about places."""

from __future__ import annotations

from django.urls import path

from sizao.web.places import pages

urlpatterns = [
    path("warnings/new/", pages.new, name="warning-new"),
    path("cases/<int:case_id>/response-level/", pages.respond, name="case-response-level"),
]
