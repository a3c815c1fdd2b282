"""Addresses of the enterprises' pages."""

from __future__ import annotations

from django.urls import path

from sizao.web.enterprises import views

urlpatterns = [
    path("risk/enterprises/", views.show, name="enterprises"),
    path("risk/enterprises/<str:enterprise_id>/", views.one, name="enterprise"),
]
