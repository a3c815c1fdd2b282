"""Addresses of the risk pages."""

from __future__ import annotations

from django.urls import path

from sizao.web.risk.views import map, ranking, report, runs, site, validation

urlpatterns = [
    path("risk/", map.show, name="risk"),
    path("risk/ranking/", ranking.show, name="risk-ranking"),
    path("risk/sites/<str:site_id>/", site.show, name="risk-site"),
    path("risk/validation/", validation.show, name="risk-validation"),
    path("risk/report/", report.show, name="risk-report"),
    path("risk/report/<str:name>", report.file, name="risk-report-file"),
    path("risk/runs/", runs.show, name="risk-runs"),
    path("risk/runs/start/", runs.start, name="risk-start"),
    path("risk/runs/<int:run_id>/", runs.one, name="risk-run"),
    path("risk/runs/<int:run_id>/meta.json", map.meta, name="risk-meta"),
    path("risk/runs/<int:run_id>/shapes.json", map.shapes, name="risk-shapes"),
    path("risk/runs/<int:run_id>/values.bin", map.values, name="risk-values"),
]
