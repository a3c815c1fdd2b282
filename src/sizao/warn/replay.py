"""What a table would have raised: the same facts put to two tables, and the difference.

Nothing is issued. Merging works as at the desk, except that no person closes a case: a warning
stays open for its merge window after its last moment.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sizao.core.levels import WarningLevel
from sizao.warn import merge
from sizao.warn.facts import Facts
from sizao.warn.nearness import Spot, together
from sizao.warn.table import Decision, Table, find

DAY_S = 86_400.0
LISTED = 200
"""Warnings of each sort that are listed; all are counted."""


@dataclass(frozen=True)
class Raised:
    """A warning that the table would have issued."""

    detection: str
    kind: str
    origin: str
    level: WarningLevel
    command_level: str
    row_id: str
    at_s: float
    place: str
    area: str
    road_class: str
    lat: float | None
    lon: float | None
    update: bool
    """It would have joined the case of an earlier one."""

    @property
    def key(self) -> tuple[str, bool]:
        return self.detection, self.update


class _Open:
    """Warnings that are still open, found by vehicle, or by kind for what gathers in a place."""

    def __init__(self) -> None:
        self._own: dict[tuple[str, str], dict[str, merge.OpenWarning]] = defaultdict(dict)
        self._kind: dict[str, dict[str, merge.OpenWarning]] = defaultdict(dict)

    def put(self, one: merge.OpenWarning) -> None:
        self._own[one.kind, one.vehicle][one.id] = one
        self._kind[one.kind][one.id] = one

    def of_vehicle(self, kinds: Iterable[str], vehicle: str) -> list[merge.OpenWarning]:
        return [one for kind in kinds for one in self._own[kind, vehicle].values()]

    def of_kind(self, kinds: Iterable[str], since_s: float) -> list[merge.OpenWarning]:
        """Those with a moment since; what is older than a day is forgotten on the way."""
        found = []
        for kind in kinds:
            known = self._kind[kind]
            for one in list(known.values()):
                if one.last_s >= since_s:
                    found.append(one)
                elif since_s - one.last_s > DAY_S:
                    del known[one.id]
        return found


def simulate(facts: Iterable[Facts], table: Table) -> list[Raised]:
    """The warnings of a table, in the order of the facts, which are by time."""
    opened = _Open()
    issued: dict[tuple[str, str], list[float]] = defaultdict(list)
    found: list[Raised] = []
    for fact in facts:
        family = merge.family(fact.rule)
        fact = _counted(fact, table, issued, opened)
        decision = find(fact, table)
        if decision is None:
            continue
        spot = Spot(fact.lat, fact.lon, fact.road, fact.stake_m, fact.area)
        known = opened.of_vehicle(family, fact.vehicle)
        if decision.gather_m > 0 and fact.vehicle:
            known = opened.of_kind(family, fact.end_s - decision.merge_s)
        outcome = merge.decide(
            merge.Detected(
                fact.detection, fact.vehicle, fact.rule, decision.level, fact.end_s,
                decision.merge_s, spot, decision.gather_m,
            ),
            known,
        )  # fmt: skip
        if isinstance(outcome, merge.Repeat):
            grown = next(one for one in known if one.id == outcome.of)
            opened.put(_grown(grown, fact, spot, decision))
            continue
        found.append(_raised(fact, decision, isinstance(outcome, merge.Update)))
        issued[fact.vehicle, fact.rule].append(fact.fired_s)
        opened.put(
            merge.OpenWarning(
                id=f"{fact.detection}:{decision.level.code}",
                case=outcome.case if isinstance(outcome, merge.Update) else fact.detection,
                detection=fact.detection,
                vehicle=fact.vehicle,
                kind=fact.rule,
                level=decision.level,
                last_s=fact.end_s,
                issued_s=fact.fired_s,
                spots=(spot,),
            )
        )
    return found


def _counted(
    fact: Facts, table: Table, issued: Mapping[tuple[str, str], list[float]], opened: _Open
) -> Facts:
    """The fact with repeats and vehicles as they would have been under this table."""
    if not fact.vehicle:
        return fact
    since = fact.fired_s - DAY_S
    repeats = sum(since < at <= fact.fired_s for at in issued[fact.vehicle, fact.rule][-100:])
    reach_m, within_s = table.reach(fact.rule)
    vehicles = {fact.vehicle}
    if reach_m > 0:
        here = Spot(fact.lat, fact.lon, fact.road, fact.stake_m, fact.area)
        for one in opened.of_kind([fact.rule], fact.end_s - within_s):
            if any(together(here, spot, reach_m) for spot in one.spots):
                vehicles |= {one.vehicle, *one.vehicles}
    return replace(fact, repeats=repeats, vehicles=len(vehicles))


def _grown(
    one: merge.OpenWarning, fact: Facts, spot: Spot, decision: Decision
) -> merge.OpenWarning:
    gathers = decision.gather_m > 0
    return replace(
        one,
        last_s=max(one.last_s, fact.end_s),
        repeats=one.repeats if fact.detection in one.repeats else (*one.repeats, fact.detection),
        spots=(*one.spots, spot) if gathers and spot not in one.spots else one.spots,
        vehicles=tuple({*one.vehicles, fact.vehicle}) if gathers else one.vehicles,
    )


def _raised(fact: Facts, decision: Decision, update: bool) -> Raised:
    return Raised(
        fact.detection, fact.rule, fact.origin, decision.level, decision.command_level.code,
        decision.row_id, fact.fired_s, fact.place, fact.area, fact.road_class, fact.lat, fact.lon,
        update,
    )  # fmt: skip


def compare(
    facts: Iterable[Facts], before: Table, after: Table, unit_of: Callable[[Raised], str]
) -> dict[str, Any]:
    """Counts under both tables by level, kind and unit, and every warning that differs.

    unit_of : the name of the unit that a warning would go to

    Values that JSON can hold: ``facts``, ``before`` and ``after`` (``total``, ``level``, ``kind``,
    ``unit``), ``added``, ``removed``, ``changed`` (at most LISTED of each, the latest first) and
    their numbers in ``differ``.
    """
    given = list(facts)
    old, new = simulate(given, before), simulate(given, after)
    was = {one.key: one for one in old}
    now = {one.key: one for one in new}
    added = [one for key, one in now.items() if key not in was]
    removed = [one for key, one in was.items() if key not in now]
    changed = [
        (was[key], one)
        for key, one in now.items()
        if key in was and (one.level, one.command_level) != (was[key].level, was[key].command_level)
    ]
    added.sort(key=_late)
    removed.sort(key=_late)
    changed.sort(key=lambda pair: _late(pair[1]))
    return {
        "facts": len(given),
        "before": _counts(old, unit_of),
        "after": _counts(new, unit_of),
        "differ": {"added": len(added), "removed": len(removed), "changed": len(changed)},
        "added": [_line(one, unit_of) for one in added[:LISTED]],
        "removed": [_line(one, unit_of) for one in removed[:LISTED]],
        "changed": [
            {**_line(one, unit_of), "was": _line(earlier, unit_of)}
            for earlier, one in changed[:LISTED]
        ],
    }


def _late(one: Raised) -> tuple[float, str]:
    return -one.at_s, one.detection


def _counts(found: list[Raised], unit_of: Callable[[Raised], str]) -> dict[str, Any]:
    return {
        "total": len(found),
        "level": dict(Counter(one.level.code for one in found)),
        "kind": dict(Counter(one.kind for one in found)),
        "unit": dict(Counter(unit_of(one) for one in found)),
    }


def _line(one: Raised, unit_of: Callable[[Raised], str]) -> dict[str, Any]:
    return {
        "detection": one.detection,
        "kind": one.kind,
        "origin": one.origin,
        "level": one.level.code,
        "command_level": one.command_level,
        "row": one.row_id,
        "at_s": one.at_s,
        "place": one.place,
        "unit": unit_of(one),
        "update": one.update,
    }
