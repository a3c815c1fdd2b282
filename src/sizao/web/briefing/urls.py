"""Addresses of the morning briefing."""

from __future__ import annotations

from django.urls import path

from sizao.web.briefing import views

urlpatterns = [
    path("briefings/", views.show_all, name="briefings"),
    path("briefings/issue/", views.issue, name="briefing-issue"),
    path("briefings/<str:number>.pdf", views.as_pdf, name="briefing-pdf"),
    path("briefings/<str:number>/", views.show, name="briefing"),
]
