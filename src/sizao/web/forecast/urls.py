"""Addresses of the forecast pages."""

from __future__ import annotations

from django.urls import path

from sizao.web.forecast import views

urlpatterns = [
    path("risk/forecasts/", views.show, name="forecasts"),
    path("risk/forecasts/renew/", views.renew, name="forecast-renew"),
]
