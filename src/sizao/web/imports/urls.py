"""Addresses of the import pages."""

from __future__ import annotations

from django.urls import path

from sizao.web.imports import pages

urlpatterns = [
    path("imports/", pages.show, name="imports"),
    path("imports/upload/", pages.upload, name="import-upload"),
    path("imports/sample/<str:name>", pages.sample, name="import-sample"),
    path("imports/<int:batch_id>/", pages.one, name="import"),
    path("imports/<int:batch_id>/act/", pages.act, name="import-act"),
    path("imports/<int:batch_id>/problems.csv", pages.problems, name="import-problems"),
]
