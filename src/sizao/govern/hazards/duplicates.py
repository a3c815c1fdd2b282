"""Which hazards may be the same: of a kind and near, or at the same junction or enterprise.

A person decides. The reasons are given, so that they can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sizao.govern.hazards.kinds import kinds


@dataclass(frozen=True)
class Spot:
    """What is compared of a hazard. ``lat`` and ``lon`` may be None."""

    number: str
    kind: str
    lat: float | None = None
    lon: float | None = None
    junction: str = ""
    enterprise: str = ""


@dataclass(frozen=True)
class Likeness:
    """Why one may be the same: metres (None without coordinates), junction, enterprise."""

    number: str
    metres: float | None
    same_kind: bool
    same_junction: bool
    same_enterprise: bool

    @property
    def strength(self) -> float:
        """For the order: more reasons first, then the nearer."""
        reasons = 2 * self.same_kind + 2 * self.same_enterprise + self.same_junction
        return reasons - (0.0 if self.metres is None else min(self.metres, 999.0) / 1000)


def likely(
    new: Spot,
    others: Iterable[Spot],
    metres: Callable[[Spot, Spot], float],
    most: int = 5,
) -> list[Likeness]:
    """The most likely ones, the surest first.

    The same: one kind within the kind's distance, one kind at one junction, or one kind at one
    enterprise. Different kinds are different hazards, wherever they are.
    """
    found = []
    kind = kinds().get(new.kind)
    reach = kind.near_m if kind else 0.0
    for one in others:
        if one.number == new.number or one.kind != new.kind:
            continue
        placed = None not in (new.lat, new.lon, one.lat, one.lon)
        away = metres(new, one) if placed else None
        like = Likeness(
            one.number,
            away,
            True,
            bool(new.junction) and new.junction == one.junction,
            bool(new.enterprise) and new.enterprise == one.enterprise,
        )
        near = away is not None and away <= reach
        if near or like.same_junction or like.same_enterprise:
            found.append(like)
    return sorted(found, key=lambda like: -like.strength)[:most]
