"""Addresses of hazards."""

from __future__ import annotations

from django.urls import path

from sizao.web.hazards.pages import board, entering, hazard, ledger, partner

urlpatterns = [
    path("hazards/", board.show, name="hazards"),
    path("hazards/points.geojson", board.points, name="hazard-points"),
    path("hazards/list/", ledger.show, name="hazard-ledger"),
    path("hazards/new/", entering.new, name="hazard-new"),
    path("hazards/inspect/", entering.inspect, name="hazard-inspect"),
    path("hazards/notices/<int:notice_id>/read/", hazard.read, name="hazard-notice-read"),
    path("hazards/<str:number>/", hazard.show, name="hazard"),
    path("hazards/<str:number>/act/", hazard.act, name="hazard-act"),
    path("rectify/", partner.show, name="partner-hazards"),
    path("rectify/<str:number>/", partner.one, name="partner-hazard"),
    path("rectify/<str:number>/act/", partner.act, name="partner-hazard-act"),
    path(
        "rectify/<str:number>/photos/<int:which>/",
        partner.photo,
        name="partner-hazard-photo",
    ),
    path("hazards/<str:number>/photos/<int:which>/", hazard.photo, name="hazard-photo"),
]
