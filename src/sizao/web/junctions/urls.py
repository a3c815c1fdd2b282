"""Addresses of the junction pages."""

from __future__ import annotations

from django.urls import path

from sizao.web.junctions import pages, pages_audit, pages_timing

urlpatterns = [
    path("junctions/", pages.show, name="junctions"),
    path("junctions/new/", pages.new, name="junction-new"),
    path("junctions/<int:pk>/", pages.one, name="junction"),
    path("junctions/<int:pk>/act/", pages.act, name="junction-act"),
    path("junctions/<int:pk>/edit/", pages.edit, name="junction-edit"),
    path("junctions/<int:pk>/sheet.<str:form>", pages.sheet, name="junction-sheet"),
    path("junctions/<int:pk>/audit/", pages_audit.show, name="junction-audit"),
    path("junctions/<int:pk>/audit/finish/", pages_audit.finish, name="junction-audit-finish"),
    path("junctions/photo/<int:finding>/", pages_audit.photo, name="junction-photo"),
    path("junctions/<int:pk>/counts/", pages_timing.count, name="junction-counts"),
    path("junctions/<int:pk>/counts.csv", pages_timing.template, name="junction-template"),
    path("junctions/<int:pk>/timing/", pages_timing.show, name="junction-timing"),
    path("junctions/<int:pk>/timing/act/", pages_timing.act, name="junction-timing-act"),
    path("junctions/timing/<int:timing>/<str:which>.film", pages_timing.film,
         name="junction-film"),
]  # fmt: skip
