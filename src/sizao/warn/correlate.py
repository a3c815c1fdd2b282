"""Correlation in space and time: what has one cause is one event.

Two items are linked when they are of one kind, near in time and near in place. Events are the
connected parts of that relation, so a fog bank told by ten stations, each near the next, is one
event although its ends lie far apart. The result is a function of the *set* of items: neither
their order nor a second delivery of one changes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sizao.core.levels import WarningLevel
from sizao.warn.nearness import Spot, outline, section, together


@dataclass(frozen=True)
class Item:
    """A graded detection or fact."""

    id: str
    kind: str
    level: WarningLevel
    start_s: float
    end_s: float
    spot: Spot
    merge_s: float
    """Two items are near in time if the gap between them is at most the longer window."""
    gather_m: float
    """Two items are near in place if they lie within the longer distance."""
    vehicle: str = ""
    case: str = ""
    """Number of the case it is counted to, if any."""


@dataclass(frozen=True)
class Event:
    """What has one cause."""

    kind: str
    level: WarningLevel
    """The worst of its items."""
    start_s: float
    end_s: float
    items: tuple[str, ...]
    """Ids, by time."""
    vehicles: tuple[str, ...]
    cases: tuple[str, ...]
    sections: tuple[tuple[str, float, float], ...]
    """Road, first and last stake in metres."""
    outline: dict[str, object] | None
    """GeoJSON polygon round everything that has a position."""


def linked(one: Item, other: Item) -> bool:
    """Whether two items are directly of one event."""
    if one.kind != other.kind:
        return False
    gap = max(one.start_s, other.start_s) - min(one.end_s, other.end_s)
    if gap > max(one.merge_s, other.merge_s):
        return False
    if one.vehicle and one.vehicle == other.vehicle:
        return True
    return together(one.spot, other.spot, max(one.gather_m, other.gather_m))


def gather(items: Iterable[Item], margin_m: float = 500.0) -> tuple[Event, ...]:
    """The events of a set of items, the worst first, then the latest.

    Of several items with one id the one that ends last counts (a later revision). Quadratic within
    a kind: it is for what is open, which is tens.
    """
    newest: dict[str, Item] = {}
    for item in items:
        known = newest.get(item.id)
        if known is None or _rank(item) > _rank(known):
            newest[item.id] = item
    ordered = sorted(newest.values(), key=lambda item: (item.start_s, item.id))
    group = list(range(len(ordered)))

    def root(index: int) -> int:
        while group[index] != index:
            group[index] = group[group[index]]
            index = group[index]
        return index

    for later in range(len(ordered)):
        for earlier in range(later):
            if linked(ordered[earlier], ordered[later]):
                group[root(later)] = root(earlier)
    members: dict[int, list[Item]] = {}
    for index, item in enumerate(ordered):
        members.setdefault(root(index), []).append(item)
    events = [_event(found, margin_m) for found in members.values()]
    return tuple(sorted(events, key=lambda event: (-event.level, -event.end_s, event.items)))


def chained(items: Iterable[Item]) -> list[Item]:
    """The items in an order in which each, unless it begins an event, is linked to one before it.

    Delivered so, what came together is never taken for two events that a third joins later.
    """
    waiting = sorted(items, key=lambda item: (item.start_s, item.id, repr(item)))
    found: list[Item] = []
    while waiting:
        reached = [waiting.pop(0)]
        for item in reached:
            found.append(item)
            near = [other for other in waiting if linked(item, other)]
            waiting = [other for other in waiting if other not in near]
            reached += near
    return found


def _rank(item: Item) -> tuple[float, int, float, str]:
    """A total order: equal ends must not leave the choice to the order of arrival."""
    return item.end_s, int(item.level), item.start_s, repr(item)


def _event(found: list[Item], margin_m: float) -> Event:
    spots = [item.spot for item in found]
    return Event(
        kind=found[0].kind,
        level=max(item.level for item in found),
        start_s=min(item.start_s for item in found),
        end_s=max(item.end_s for item in found),
        items=tuple(item.id for item in found),
        vehicles=tuple(sorted({item.vehicle for item in found if item.vehicle})),
        cases=tuple(sorted({item.case for item in found if item.case})),
        sections=section(spots),
        outline=outline(spots, margin_m),
    )
