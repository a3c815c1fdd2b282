"""The inbox in storm mode: its groups as rows, and signing one of them."""

from __future__ import annotations

from dataclasses import dataclass

from sizao.core.levels import WarningLevel
from sizao.respond.grouping import Group
from sizao.respond.steps import STEPS
from sizao.respond.storm import limits
from sizao.web.pages import words
from sizao.web.storm import services
from sizao.web.storm.models import Spell
from sizao.web.units.models import User

SHOWN = 60
"""Groups on the page; a few more than the rule book allows, should the city be very large. The rest
are the least urgent; their number is said."""


@dataclass(frozen=True)
class Row:
    """A group as a line."""

    group: Group
    word: str
    level: str
    places: int
    deadline_s: float | None
    start_s: float
    can_sign: bool


def shown(user: User, spell: Spell) -> dict[str, object]:
    """What the storm's part of the inbox needs."""
    cell_m, every = services.groups(user)
    may_sign = user.acts and user.role in STEPS["sign"].roles
    rows = [_row(one, may_sign) for one in every[:SHOWN]]
    people = max(1, spell.operators)
    return {
        "storm": spell,
        "groups": rows,
        "group_count": len(every),
        "cell_m": round(cell_m),
        "cell_km": round(cell_m / 1000),
        "groups_shown": SHOWN,
        "each_unsigned": round(spell.unsigned / people),
        "each_arrived": round(spell.arrived / people),
        "window_min": round(limits().window_s / 60),
        "calm_min": round(limits().calm_s / 60),
        "leave_unsigned": round(limits().leave_unsigned),
        "leave_arrived": round(limits().leave_arrived),
    }


def _row(one: Group, may_sign: bool) -> Row:
    first = one.deadline
    return Row(
        group=one,
        word=words.kind_word(one.kind),
        level=WarningLevel(one.level).code,
        places=len({item.place for item in one.items}),
        deadline_s=first.deadline_s if first else None,
        start_s=first.raised_s if first else one.newest_s,
        can_sign=may_sign and one.unsigned > 0,
    )


def members(user: User, name: str) -> list[int]:
    """The cases of a group, named ``CELL-KEY`` as in its link; none if it is gone."""
    cell_m, _dash, key = name.partition("-")
    found = services.group_of(user, key, number(cell_m))
    return [] if found is None else [item.id for item in found.items]


def number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
