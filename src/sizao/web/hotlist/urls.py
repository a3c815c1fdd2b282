"""Addresses of the hot list."""

from __future__ import annotations

from django.urls import path

from sizao.web.hotlist import pages

urlpatterns = [
    path("hotlist/", pages.show, name="hotlist"),
    path("hotlist/ask/", pages.ask, name="hotlist-ask"),
    path("hotlist/file/", pages.load, name="hotlist-file"),
    path("hotlist/requests/<int:request_id>/", pages.decide, name="hotlist-decide"),
    path("hotlist/hits/<int:hit_id>/", pages.confirm, name="hotlist-confirm"),
    path("hotlist/<str:number>/", pages.entry, name="hotlist-entry"),
    path("hotlist/<str:number>/act/", pages.act, name="hotlist-act"),
]
