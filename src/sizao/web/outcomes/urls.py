"""Address of the outcomes of warnings."""

from __future__ import annotations

from django.urls import path

from sizao.web.outcomes import pages

urlpatterns = [path("outcomes/", pages.show, name="outcomes")]
