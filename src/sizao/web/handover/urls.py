"""Addresses of handover notes."""

from __future__ import annotations

from django.urls import path

from sizao.web.handover import views

urlpatterns = [
    path("handovers/", views.show_all, name="handovers"),
    path("handovers/new/", views.begin, name="handover-new"),
    path("handovers/<str:number>/", views.show, name="handover"),
    path("handovers/<str:number>/act/", views.act, name="handover-act"),
    path("handovers/<str:number>.pdf", views.as_pdf, name="handover-pdf"),
]
