"""Every URL of the site. Pages are the page app's; what machines talk to is here."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from sizao.web import health
from sizao.web.api.v1 import api
from sizao.web.cap import views as cap

admin.site.site_header = "四早 Sizao 管理"
admin.site.site_title = "四早管理"
admin.site.index_title = "单位、账号与登记"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("cap/feed.xml", cap.feed, name="cap-feed"),
    path("stream/", include("sizao.web.live.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", health.prometheus, name="metrics"),
    path("open311/", include("sizao.web.reports.open311.urls")),
    path("", include("sizao.web.reports.urls")),
    path("", include("sizao.web.hazards.urls")),
    path("", include("sizao.web.calls.urls")),
    path("", include("sizao.web.listings.urls")),
    path("", include("sizao.web.roster.urls")),
    path("", include("sizao.web.handover.urls")),
    path("", include("sizao.web.briefing.urls")),
    path("", include("sizao.web.imports.urls")),
    path("", include("sizao.web.risk.urls")),
    path("", include("sizao.web.forecast.urls")),
    path("", include("sizao.web.enterprises.urls")),
    path("", include("sizao.web.treatments.urls")),
    path("", include("sizao.web.calendar.urls")),
    path("", include("sizao.web.plan.urls")),
    path("", include("sizao.web.junctions.urls")),
    path("", include("sizao.web.basis.urls")),
    path("", include("sizao.web.hotlist.urls")),
    path("", include("sizao.web.rules.urls")),
    path("", include("sizao.web.fences.urls")),
    path("", include("sizao.web.response.urls")),
    path("", include("sizao.web.tables.urls")),
    path("", include("sizao.web.places.urls")),
    path("", include("sizao.web.drills.urls")),
    path("", include("sizao.web.outcomes.urls")),
    path("", include("sizao.web.review.urls")),
    path("", include("sizao.web.channels.urls")),
    path("", include("sizao.web.storm.urls")),
    path("", include("sizao.web.measures.urls")),
    path("", include("sizao.web.field.urls")),
    path("", include("sizao.web.pages.urls")),
]
