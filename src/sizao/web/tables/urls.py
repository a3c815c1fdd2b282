"""Addresses of the decision tables."""

from __future__ import annotations

from django.urls import path

from sizao.web.tables import pages

urlpatterns = [
    path("tables/", pages.show, name="tables"),
    path("tables/<str:book>/", pages.book, name="table"),
    path("tables/<str:book>/act/", pages.act, name="table-act"),
]
