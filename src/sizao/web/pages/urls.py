"""Addresses of the pages. Everything machines talk to is in ``sizao.web.urls``."""

from __future__ import annotations

from django.urls import path

from sizao.web.pages.views import (
    account,
    audit,
    case,
    cases,
    evidence,
    help,
    inbox,
    indicators,
    map,
    quarantine,
    search,
    sources,
    units,
    vehicle,
    wall,
)

urlpatterns = [
    path("", map.show, name="map"),
    path("map/context.geojson", map.context, name="map-context"),
    path("inbox/", inbox.show, name="inbox"),
    path("cases/", cases.show, name="cases"),
    path("cases/<int:case_id>/", case.show, name="case"),
    path("cases/<int:case_id>/act/", case.act, name="case-act"),
    path("cases/<int:case_id>/hold/", evidence.hold_case, name="case-hold"),
    path("cases/<int:case_id>/evidence/<str:name>/", evidence.of_case, name="case-evidence"),
    path("evidence/", evidence.show, name="evidence"),
    path("evidence/hold/", evidence.hold, name="evidence-hold"),
    path("evidence/holds/<int:hold_id>/release/", evidence.release, name="evidence-release"),
    path("units/", units.show, name="units"),
    path("indicators/", indicators.show, name="indicators"),
    path("wall/", wall.show, name="wall"),
    path("sources/", sources.show, name="sources"),
    path("sources/<str:source_id>/", sources.source, name="source"),
    path("sources/<str:source_id>/act/", sources.act, name="source-act"),
    path("sources/<str:source_id>/platform/", sources.platform, name="source-platform"),
    path("quarantine/", quarantine.show, name="quarantine"),
    path("quarantine/replay/", quarantine.replay, name="quarantine-replay"),
    path("quarantine/<str:ref>/", quarantine.record, name="quarantine-record"),
    path("audit/", audit.show, name="audit"),
    path("vehicles/<str:vehicle_id>/", vehicle.show, name="vehicle"),
    path(
        "vehicles/<str:vehicle_id>/evidence/<str:name>/",
        evidence.of_vehicle,
        name="vehicle-evidence",
    ),
    path("search/", search.show, name="search"),
    path("help/", help.show, name="help"),
    path("login/", account.Login.as_view(), name="login"),
    path("logout/", account.Logout.as_view(), name="logout"),
    path("preferences/", account.preferences, name="preferences"),
]
