"""Addresses of drills."""

from __future__ import annotations

from django.urls import path

from sizao.web.drills import pages

urlpatterns = [
    path("drills/", pages.show, name="drills"),
    path("drills/start/", pages.start, name="drill-start"),
    path("drills/<int:drill_id>/", pages.one, name="drill"),
    path("drills/<int:drill_id>/end/", pages.end, name="drill-end"),
]
