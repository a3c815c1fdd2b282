"""Which detections a user sees, newest first: one place for the page, the API and the export."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sizao.core.levels import WarningLevel
from sizao.web.basis.record import CORRECTED, WITHDRAWN
from sizao.web.desk.detections import detections as window
from sizao.web.fleet.access import Sight
from sizao.web.live.board import Scope, scope_of
from sizao.web.ports import ports
from sizao.web.units.models import Unit, User
from sizao.web.units.territory import territory
from sizao.web.warnings.models import Warning

Row = dict[str, Any]


def select(
    user: User,
    sight: Sight,
    *,
    since: datetime | None = None,
    before: datetime | None = None,
    kinds: frozenset[str] = frozenset(),
    levels: tuple[WarningLevel, ...] = (),
    vehicle: str = "",
    road: str = "",
    unit: Unit | None = None,
    changed: str = "",
) -> Iterator[Row]:
    """The last revision of each, schema DETECTION, the most recently changed first.

    since, before : by time fired
    levels : of the warning it led to
    unit : responsible for the place
    changed : ``corrected`` or ``withdrawn`` by later data, see ``change_of``
    """
    scope = scope_of(user)
    narrower = scope_below(unit) if unit is not None else None
    graded = set(levels_of(user, levels)) if levels else None
    for row in window(ports().detections).newest():
        if (
            (since and row["fired"] < since)
            or (before and row["fired"] >= before)
            or (kinds and row["rule"] not in kinds)
            or (vehicle and row["vehicle"] != vehicle)
            or (changed and change_of(row) != changed)
            or (road and (row["road"] or "").upper() != road.upper())
            or (graded is not None and row["id"] not in graded)
            or not may_see(row, scope, sight)
            or (narrower is not None and not _placed(row, narrower))
        ):
            continue
        yield row


def change_of(row: Row) -> str:
    """What later data did to a detection: ``withdrawn``, ``corrected``, or nothing."""
    if row["severity"] == WITHDRAWN:
        return WITHDRAWN
    return CORRECTED if CORRECTED in (row["quality"] or "").split(",") else ""


def find(user: User, sight: Sight, detection: str) -> Row | None:
    """One detection; None if there is none or the user may not see it, which look the same."""
    row = window(ports().detections).get(detection)
    return row if row is not None and may_see(row, scope_of(user), sight) else None


def before_change(row: Row) -> Row | None:
    """What it was before later data changed it last, as far as that is still in memory."""
    return window(ports().detections).before(row["id"])


def as_it_was(row: Row) -> Row:
    """A withdrawn detection with the severity that it had: its last revision repeats the other
    values. Others as they are."""
    if change_of(row) != WITHDRAWN or (before := before_change(row)) is None:
        return row
    return {**row, "severity": before["severity"]}


def levels_of(user: User, levels: tuple[WarningLevel, ...] = ()) -> dict[str, int]:
    """Detection to the level of the warning it led to, of those the user sees."""
    found = Warning.objects.for_user(user).order_by()
    if levels:
        found = found.filter(level__in=[level.value for level in levels])
    return dict(found.values_list("detection", "level"))


def may_see(row: Row, scope: Scope, sight: Sight) -> bool:
    """Its place lies in the user's area, or the vehicle is that of one of the user's cases."""
    return _placed(row, scope) or row["vehicle"] in sight.cases


def scope_below(unit: Unit) -> Scope:
    """Places of a unit and those under it."""
    return Scope(
        unit.parent_id is None,
        frozenset(Unit.objects.filter(path__startswith=unit.path).values_list("pk", flat=True)),
    )


def _placed(row: Row, scope: Scope) -> bool:
    if scope.everything:
        return True
    if not scope.units:
        return False
    squadron = territory().squadron(
        row["area"] or "", row["road_class"] or "", row["lat"], row["lon"]
    )
    return squadron.pk in scope.units
