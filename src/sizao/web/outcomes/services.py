"""Warnings and incidents out of the database, for ``warn.outcomes``; reads only.

Incidents are the crashes of the imported register. Where it does not reach yet, cases of crashes
that somebody verified stand in for it, so that nothing is counted twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Min, Q, QuerySet
from django.utils import timezone

from sizao.core.clock import SHANGHAI
from sizao.govern.statistics import median, median_interval, wilson
from sizao.respond.records import State
from sizao.warn.nearness import Spot
from sizao.warn.outcomes import Incident, Tally, Warned, verify
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.desk.known import spot_of
from sizao.web.imports.models import Crash
from sizao.web.tables.books import edition
from sizao.web.units.models import Unit, User
from sizao.web.warnings.models import Warning

ORIGINS = ("forecast", "weather")
MONTHS = 12
REACH_M = {"crash_risk": 2_000.0}
"""What is warned of for a stretch; other kinds reach as far as their table gathers them."""
WIDE_M = 10_000.0
AFTER = timedelta(hours=2)
"""A reading speaks for the time until the next ones, and a little longer."""

CRASHES = ("crash", "report_crash")
_BY_WEATHER = {"fog": "low_visibility", "rain": "rain", "snow": "snow", "wind": "wind"}
_BY_SURFACE = {"ice": "road_ice"}
_ENDED = (State.RESOLVED, State.DISMISSED, State.VERIFIED)


@dataclass(frozen=True)
class Line:
    """One kind and month (empty: all months), with shares and their 95 % intervals."""

    kind: str
    month: str
    tally: Tally
    detected: float | None
    detected_range: tuple[float, float] | None
    false_share: float | None
    false_range: tuple[float, float] | None
    lead_min: float | None
    lead_range: tuple[float, float] | None


@dataclass(frozen=True)
class Outcomes:
    """Everything the page shows."""

    since: datetime | None
    """Incidents count from the first warning on: before it nobody was warned."""
    known_until: datetime | None
    """The crash register reaches so far."""
    totals: list[Line]
    lines: list[Line]


def outcomes(user: User) -> Outcomes:
    """The last twelve months, of what a user may see."""
    first = feed_now() - timedelta(days=31 * MONTHS)
    warnings = Warning.objects.for_user(user).filter(origin__in=ORIGINS, issued__gte=first)
    began = warnings.aggregate(at=Min("issued"))["at"]
    known_until = Crash.objects.aggregate(at=Max("time"))["at"]
    if began is None:
        return Outcomes(None, known_until, [], [])
    found = verify(
        list(_warned(warnings)),
        list(incidents(user, began, known_until)),
        known_until.timestamp() if known_until else 0.0,
        _month,
    )
    lines = [_line(kind, month, tally) for (kind, month), tally in found.items()]
    lines.sort(key=lambda line: (line.month, line.kind), reverse=True)
    totals: dict[str, Tally] = {}
    for line in lines:
        totals[line.kind] = _added(totals.get(line.kind, Tally()), line.tally)
    return Outcomes(
        began,
        known_until,
        [_line(kind, "", total) for kind, total in sorted(totals.items())],
        lines,
    )


def _warned(warnings: QuerySet[Warning]) -> Iterator[Warned]:
    rows = warnings.select_related("case").prefetch_related("repeats")
    table = edition("places", timezone.localtime(feed_now()).date()).table()
    for one in rows:
        last = max([one.last, *(again.at for again in one.repeats.all())])
        until = one.until or last + AFTER
        yield Warned(
            id=one.pk,
            kind=one.kind,
            issued_s=one.issued.timestamp(),
            from_s=one.onset.timestamp(),
            until_s=until.timestamp(),
            spot=spot_of(one),
            reach_m=REACH_M.get(one.kind) or table.reach(one.kind)[0] or WIDE_M,
            event=one.case.number,
            verdict=_verdict(one.case, one.origin),
        )


def _verdict(case: Case, origin: str) -> bool | None:
    """What people said. That a forecast's case was closed says nothing about the forecast."""
    if case.state not in _ENDED:
        return None
    if case.state == State.DISMISSED or case.machine.get("false_alarm"):
        return False
    return True if origin == "weather" and case.state == State.VERIFIED else None


def incidents(
    user: User, since: datetime, known_until: datetime | None, until: datetime | None = None
) -> Iterator[Incident]:
    """What happened ``since <= time < until``, of what a user may see: one of each kind it shows.

    known_until : how far the register of crashes reaches; after it verified cases stand in
    """
    crashes = Crash.objects.filter(time__gte=since, hour_known=True)
    if until is not None:
        crashes = crashes.filter(time__lt=until)
    if not user.sees_all:
        areas = Unit.objects.filter(path__startswith=user.path).values_list("area", flat=True)
        crashes = crashes.filter(area__in=[area for area in areas if area])
    for crash in crashes.iterator(chunk_size=2000):
        kinds = {"crash_risk", _BY_WEATHER.get(crash.weather), _BY_SURFACE.get(crash.surface)}
        for kind in sorted(kind for kind in kinds if kind):
            yield Incident(
                f"{crash.pk}:{kind}", kind, crash.time.timestamp(),
                Spot(crash.lat, crash.lon, crash.road, crash.stake_m, crash.area),
            )  # fmt: skip
    later = Q(onset_at__gt=known_until) if known_until else Q()
    cases = Case.objects.for_user(user).filter(
        later, kind__in=CRASHES, state=State.VERIFIED, onset_at__gte=since
    )
    if until is not None:
        cases = cases.filter(onset_at__lt=until)
    for case in cases:
        if not case.machine.get("false_alarm"):
            spot = Spot(case.lat, case.lon, case.road, None, case.area)
            yield Incident(f"case:{case.pk}", "crash_risk", case.onset_at.timestamp(), spot)


def _month(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s, SHANGHAI):%Y-%m}"


def _line(kind: str, month: str, tally: Tally) -> Line:
    lead = [seconds / 60 for seconds in tally.lead_s]
    return Line(
        kind,
        month,
        tally,
        tally.covered / tally.incidents if tally.incidents else None,
        wilson(tally.covered, tally.incidents),
        tally.false_alarms / tally.decided if tally.decided else None,
        wilson(tally.false_alarms, tally.decided),
        median(lead),
        median_interval(lead),
    )


def _added(one: Tally, other: Tally) -> Tally:
    return Tally(
        one.hits + other.hits,
        one.false_alarms + other.false_alarms,
        one.pending + other.pending,
        one.covered + other.covered,
        one.missed + other.missed,
        one.late + other.late,
        [*one.lead_s, *other.lead_s],
    )
