"""Warnings about places held against what happened: hits, false alarms, misses, lead time.

A warning covers what happens within its reach while it holds. An incident that no warning of its
kind covered is a miss, so that silence counts as much as noise. What cannot be told yet (the
records do not reach so far) is pending, and is neither.

Source: the contingency table of forecast verification, as in WMO-No. 1023 and D. S. Wilks,
Statistical Methods in the Atmospheric Sciences, chapter on forecast verification: probability of
detection = hits / (hits + misses), false alarm ratio = false alarms / (hits + false alarms).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sizao.warn.nearness import Spot, metres_apart


@dataclass(frozen=True)
class Warned:
    """A warning as verification sees it. Times are seconds since the epoch."""

    id: str
    kind: str
    issued_s: float
    from_s: float
    """Start of what it warned of."""
    until_s: float
    spot: Spot
    reach_m: float
    event: str = ""
    """Warnings of one event (an update and what it refers to) count once: its case's number."""
    verdict: bool | None = None
    """What people found on the road, where they said: False is a false alarm."""


@dataclass(frozen=True)
class Incident:
    """Something that such a warning should have come before."""

    id: str
    kind: str
    """Kind of warning that would have covered it."""
    at_s: float
    spot: Spot


@dataclass
class Tally:
    """What came of the warnings and incidents of one kind and month."""

    hits: int = 0
    """Warnings after which it happened, or that people confirmed."""
    false_alarms: int = 0
    pending: int = 0
    covered: int = 0
    """Incidents that a warning came before."""
    missed: int = 0
    late: int = 0
    """Incidents whose only warning was issued after they happened: misses too."""
    lead_s: list[float] = field(default_factory=list)
    """From issue to the first incident covered."""

    @property
    def decided(self) -> int:
        return self.hits + self.false_alarms

    @property
    def incidents(self) -> int:
        return self.covered + self.missed


def verify(
    warnings: Iterable[Warned], incidents: Sequence[Incident], known_until_s: float,
    month: Callable[[float], str],
) -> dict[tuple[str, str], Tally]:  # fmt: skip
    """Tallies by kind and month; a warning counts to the month it began, an incident to its own.

    known_until_s : the records of incidents are complete up to here
    month : function of seconds since the epoch to the month's name
    """
    found: dict[tuple[str, str], Tally] = defaultdict(Tally)
    name = month
    given = sorted(warnings, key=lambda one: (one.issued_s, one.id))
    events: dict[tuple[str, str], list[Warned]] = defaultdict(list)
    for one in given:
        events[one.kind, one.event or one.id].append(one)
    for (kind, _), members in events.items():
        tally = found[kind, name(min(one.from_s for one in members))]
        after = [
            incident
            for incident in incidents
            if any(covers(one, incident) and one.issued_s <= incident.at_s for one in members)
        ]
        verdict = next((one.verdict for one in reversed(members) if one.verdict is not None), None)
        if after:
            tally.hits += 1
            first = min(incident.at_s for incident in after)
            tally.lead_s.append(first - min(one.issued_s for one in members))
        elif verdict is True:
            tally.hits += 1
        elif verdict is False or max(one.until_s for one in members) <= known_until_s:
            tally.false_alarms += 1
        else:
            tally.pending += 1
    for incident in incidents:
        tally = found[incident.kind, name(incident.at_s)]
        covering = [one for one in given if covers(one, incident)]
        if any(one.issued_s <= incident.at_s for one in covering):
            tally.covered += 1
        else:
            tally.missed += 1
            tally.late += bool(covering)
    return dict(found)


def covers(warning: Warned, incident: Incident) -> bool:
    """Of its kind, while it holds, within its reach; of the same county where it has no place."""
    if warning.kind != incident.kind:
        return False
    if not warning.from_s <= incident.at_s <= warning.until_s:
        return False
    if warning.spot.lat is None and not warning.spot.on_road:
        return not warning.spot.area or warning.spot.area == incident.spot.area
    return metres_apart(warning.spot, incident.spot) <= warning.reach_m
