"""Address of the answer to a change of the ground."""

from __future__ import annotations

from django.urls import path

from sizao.web.basis import pages

urlpatterns = [path("cases/<int:case_id>/basis/", pages.answer, name="case-basis")]
