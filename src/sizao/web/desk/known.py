"""Open warnings as merging and correlation see them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from sizao.core.levels import WarningLevel
from sizao.respond.records import OPEN
from sizao.warn import merge
from sizao.warn.nearness import Spot
from sizao.web.warnings.models import Warning

OPEN_STATES = [state.value for state in OPEN]


def spot_of(row: Any) -> Spot:
    """Where a warning, repeat or fact is; a repeat has no area of its own."""
    return Spot(row.lat, row.lon, row.road, row.stake_m, getattr(row, "area", ""))


def open_rows(kinds: Iterable[str]) -> QuerySet[Warning]:
    """Warnings of these kinds whose case is open."""
    rows = Warning.objects.filter(kind__in=list(kinds), case__state__in=OPEN_STATES)
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
