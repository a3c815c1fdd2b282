"""Addresses of the officer's phone. All below ``/field/``: that is what its worker may keep."""

from __future__ import annotations

from django.urls import path

from sizao.web.field import pages

urlpatterns = [
    path("field/", pages.show, name="field"),
    path("field/tasks.json", pages.tasks, name="field-tasks"),
    path("field/actions/", pages.action, name="field-action"),
    path("field/worker.js", pages.worker, name="field-worker"),
    path("field/photos/<int:photo_id>/", pages.photo, name="field-photo"),
]
