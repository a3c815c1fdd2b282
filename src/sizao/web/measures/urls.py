"""Addresses of control measures."""

from __future__ import annotations

from django.urls import path

from sizao.web.measures import ordering, pages

urlpatterns = [
    path("measures/", pages.show, name="measures"),
    path("measures/map.geojson", pages.on_map, name="measures-map"),
    path("measures/new/", ordering.new, name="measure-new"),
    path("measures/<int:measure_id>/", pages.one, name="measure"),
    path("measures/<int:measure_id>/detour/", pages.detour, name="measure-detour"),
    path("measures/<int:measure_id>/act/", pages.act, name="measure-act"),
]
