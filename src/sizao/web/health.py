"""/healthz and /metrics: how every part is, for a watchdog and for Prometheus."""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from sizao.core.levels import WarningLevel
from sizao.log.datadir import read_status
from sizao.web import metrics
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.forecast.services import Condition, condition
from sizao.web.heartbeats import part_states
from sizao.web.ports import ports
from sizao.web.sources.gauges import source_gauges


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while all parts run, else 503; ``parts`` says which does not.

    ``forecast`` says how the risk forecast is. A stale one is for people to look into and no
    reason to start a part again, so it does not change the status.
    """
    parts = part_states(time.time())
    ok = all(part["status"] == "ok" for part in parts.values())
    response = JsonResponse(
        {
            "status": "ok" if ok else "degraded",
            "parts": parts,
            "forecast": _forecast(condition()),
        },
        status=200 if ok else 503,
        headers={"Cache-Control": "no-store"},
    )
    response._has_been_logged = True  # a watchdog asks every second; the answer says it all
    return response


def _forecast(found: Condition) -> dict[str, Any]:
    told: dict[str, Any] = {"status": found.state}
    if found.last is not None:
        told["last"] = found.last.isoformat()
    if found.stale_since is not None:
        told["stale_since"] = found.stale_since.isoformat()
    if found.error:
        told["error"] = found.error
    return told


@login_not_required
@require_safe
def prometheus(request: HttpRequest) -> HttpResponse:
    """Counts only, nothing about vehicles or people."""
    own = CollectorRegistry()
    up = Gauge("sizao_part_up", "1 while the part's heartbeat is fresh.", ["part"], registry=own)
    values = Gauge(
        "sizao_part", "Numbers that the parts publish.", ["part", "counter"], registry=own
    )
    now_s = time.time()
    for part, state in part_states(now_s).items():
        up.labels(part).set(state["status"] == "ok")
        status = read_status(ports().data, part)
        for name, value in _numbers((status or {}).get("counters", {})):
            values.labels(part, name).set(value)
    cases = Gauge("sizao_open_cases", "Cases not yet closed.", ["level"], registry=own)
    counts = dict(Case.objects.open().order_by().values_list("level").annotate(number=Count("pk")))
    for level in WarningLevel:
        cases.labels(level.code).set(counts.get(level.value, 0))
    source_gauges(own)
    forecast = condition()
    Gauge("sizao_forecast_bad", "1 while the risk forecast is stale or failed.", registry=own).set(
        forecast.bad
    )
    if forecast.last is not None:
        Gauge("sizao_forecast_age_seconds", "Feed time since it was made.", registry=own).set(
            (feed_now() - forecast.last).total_seconds()
        )
    return HttpResponse(
        generate_latest(metrics.registry) + generate_latest(own),
        content_type=CONTENT_TYPE_LATEST,
    )


def _numbers(counters: dict[str, Any], prefix: str = ""):
    """Every number in nested counters, with a dotted name."""
    for name, value in counters.items():
        if isinstance(value, dict):
            yield from _numbers(value, f"{prefix}{name}.")
        elif isinstance(value, bool | int | float):
            yield f"{prefix}{name}", float(value)
