"""Many cases as few groups: what is of one kind at one place is read, and signed, together.

Grouping is for the eye. It changes no case and no warning: whether two warnings are one is decided
before, where they are merged and correlated (``warn.merge``, ``warn.correlate``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import cos, floor, radians

from sizao.core.ids import content_id

DEGREE_M = 111_320.0


@dataclass(frozen=True)
class Item:
    """What of a case grouping asks for."""

    id: int
    kind: str
    level: int
    """Larger is worse."""
    unsigned: bool
    raised_s: float
    deadline_s: float | None
    place: str
    road: str = ""
    area: str = ""
    lat: float | None = None
    lon: float | None = None


@dataclass
class Group:
    """Cases of one kind at one place, the worst of them first."""

    key: str
    kind: str
    items: list[Item] = field(default_factory=list)

    @property
    def worst(self) -> Item:
        return self.items[0]

    @property
    def level(self) -> int:
        return self.items[0].level

    @property
    def unsigned(self) -> int:
        return sum(item.unsigned for item in self.items)

    @property
    def newest_s(self) -> float:
        return max(item.raised_s for item in self.items)

    @property
    def deadline(self) -> Item | None:
        """The item whose deadline comes first."""
        timed = [item for item in self.items if item.deadline_s is not None]
        return min(timed, key=lambda item: item.deadline_s or 0.0, default=None)

    @property
    def upto(self) -> int:
        """The newest case of the group: what comes later was not seen when it was signed."""
        return max(item.id for item in self.items)


WHOLE = 0.0
"""Instead of a square: a whole road, or a county where the road is not known."""


def cell_of(item: Item, cell_m: float) -> str:
    """The place of an item: its road and a square of ``cell_m`` metres; with ``WHOLE``, its road;
    without coordinates, its county; without a county, its words."""
    if cell_m == WHOLE and item.road:
        return item.road
    if cell_m == WHOLE or item.lat is None or item.lon is None:
        return item.area or item.place
    row = floor(item.lat * DEGREE_M / cell_m)
    # The width of a column is that of its row's southern edge, so that equal cells meet.
    width = DEGREE_M * max(0.01, cos(radians(row * cell_m / DEGREE_M)))
    return f"{item.road}/{row}/{floor(item.lon * width / cell_m)}"


def readable(items: Iterable[Item], cell_m: float, most: int) -> tuple[float, list[Group]]:
    """The groups, in squares as large as it takes to have no more than ``most`` of them.

    Squares begin at ``cell_m`` and double twice; after that it is whole roads and counties, which
    say more to a person than squares a day's drive across. Returns the size and the groups.
    """
    known = list(items)
    for size in (cell_m, 2 * cell_m, 4 * cell_m):
        found = group(known, size)
        if len(found) <= most:
            return size, found
    return WHOLE, group(known, WHOLE)


def group(items: Iterable[Item], cell_m: float) -> list[Group]:
    """The groups, what needs a person first: with something unsigned, then the worst level, then
    the most unsigned, then the nearest deadline. Every item is in exactly one."""
    found: dict[tuple[str, str], Group] = {}
    for item in items:
        place = (item.kind, cell_of(item, cell_m))
        if place not in found:
            found[place] = Group(content_id("group", round(cell_m), *place)[:16], item.kind)
        found[place].items.append(item)
    for one in found.values():
        one.items.sort(key=lambda item: (not item.unsigned, -item.level, -item.raised_s))
    return sorted(found.values(), key=_urgency)


def _urgency(one: Group) -> tuple[bool, int, int, float, str]:
    first = one.deadline
    deadline = first.deadline_s if first and first.deadline_s is not None else float("inf")
    unsigned = one.unsigned
    return (unsigned == 0, -one.level, -unsigned, deadline, one.key)
