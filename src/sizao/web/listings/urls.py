"""Addresses of listed supervision."""

from __future__ import annotations

from django.urls import path

from sizao.web.listings import pages

urlpatterns = [
    path("listings/", pages.show, name="listings"),
    path("listings/public/", pages.public, name="listings-public"),
    path("listings/<int:listing_id>/act/", pages.act, name="listing-act"),
    path("listings/<int:listing_id>/<slug:kind>.<slug:ext>", pages.document, name="listing-file"),
    path("hazards/<str:number>/listing/", pages.ask, name="listing-ask"),
]
