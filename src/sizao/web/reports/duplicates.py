"""Reports and cases that may be the same thing: near in place and time. A person decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sizao.respond.records import OPEN
from sizao.web.cases.models import Case
from sizao.web.geo import metres_between
from sizao.web.reports.models import Report
from sizao.web.units.models import User

SHOWN = 5
CASE_M = 500.0
CASE_H = 6.0
_DEGREE_M = 111_000.0


@dataclass(frozen=True)
class Near:
    """One of them, how far away and how much earlier (positive) or later."""

    thing: Report | Case
    metres: float
    minutes: float


def near_reports(user: User, report: Report) -> list[Near]:
    """Reports of the same kind near in place and time, the nearest first."""
    service = report.about
    if service is None or report.lat is None or report.lon is None:
        return []
    span = timedelta(hours=service.near_h)
    rows = _box(Report.objects.for_user(user), report, service.near_m).filter(
        reported_at__gte=report.reported_at - span, reported_at__lte=report.reported_at + span
    )
    rows = rows.exclude(pk=report.pk).exclude(state__in=["merged", "rejected"])
    same = [one for one in rows if one.about is not None and one.about.kind == service.kind]
    return _nearest(report, same, service.near_m, lambda one: one.reported_at)


def near_cases(user: User, report: Report) -> list[Near]:
    """Open cases near in place and time."""
    if report.lat is None or report.lon is None:
        return []
    span = timedelta(hours=CASE_H)
    rows = _box(Case.objects.for_user(user), report, CASE_M).filter(
        state__in=[state.value for state in OPEN],
        raised_at__gte=report.reported_at - span,
        raised_at__lte=report.reported_at + span,
    )
    return _nearest(report, list(rows), CASE_M, lambda one: one.raised_at)


def _box(rows, report: Report, metres: float):
    """Narrow by a box that the index of the database can use; twice as wide in longitude."""
    by = metres / _DEGREE_M
    return rows.filter(
        lat__gte=report.lat - by, lat__lte=report.lat + by,
        lon__gte=report.lon - 2 * by, lon__lte=report.lon + 2 * by,
    )  # fmt: skip


def _nearest(report: Report, rows, most_m: float, moment) -> list[Near]:
    found = []
    for one in rows:
        metres = float(metres_between(report.lat, report.lon, one.lat, one.lon))
        if metres <= most_m:
            minutes = (report.reported_at - moment(one)).total_seconds() / 60
            found.append(Near(one, metres, minutes))
    return sorted(found, key=lambda near: near.metres)[:SHOWN]
