"""Which units to send: the available ones by travel time, each with the reason in words.

Travel times come in as numbers (``roads.routing`` computes them); this file only ranks. A person
decides: the list is a proposal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

AVAILABLE = "available"

_STATES = {
    AVAILABLE: ("待命", "available"),
    "assigned": ("已有任务", "has a task"),
    "on_scene": ("正在现场", "on scene"),
    "off_duty": ("未在岗", "off duty"),
}


@dataclass(frozen=True)
class Candidate:
    """A unit that could go."""

    id: str
    call_sign: str
    state: str
    """available, assigned, on_scene or off_duty."""
    seconds: float | None
    """Travel time to the place by road; None if there is no way or no position."""
    metres: float | None = None
    own_area: bool = True
    """The place lies in the area of the unit's own squadron or brigade."""
    position_age_s: float | None = None
    """Age of the position that the travel time starts from; None is a fixed post."""


@dataclass(frozen=True)
class Proposal:
    """A ranked unit. ``rank`` is 1 for the best and None for one that cannot go now."""

    candidate: Candidate
    rank: int | None
    zh: str
    en: str


OLD_POSITION_S = 300.0
"""From this age on, the reason says that the position is old (project default)."""


def propose(candidates: Iterable[Candidate], *, limit: int = 5) -> tuple[Proposal, ...]:
    """Up to ``limit`` units that can go, nearest in time first, then those that cannot, why.

    Ties go to the unit of the own area, then the shorter way, then the id, so that the same
    facts always give the same list.
    """
    everyone = list(candidates)
    able = sorted((one for one in everyone if _reachable(one)), key=_order)[: max(limit, 0)]
    unable = sorted(
        (one for one in everyone if not _reachable(one)), key=lambda one: (one.call_sign, one.id)
    )
    ranked = [Proposal(one, rank, *_words(one)) for rank, one in enumerate(able, start=1)]
    return (*ranked, *(Proposal(one, None, *_words(one)) for one in unable))


def _reachable(one: Candidate) -> bool:
    return one.state == AVAILABLE and one.seconds is not None and math.isfinite(one.seconds)


def _order(one: Candidate) -> tuple[float, bool, float, str]:
    assert one.seconds is not None
    return (one.seconds, not one.own_area, math.inf if one.metres is None else one.metres, one.id)


def _words(one: Candidate) -> tuple[str, str]:
    zh, en = _STATES.get(one.state, (one.state, one.state))
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
    return zh, en
