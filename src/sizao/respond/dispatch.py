"""Which units to send: the available ones by travel time, each with the reason in words.

Travel times come in as numbers (``roads.routing`` computes them, closures counted); this file only
ranks. A person decides: the list is a proposal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sizao.core.rulebook import entry
from sizao.respond.unit_kinds import KINDS, PATROL

AVAILABLE = "available"

_STATES = {
    AVAILABLE: ("待命", "available"),
    "assigned": ("已有任务", "has a task"),
    "on_scene": ("正在现场", "on scene"),
    "transporting": ("转运中", "transporting"),
    "off_duty": ("未在岗", "off duty"),
    "out_of_service": ("停用", "out of service"),
}


@dataclass(frozen=True)
class Candidate:
    """A unit that could go."""

    id: str
    call_sign: str
    state: str
    """A key of ``unit_kinds.STATES``."""
    seconds: float | None
    """Travel time to the place by road; None if there is no way or no position."""
    metres: float | None = None
    own_area: bool = True
    """The place lies in the area of the unit's own squadron or brigade."""
    position_age_s: float | None = None
    """Age of the position that the travel time starts from; None is a fixed post."""
    kind: str = "patrol_car"
    """A key of ``unit_kinds.KINDS``."""
    skills: frozenset[str] = frozenset({PATROL})
    shift_left_s: float | None = None
    """Until the end of its shift; None if no shift is known, negative if it is over."""


@dataclass(frozen=True)
class Proposal:
    """A ranked unit. ``rank`` is 1 for the best and None for one that cannot go now."""

    candidate: Candidate
    rank: int | None
    zh: str
    en: str
    fits: tuple[str, ...] = ()
    """Wanted skills that it has: a case wants a tow truck, say, beside a patrol."""


OLD_POSITION_S = 300.0
"""From this age on, the reason says that the position is old (project default)."""


def propose(
    candidates: Iterable[Candidate], *, limit: int = 5, wanted: Sequence[str] = ()
) -> tuple[Proposal, ...]:
    """Up to ``limit`` patrols that can go, nearest in time first; for each wanted skill the nearest
    that has it, then other units that are no patrol; then those that cannot go, and why.

    Ties go to the unit of the own area, then the shorter way, then the id, so that the same
    facts always give the same list.
    """
    everyone = list(candidates)
    able = sorted((one for one in everyone if _reachable(one)), key=_order)
    chosen = [one for one in able if PATROL in one.skills][: max(limit, 0)]
    for skill in wanted:
        first = next((one for one in able if skill in one.skills), None)
        if first is not None and first not in chosen:
            chosen.append(first)
    others = [one for one in able if PATROL not in one.skills and one not in chosen]
    chosen += others[: max(limit, 0)]
    unable = sorted(
        (one for one in everyone if not _reachable(one)), key=lambda one: (one.call_sign, one.id)
    )
    ranked = [
        Proposal(one, rank, *_words(one), tuple(skill for skill in wanted if skill in one.skills))
        for rank, one in enumerate(chosen, start=1)
    ]
    return (*ranked, *(Proposal(one, None, *_words(one)) for one in unable))


def missing(proposals: Iterable[Proposal], wanted: Sequence[str]) -> tuple[str, ...]:
    """Wanted skills that no unit that can go has: to be asked of the partners."""
    have = {skill for one in proposals if one.rank is not None for skill in one.fits}
    return tuple(skill for skill in wanted if skill not in have)


def _reachable(one: Candidate) -> bool:
    if one.shift_left_s is not None and one.shift_left_s <= 0:
        return False
    return one.state == AVAILABLE and one.seconds is not None and math.isfinite(one.seconds)


def _order(one: Candidate) -> tuple[float, bool, float, str]:
    assert one.seconds is not None
    return (one.seconds, not one.own_area, math.inf if one.metres is None else one.metres, one.id)


def _words(one: Candidate) -> tuple[str, str]:
    zh, en = _STATES.get(one.state, (one.state, one.state))
    if one.kind in KINDS and one.kind != "patrol_car":
        zh, en = f"{KINDS[one.kind].zh}，{zh}", f"{KINDS[one.kind].en}, {en}"
    if one.seconds is None or not math.isfinite(one.seconds):
        return f"{zh}，无法到达或位置不明", f"{en}, no way there or position unknown"
    minutes = max(1, math.ceil(one.seconds / 60))
    zh, en = f"{zh}，约{minutes}分钟到场", f"{en}, about {minutes} min away"
    if one.metres is not None:
        zh, en = f"{zh}（{one.metres / 1000:.1f}公里）", f"{en} ({one.metres / 1000:.1f} km)"
    if not one.own_area:
        zh, en = f"{zh}，跨辖区", f"{en}, from another area"
    if one.position_age_s is not None and one.position_age_s >= OLD_POSITION_S:
        old = int(one.position_age_s // 60)
        zh, en = f"{zh}，位置为{old}分钟前", f"{en}, position {old} min old"
    if one.shift_left_s is not None and one.shift_left_s <= 0:
        return f"{zh}，班次已结束", f"{en}, shift is over"
    soon_s = float(entry("dispatch.held_up").value("shift_end_min")) * 60
    if one.shift_left_s is not None and one.shift_left_s <= soon_s:
        left = int(one.shift_left_s // 60)
        zh, en = f"{zh}，{left}分钟后下班", f"{en}, shift ends in {left} min"
    return zh, en
