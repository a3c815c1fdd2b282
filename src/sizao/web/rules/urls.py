"""Addresses of the rules pages."""

from __future__ import annotations

from django.urls import path

from sizao.web.rules import trialpages, views

urlpatterns = [
    path("rules/", views.show, name="rules"),
    path("rules/<str:rule_id>/", views.rule, name="rule"),
    path("rules/<str:rule_id>/ask/", views.ask, name="rule-ask"),
    path("rules/<str:rule_id>/changes/<int:change_id>/", views.decide, name="rule-decide"),
    path("rules/<str:rule_id>/try/", views.attempt, name="rule-try"),
    path("rules/<str:rule_id>/trials/<int:trial_id>/", trialpages.trial, name="rule-trial"),
    path(
        "rules/<str:rule_id>/trials/<int:trial_id>/cancel/",
        trialpages.cancel,
        name="rule-trial-cancel",
    ),
]
