"""Addresses of the pages of patrol plans."""

from __future__ import annotations

from django.urls import path

from sizao.web.plan import pages

urlpatterns = [
    path("plans/", pages.show, name="plans"),
    path("plans/order/", pages.order, name="plan-order"),
    path("plans/<int:plan_id>/", pages.one, name="plan"),
    path("plans/<int:plan_id>/act/", pages.act, name="plan-act"),
    path("plans/<int:plan_id>/plan.csv", pages.export, name="plan-csv"),
]
