"""Addresses of reports: the desk's pages, and the page for everybody."""

from __future__ import annotations

from django.urls import path

from sizao.web.reports import desk, public

urlpatterns = [
    path("reports/", desk.show_all, name="reports"),
    path("reports/<str:number>/", desk.show, name="report"),
    path("reports/<str:number>/act/", desk.act, name="report-act"),
    path("reports/<str:number>/contact/", desk.contact, name="report-contact"),
    path("reports/<str:number>/photos/<int:which>/", desk.photo, name="report-photo"),
    path("report/", public.form, name="report-form"),
    path("report/roads.geojson", public.roads, name="report-roads"),
    path("report/sent/<str:token>/", public.sent, name="report-sent"),
    path("report/sent/<str:token>/photos/<int:which>/", public.own_photo, name="report-own-photo"),
]
