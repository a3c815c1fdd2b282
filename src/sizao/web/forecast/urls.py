"""Addresses of the forecast pages."""

from __future__ import annotations

from django.urls import path

from sizao.web.forecast import mapviews, views

urlpatterns = [
    path("risk/forecasts/", views.show, name="forecasts"),
    path("risk/forecasts/renew/", views.renew, name="forecast-renew"),
    path("risk/ahead/<int:number>/<int:hour>.bin", mapviews.hour, name="ahead-hour"),
    path("risk/ahead/<int:number>/<int:hour>/why/", mapviews.why, name="ahead-why"),
    path("risk/ahead/<int:number>/since/<str:day>/", mapviews.since, name="ahead-since"),
]
