"""Addresses of the calendar pages."""

from __future__ import annotations

from django.urls import path

from sizao.web.calendar import views

urlpatterns = [
    path("calendar/", views.show, name="calendar"),
    path("calendar/new/", views.new, name="calendar-new"),
    path("calendar/<int:number>/", views.entry, name="calendar-entry"),
    path("calendar/<int:number>/edit/", views.edit, name="calendar-edit"),
    path("calendar/<int:number>/end/", views.end, name="calendar-end"),
    path("calendar/changes/<int:change_id>/decide/", views.decide, name="calendar-decide"),
]
