"""Addresses of the pages of calls."""

from __future__ import annotations

from django.urls import path

from sizao.web.calls import views

urlpatterns = [
    path("calls/", views.show_all, name="calls"),
    path("calls/new/", views.new, name="call-new"),
    path("calls/look/", views.look, name="call-look"),
    path("calls/<str:number>/", views.show, name="call"),
    path("calls/<str:number>/act/", views.act, name="call-act"),
    path("calls/<str:number>/contact/", views.contact, name="call-contact"),
]
