"""Who was inside a polygon between two moments: the question that sees everybody.

It is answered to operators and leaders, about their own territory, for at most two hours, with a
purpose and a case; asked and answered are both in the audit log, the vehicles shown among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sizao.core.errors import ConfigError
from sizao.web import audit
from sizao.web.fleet.grants import Ground
from sizao.web.live.board import scope_of
from sizao.web.ports import ports
from sizao.web.units.models import User
from sizao.web.units.territory import territory
from sizao.web.writing import write

LONGEST = timedelta(hours=2)
SHOWN = 200

Ring = list[tuple[float, float]]


class NotYours(ConfigError):
    """A part of the polygon lies outside the asking unit's territory."""


@dataclass(frozen=True)
class Answer:
    """Rows of ``runtime.archive.presence.PRESENCE``, at most ``SHOWN``, and how many there are."""

    rows: list[dict[str, Any]]
    count: int


def may_ask(user: User) -> bool:
    """Operators and leaders with a unit; officers ask their desk, auditors check who asked."""
    return user.role in (User.Role.OPERATOR, User.Role.LEADER) and bool(user.path)


def who_was_there(user: User, ring: Ring, start: datetime, end: datetime, ground: Ground) -> Answer:
    """Vehicles inside ``ring`` (lon, lat corners) in ``start <= t < end``.

    ``ground`` comes from ``grants.ground_of``. Raises PermissionError for a role that may not
    ask, NotYours outside its territory, ConfigError for an unfit span or polygon.
    """
    if not may_ask(user):
        raise PermissionError("this role may not ask who was there")
    if not start < end:
        raise ConfigError("start must be before end")
    if end - start > LONGEST:
        raise ConfigError("at most two hours are asked at once")
    if not _own(user, ring):
        raise NotYours("a part of the polygon lies outside your territory")
    presence = ports().presence
    if presence is None:
        raise ConfigError("no track archive is kept here")
    about = {
        "ring": ring, "start": start.isoformat(), "end": end.isoformat(),
        "purpose": ground.purpose, "case": ground.case,
    }  # fmt: skip
    with write():
        audit.record(user, "presence.ask", "case", ground.case, about)
    rows = presence.inside(ring, start, end)
    shown = rows[:SHOWN]
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
        territory().squadron("", "", lat, lon).pk in scope.units for lon, lat in (*ring, centre)
    )
