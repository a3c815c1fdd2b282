"""Addresses of response plans and their tasks."""

from __future__ import annotations

from django.urls import path

from sizao.web.response import pages, texts

urlpatterns = [
    path("cases/<int:case_id>/plans/", pages.choose, name="case-plans"),
    path("cases/<int:case_id>/plans/<slug:plan_id>/", pages.confirm, name="case-plan"),
    path("tasks/", pages.desk, name="tasks"),
    path("tasks/<int:task_id>/act/", pages.act, name="task-act"),
    path("responses/", texts.show, name="responses"),
    path("responses/<slug:plan_id>/", texts.plan, name="response"),
    path("responses/<slug:plan_id>/ask/", texts.ask, name="response-ask"),
    path("responses/<slug:plan_id>/<int:text_id>/", texts.decide, name="response-decide"),
]
