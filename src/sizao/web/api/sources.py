"""``GET /sources``: every source with its contract and what it sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema
from ninja.errors import HttpError

from sizao.core.sources import HOUR_S, Promise
from sizao.log.source_figures import SHARES, Figures
from sizao.web.api.shapes import ErrorOut
from sizao.web.clock import feed_now
from sizao.web.sources import access, services

router = Router()


class PromiseOut(Schema):
    topic: str
    interval_s: float | None
    per: str
    per_hour: float | None
    complete: float | None
    max_delay_s: float | None
    silence_s: float | None


class FiguresOut(Schema):
    received: int
    accepted: dict[str, int] = Field(description="By topic")
    quarantined: dict[str, int] = Field(description="By reason")
    delay_p50_s: float | None
    delay_p95_s: float | None
    delay_p99_s: float | None
    expected: float | None
    completeness: float | None = Field(description="Accepted of expected; null is unknown")


class HourOut(FiguresOut):
    hour: datetime


class SourceOut(Schema):
    id: str
    kind: str
    name: str | None
    name_en: str | None
    owner: dict[str, str] | None
    state: str = Field(
        description="ok, silent, poor, never (first record overdue), waiting, off, unregistered"
    )
    missed: list[str] = Field(description="Promises the last 24 hours did not keep")
    last: datetime | None
    silent_since: datetime | None
    contract: list[PromiseOut]
    day: FiguresOut = Field(description="The last 24 hours")
    hours: list[HourOut] = Field(description="Empty unless asked for with hours=N")


class SourcePage(Schema):
    items: list[SourceOut]
    count: int


@router.get(
    "/sources",
    response={200: SourcePage, 401: ErrorOut, 403: ErrorOut},
    summary="Data sources, most pressing first",
)
def sources(request: HttpRequest, state: str = "", kind: str = "", hours: int = 0):
    """``state`` and ``kind`` narrow the list; ``hours`` (at most 48) adds figures by hour of
    receipt. For desks, leaders, auditor and administrator."""
    if not access.may_see(request.auth):
        raise HttpError(403, "")
    rows = [
        row
        for row in services.source_rows()
        if (not state or row.state in state.split(","))
        and (not kind or row.kind in kind.split(","))
    ]
    first = int(feed_now().timestamp()) // HOUR_S - min(max(hours, 0), services.HOURS) + 1
    return {"items": [_out(row, first) for row in rows], "count": len(rows)}


def _out(row: services.SourceRow, first: int) -> dict[str, Any]:
    entry = row.entry
    return {
        "id": row.id,
        "kind": row.kind,
        "name": entry.name_zh if entry else None,
        "name_en": entry.name_en if entry else None,
        "owner": vars(entry.owner) if entry else None,
        "state": row.state,
        "missed": row.missed,
        "last": row.last,
        "silent_since": min((event.started for event in row.events), default=None),
        "contract": [_promise(one) for one in (entry.contract if entry else ())],
        "day": _figures(row.day),
        "hours": [
            {"hour": _EPOCH + timedelta(hours=at), **_figures(one)}
            for at, one in sorted(row.hours.items())
            if at >= first
        ],
    }


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _promise(one: Promise) -> dict[str, Any]:
    return {name: getattr(one, name) for name in PromiseOut.model_fields}


def _figures(one: Figures) -> dict[str, Any]:
    p50, p95, p99 = (one.delay(share) for share in SHARES)
    share = one.completeness
    return {
        "received": one.received,
        "accepted": dict(one.accepted),
        "quarantined": dict(one.quarantined),
        "delay_p50_s": p50,
        "delay_p95_s": p95,
        "delay_p99_s": p99,
        "expected": one.expected,
        "completeness": None if share is None else round(share, 4),
    }
