"""Who was inside a polygon between two moments: the question that sees everybody.

It is answered to operators and leaders, about their own territory, for at most two hours, with a
purpose and a case; asked and answered are both in the audit log, the vehicles shown among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sizao.core.errors import AreaError, ConfigError
from sizao.web import audit
from sizao.web.fleet.grants import Ground
from sizao.web.geo import metres_between
from sizao.web.live.board import scope_of
from sizao.web.ports import ports
from sizao.web.units.models import User
from sizao.web.units.territory import territory
from sizao.web.writing import write

LONGEST = timedelta(hours=2)
SHOWN = 200
EXPORTED = 5_000
"""A file may hold more than a page; each vehicle in it stands in the audit log."""

CORNERS = 100
STEP_M = 500.0
"""How far apart the places are at which an edge is held against the territory."""

Ring = list[tuple[float, float]]


class NotYours(ConfigError):
    """A part of the polygon lies outside the asking unit's territory."""


class NoSpan(ConfigError):
    """The minutes asked for cannot be. ``code``: ``missing``, ``order``, ``long``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class NoArchive(ConfigError):
    """No track archive is kept here, so nobody knows."""


@dataclass(frozen=True)
class Answer:
    """Rows of ``runtime.archive.presence.PRESENCE``, the first of them, and how many there are."""

    rows: list[dict[str, Any]]
    count: int


def may_ask(user: User) -> bool:
    """Operators and leaders with a unit; officers ask their desk, auditors check who asked."""
    return user.role in (User.Role.OPERATOR, User.Role.LEADER) and bool(user.path)


def who_was_there(
    user: User,
    ring: Ring,
    start: datetime,
    end: datetime,
    ground: Ground,
    *,
    most: int = SHOWN,
) -> Answer:
    """Vehicles inside ``ring`` (lon, lat corners) in ``start <= t < end``, at most ``most``.

    ``ground`` comes from ``grants.ground_of``. Raises PermissionError for a role that may not
    ask, NotYours outside its territory, NoSpan and AreaError for an unfit span or polygon,
    NoArchive where no tracks are kept.
    """
    if not may_ask(user):
        raise PermissionError("this role may not ask who was there")
    if not start < end:
        raise NoSpan("order", "start must be before end")
    if end - start > LONGEST:
        raise NoSpan("long", "at most two hours are asked at once")
    if len(ring) < 3 or len(ring) > CORNERS:
        raise AreaError("corners", f"a polygon has 3 to {CORNERS} corners, not {len(ring)}")
    if not _own(user, ring):
        raise NotYours("a part of the polygon lies outside your territory")
    presence = ports().presence
    if presence is None:
        raise NoArchive("no track archive is kept here")
    about = {
        "ring": ring, "start": start.isoformat(), "end": end.isoformat(),
        "purpose": ground.purpose, "case": ground.case,
    }  # fmt: skip
    with write():
        audit.record(user, "presence.ask", "case", ground.case, about)
    rows = presence.inside(ring, start, end)
    shown = rows[:most]
    with write():
        audit.record(
            user, "presence.answer", "case", ground.case,
            {**about, "count": len(rows), "vehicles": [row["vehicle"] for row in shown]},
        )  # fmt: skip
    return Answer(shown, len(rows))


def _own(user: User, ring: Ring) -> bool:
    scope = scope_of(user)
    if scope.everything:
        return True
    centre = [sum(corner[axis] for corner in ring) / max(len(ring), 1) for axis in (0, 1)]
    return all(
        territory().squadron("", "", lat, lon).pk in scope.units
        for lon, lat in (*_outline(ring), centre)
    )


def _outline(ring: Ring) -> Iterator[tuple[float, float]]:
    """Places along the edges: corners alone let an edge run through a neighbour's streets."""
    for (lon, lat), (to_lon, to_lat) in zip(ring, [*ring[1:], ring[0]], strict=True):
        steps = max(1, min(200, int(metres_between(lat, lon, to_lat, to_lon) // STEP_M)))
        for step in range(steps):
            yield lon + (to_lon - lon) * step / steps, lat + (to_lat - lat) * step / steps
