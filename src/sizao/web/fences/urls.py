"""Addresses of the fence pages."""

from __future__ import annotations

from django.urls import path

from sizao.web.fences import views

urlpatterns = [
    path("fences/", views.show, name="fences"),
    path("fences/shapes.geojson", views.shapes, name="fence-shapes"),
    path("fences/new/", views.new, name="fence-new"),
    path("fences/<int:number>/", views.fence, name="fence"),
    path("fences/<int:number>/edit/", views.edit, name="fence-edit"),
    path("fences/<int:number>/end/", views.end, name="fence-end"),
    path("fences/changes/<int:change_id>/", views.change, name="fence-change"),
    path("fences/changes/<int:change_id>/decide/", views.decide, name="fence-decide"),
]
