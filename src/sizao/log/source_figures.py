"""What each source sent, as figures people read: from the tallies of all logs and the contracts.

A source may write to several logs, so counts are added and sketches merged before anything is
divided. A figure that cannot be known is None, which is not zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sizao.core.sources import HOUR_S, IMPORTS, Registry, Source
from sizao.log.sketch import BLOCK_S, Sketch, estimate, from_bytes, merge
from sizao.log.tally import TallyReader, percentile

SHARES = (0.5, 0.95, 0.99)


@dataclass
class Figures:
    """Counts of one source over an hour, or over several added together."""

    accepted: Counter[str] = field(default_factory=Counter)
    """Records by topic."""
    quarantined: Counter[str] = field(default_factory=Counter)
    """Records by reason."""
    delays: Counter[str] = field(default_factory=Counter)
    """Accepted records by delay bucket."""
    bytes: Counter[str] = field(default_factory=Counter)
    """``received``, ``quarantined``, ``over_quota``; only what was told."""
    moving: int = 0
    expected: float | None = None
    """Records due by the contract, of topics where that can be known."""
    counted: float | None = None
    """Accepted records of those topics."""

    @property
    def accepted_total(self) -> int:
        return sum(self.accepted.values())

    @property
    def quarantined_total(self) -> int:
        return sum(self.quarantined.values())

    @property
    def received(self) -> int:
        """Records that arrived, good and bad."""
        return self.accepted_total + self.quarantined_total

    @property
    def completeness(self) -> float | None:
        """Accepted of expected, 0 to 1 and above where more came than was promised."""
        if self.expected is None or self.counted is None or not self.expected:
            return None
        return self.counted / self.expected

    def delay(self, share: float) -> float | None:
        """The delay in seconds that a share of the accepted records do not exceed."""
        return percentile(self.delays, share)

    def add(self, other: Figures) -> None:
        for name in ("accepted", "quarantined", "delays", "bytes"):
            getattr(self, name).update(getattr(other, name))
        self.moving += other.moving
        if other.expected is not None:
            self.expected = (self.expected or 0.0) + other.expected
            self.counted = (self.counted or 0.0) + (other.counted or 0.0)


Hours = Mapping[str, Mapping[int, Figures]]
"""By source, then by hour since the epoch."""


def hourly(
    readers: Iterable[TallyReader],
    registry: Registry,
    first_hour: int,
    last_hour: int,
    until_s: float,
) -> dict[str, dict[int, Figures]]:
    """Figures of every source that is registered or was heard, for each hour with anything in it
    or anything due.

    until_s : the present moment; of an hour that is not over only the part before it is expected

    A source owes from the hour after its first one on, within its days of validity: what it
    should have sent before it was connected is unknown, not missing.
    """
    begun: dict[str, int] = {}
    found: dict[str, dict[int, Figures]] = {source: {} for source in registry.sources}
    sketches: dict[tuple[str, int], Sketch] = {}
    for reader in readers:
        for source, hour in reader.begun().items():
            begun[source] = min(hour, begun.get(source, hour))
        for source, hour, what, number in reader.counts(first_hour, last_hour):
            hours = found.setdefault(source, {})
            figures = hours.get(hour)
            if figures is None:
                figures = hours[hour] = Figures()
            _count(figures, what, number)
        for source, hour, data in reader.sketches(first_hour, last_hour):
            sketch = from_bytes(data)
            known = sketches.get((source, hour))
            sketches[source, hour] = sketch if known is None else merge(known, sketch)
    for entry in registry.sources.values():
        hours = found[entry.id]
        for hour in range(max(first_hour, begun.get(entry.id, last_hour) + 1), last_hour + 1):
            if not entry.valid_at(hour * HOUR_S):
                continue
            expected, counted = _due(
                entry, hour, hours.get(hour), sketches.get((entry.id, hour)), until_s
            )
            if expected is not None:
                due = hours.setdefault(hour, Figures())
                due.expected, due.counted = expected, counted
    return found


def total(hours: Iterable[Figures]) -> Figures:
    """Several hours as one."""
    found = Figures()
    for one in hours:
        found.add(one)
    return found


def last_heard(readers: Iterable[TallyReader]) -> dict[str, dict[str, int]]:
    """Last moment of receipt, microseconds since the epoch, by source and topic."""
    found: dict[str, dict[str, int]] = {}
    for reader in readers:
        for source, topic, last_us in reader.heard():
            topics = found.setdefault(source, {})
            topics[topic] = max(last_us, topics.get(topic, last_us))
    return found


def _count(figures: Figures, what: str, number: int) -> None:
    family, _, name = what.partition("/")
    if family == "accepted":
        figures.accepted[name] += number
    elif family == "quarantined":
        figures.quarantined[name] += number
    elif family == "delay":
        figures.delays[name] += number
    elif family == "bytes":
        figures.bytes[name] += number
    elif family == "moving":
        figures.moving += number


def _due(
    source: Source, hour: int, figures: Figures | None, sketch: Sketch | None, until_s: float
) -> tuple[float | None, float | None]:
    """Expected and counted records of an hour, over all lines of the contract that can tell."""
    expected: float | None = None
    counted = 0.0
    for promise in source.contract:
        if promise.topic in IMPORTS:
            continue
        if promise.per == "vehicle" and promise.interval_s is not None:
            if figures is None or sketch is None:
                continue
            due: float | None = estimate(sketch) * BLOCK_S / promise.interval_s
            came = figures.moving
        else:
            due = promise.expected(hour, until_s)
            came = figures.accepted[promise.topic] if figures else 0
        if due is not None:
            expected = (expected or 0.0) + due
            counted += came
    return expected, None if expected is None else counted
