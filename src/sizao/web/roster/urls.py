"""Addresses of the roster."""

from __future__ import annotations

from django.urls import path

from sizao.web.roster import views

urlpatterns = [
    path("roster/", views.show, name="roster"),
    path("roster/act/", views.act, name="roster-act"),
]
