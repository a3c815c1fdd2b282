"""Addresses of the treatment pages."""

from __future__ import annotations

from django.urls import path

from sizao.web.treatments import views

urlpatterns = [
    path("treatments/", views.show, name="treatments"),
    path("treatments/new/", views.new, name="treatment-new"),
    path("treatments/import/", views.upload, name="treatment-import"),
    path("treatments/<int:number>/withdraw/", views.withdraw, name="treatment-withdraw"),
]
