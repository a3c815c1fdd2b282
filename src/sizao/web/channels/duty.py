"""The duty officer of a unit: whoever the roster has there now, the commander before others.

A notice to the duty officer is not tied to a person. As long as nobody has acknowledged it, a shift
change hands it on; where the roster has nobody, it goes to the next unit above and says so.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sizao.web.roster.services import on_duty
from sizao.web.units.models import Unit, User

ROLE = "duty"


class Found(NamedTuple):
    """Whom the roster has; ``person`` None: nobody, up to the detachment."""

    unit: Unit
    person: User | None
    passed: tuple[Unit, ...]
    """Units without anybody on duty that were passed on the way up."""


def officer(unit: Unit, at: datetime) -> Found:
    """Who is on duty for a unit at a moment."""
    passed: list[Unit] = []
    here: Unit | None = unit
    while here is not None:
        shifts = on_duty(here, at)
        if shifts:
            return Found(here, shifts[0].person, tuple(passed))
        passed.append(here)
        here = here.parent
    return Found(unit, None, tuple(passed))


def is_on_duty(user: User, unit: Unit, at: datetime) -> bool:
    return any(one.person_id == user.pk for one in on_duty(unit, at))


def said(found: Found) -> tuple[str, str]:
    """What the notice says of it; empty if the unit's own officer is there."""
    if not found.passed:
        return "", ""
    names = "、".join(one.name_zh for one in found.passed)
    names_en = ", ".join(one.name_en for one in found.passed)
    if found.person is None:
        return (
            f"值班表上{names}现在都无人值班，请单位任何一人接收。",
            f"The roster has nobody on duty at {names_en}; anybody of the unit acknowledges.",
        )
    return (
        f"值班表上{names}现在无人值班，改报{found.unit.name_zh}值班人员。",
        f"The roster has nobody on duty at {names_en}; it goes to {found.unit.name_en}.",
    )
