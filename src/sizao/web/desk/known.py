"""Open warnings as merging and correlation see them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from sizao.core.levels import WarningLevel
from sizao.respond.records import OPEN
from sizao.warn import merge
from sizao.warn.facts import Facts
from sizao.warn.nearness import Spot, together
from sizao.web.cases.projection import moment
from sizao.web.warnings.models import Warning

OPEN_STATES = [state.value for state in OPEN]


def spot_of(row: Any) -> Spot:
    """Where a warning, repeat or fact is; a repeat has no area of its own."""
    return Spot(row.lat, row.lon, row.road, row.stake_m, getattr(row, "area", ""))


def open_rows(kinds: Iterable[str], vehicle: str = "") -> QuerySet[Warning]:
    """Warnings of these kinds whose case is open, of one vehicle or of all."""
    rows = Warning.objects.filter(kind__in=list(kinds), case__state__in=OPEN_STATES)
    if vehicle:
        rows = rows.filter(vehicle=vehicle)
    return rows.prefetch_related("repeats")


def open_warnings(rows: Iterable[Warning]) -> list[merge.OpenWarning]:
    """The rows as ``merge`` takes them."""
    known = []
    for warning in rows:
        repeats = list(warning.repeats.all())
        ends = [warning.last.timestamp(), *(one.at.timestamp() for one in repeats)]
        known.append(
            merge.OpenWarning(
                id=warning.pk,
                case=str(warning.case_id),
                detection=warning.detection or warning.origin_ref,
                vehicle=warning.vehicle,
                kind=warning.kind,
                level=WarningLevel(warning.level),
                last_s=max(ends),
                issued_s=warning.issued.timestamp(),
                repeats=tuple(one.detection for one in repeats),
                # A station that reports each five minutes stands in one place.
                spots=tuple(dict.fromkeys(map(spot_of, (warning, *repeats)))),
            )
        )
    return known


def vehicles_near(facts: Facts, reach_m: float, within_s: float) -> int:
    """Different vehicles that did the same near here within the window, this one included."""
    if reach_m <= 0:
        return 1
    here = Spot(facts.lat, facts.lon, facts.road, facts.stake_m, facts.area)
    since = moment(facts.end_s) - timedelta(seconds=within_s)
    found = {facts.vehicle}
    for warning in open_rows([facts.rule]):
        for one in (warning, *warning.repeats.all()):
            at = one.last if one is warning else one.at
            if at >= since and one.vehicle and together(here, spot_of(one), reach_m):
                found.add(one.vehicle)
    return len(found)
