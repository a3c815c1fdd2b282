"""The event a case belongs to: everything open that has the same cause, by ``warn.correlate``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from sizao.core.levels import WarningLevel
from sizao.core.places import stake
from sizao.core.vehicles import COACHES
from sizao.roads.shapes import inside
from sizao.warn import merge
from sizao.warn.correlate import Event, Item, gather
from sizao.warn.table import Table
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.desk.known import OPEN_STATES, spot_of
from sizao.web.fleet.access import Sight
from sizao.web.live.board import board, scope_of
from sizao.web.pages import words
from sizao.web.ports import installed
from sizao.web.tables.books import edition
from sizao.web.units.models import User
from sizao.web.warnings.models import Warning

MEMBERS = 30
"""Observations listed on a case page, the latest first."""


def event_of(case: Case) -> Event | None:
    """The event that holds the case's warnings; None for a case without warnings.

    Built anew each time out of the rows, so that it is the same whatever came first. Two cases can
    turn out to be one event when what lies between them arrives last: each then names the other.
    """
    own = case.warnings.first()
    if own is None:
        return None
    rows = Warning.objects.filter(kind__in=merge.family(own.kind), case__state__in=OPEN_STATES)
    rows = rows | Warning.objects.filter(case=case)
    found = rows.select_related("case").prefetch_related("repeats").distinct()
    events = gather(items_of(found))
    return next((event for event in events if case.number in event.cases), None)


def items_of(warnings: Iterable[Warning]) -> list[Item]:
    """Warnings with their repeats as items, with the windows of the rows that made them."""
    tables: dict[str, Table] = {}
    items = []
    for one in warnings:
        book = "detections" if one.origin == "detection" else "places"
        table = tables.setdefault(book, edition(book, feed_now().date()).table())
        gather_m, merge_s = table.reach(one.kind)
        row = next((row for row in table.rows if row.id == one.row_id), None)
        window = max(merge_s, row.merge_s if row else 0.0)
        common = (WarningLevel(one.level),)
        reference = one.detection or one.origin_ref
        items.append(
            Item(
                f"{reference}@{one.last.timestamp():.0f}", one.kind, *common,
                one.onset.timestamp(), one.last.timestamp(), spot_of(one), window, gather_m,
                one.vehicle, one.case.number,
            )
        )  # fmt: skip
        for again in one.repeats.all():
            at_s = again.at.timestamp()
            items.append(
                Item(
                    f"{again.detection}@{at_s:.0f}", one.kind, *common, at_s, at_s,
                    spot_of(again), window, gather_m, again.vehicle, one.case.number,
                )
            )  # fmt: skip
    return items


@dataclass(frozen=True)
class Shown:
    """What a case page says of its event."""

    event: Event
    others: list[Case]
    """Other cases of the same event that the reader may see."""
    sections: list[str]
    members: list[dict[str, Any]]
    """The latest first: time, measured value, place, plate where there is a vehicle."""
    vehicles: int
    now_inside: list[tuple[str, int]]
    """Vehicles in the area now, of all kinds first, then those that count most."""
    outline: str
    """GeoJSON of the whole event, or of the area that a notice or a person gave."""


def shown(user: User, case: Case) -> Shown | None:
    """The event of a case, if there is more to say than the case itself says."""
    event = event_of(case)
    if event is None:
        return None
    warnings = list(case.warnings.prefetch_related("repeats"))
    drawn = next((one.outline for one in warnings if one.outline), None)
    numbers = [number for number in event.cases if number != case.number]
    sight = Sight(user)
    rows = [(one.last, one, one.kind) for one in warnings]
    rows += [(again.at, again, one.kind) for one in warnings for again in one.repeats.all()]
    rows.sort(key=lambda row: row[0], reverse=True)
    members = [
        {
            "at": at,
            "measured": _measured(one, warnings),
            "place": stake(one.road, one.stake_m) or getattr(one, "place", ""),
            "plate": sight.plate(one.vehicle, sight.entry(one.vehicle).plate)
            if one.vehicle
            else "",
        }
        for at, one, _kind in rows[:MEMBERS]
    ]
    gathered = len(event.items) > 1 and (not case.vehicle or len(event.vehicles) > 1)
    if not (gathered or drawn or numbers):
        return None
    shape = drawn or (event.outline if gathered else None)
    return Shown(
        event=event,
        others=list(Case.objects.for_user(user).filter(number__in=numbers)),
        sections=[
            stake(road, first) if first == last else f"{stake(road, first)} – {stake(road, last)}"
            for road, first, last in event.sections
        ],
        members=members if gathered else [],
        vehicles=len(event.vehicles),
        now_inside=_now_inside(user, shape) if shape and not case.closed else [],
        outline=json.dumps(shape) if shape else "",
    )


def _now_inside(user: User, shape: Mapping[str, Any]) -> list[tuple[str, int]]:
    """How many vehicles that the reader may see are in an area now: numbers, no plates."""
    if not installed():
        return []
    now = board()
    here = inside(shape, now.lat, now.lon) & now.visible(scope_of(user))
    here &= now.online(int(feed_now().timestamp() * 1_000_000))
    if not here.any():
        return []
    kinds = Counter(
        kind or "other"
        for kind, there in zip(now.batch.column("kind").to_pylist(), here, strict=True)
        if there
    )
    passengers = sum(number for kind, number in kinds.items() if kind in COACHES)
    found = [(_("现有车辆"), int(here.sum())), (_("其中危险货物运输车"), kinds["hazmat"]),
             (_("其中客车、校车"), passengers + kinds["school_bus"])]  # fmt: skip
    return [(name, number) for name, number in found if number]


def _measured(one: Any, warnings: list[Warning]) -> str:
    if one.measured is None:
        return ""
    unit = getattr(one, "measured_unit", "") or warnings[0].measured_unit
    return words.quantity(one.measured, unit)
