"""Addresses of the rules pages."""

from __future__ import annotations

from django.urls import path

from sizao.web.rules import views

urlpatterns = [
    path("rules/", views.show, name="rules"),
    path("rules/<str:rule_id>/", views.rule, name="rule"),
    path("rules/<str:rule_id>/ask/", views.ask, name="rule-ask"),
    path("rules/<str:rule_id>/changes/<int:change_id>/", views.decide, name="rule-decide"),
]
