"""Addresses of notices and deliveries."""

from __future__ import annotations

from django.urls import path

from sizao.web.channels import pages

urlpatterns = [
    path("partner/", pages.show, name="partner"),
    path("partner/<int:notice_id>/", pages.one, name="partner-notice"),
    path("partner/<int:notice_id>/act/", pages.act, name="partner-act"),
]
