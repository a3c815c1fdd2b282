"""What a running part counts, in the shape its heartbeat file publishes."""

from __future__ import annotations

import math
import resource
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class Spread:
    """The last few thousand durations, for percentiles. Seconds in, any unit out."""

    def __init__(self, keep: int = 4096) -> None:
        self._values: deque[float] = deque(maxlen=keep)

    def add(self, seconds: float) -> None:
        self._values.append(seconds)

    def extend(self, seconds: Iterable[float]) -> None:
        self._values.extend(seconds)

    def percentile(self, share: float) -> float | None:
        """The value that ``share`` (0 to 1) of the kept ones do not exceed; None without any."""
        if not self._values:
            return None
        ordered = sorted(self._values)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]

    def figures(self, unit: str, scale: float, digits: int = 3) -> dict[str, float | None]:
        """``{"p50_UNIT": ..., "p99_UNIT": ..., "max_UNIT": ...}``."""
        shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
        values = {name: self.percentile(share) for name, share in shares.items()}
        return {
            f"{name}_{unit}": None if value is None else round(value * scale, digits)
            for name, value in values.items()
        }


class Ages:
    """How many of ever so many things were so old: percentiles of a span are those of the
    difference between its end and its beginning.

    Each step is a twentieth wider than the one before, the first ends at a millisecond.
    """

    STEP = 1.05
    FIRST_S = 0.001

    def __init__(self) -> None:
        self._counts: dict[int, float] = {}

    def extend(self, seconds: Iterable[float], weight: float = 1.0) -> None:
        """Each stands for ``weight`` things."""
        # What came with one arrival is of one age.
        for one, count in Counter(seconds).items():
            step = math.ceil(math.log(max(one, self.FIRST_S) / self.FIRST_S, self.STEP))
            self._counts[step] = self._counts.get(step, 0.0) + count * weight

    def as_dict(self) -> dict[str, int]:
        """Upper edge of a step in seconds to how many there were, rounded; steps with none are
        left out."""
        return {
            f"{self.FIRST_S * self.STEP**step:.4g}": round(count)
            for step, count in sorted(self._counts.items())
        }


def percentile_of(ages: Mapping[str, int], before: Mapping[str, int], share: float) -> float | None:
    """The age in seconds that ``share`` (0 to 1) of what came between two
    :meth:`Ages.as_dict` do not exceed, up to a twentieth too high; None if nothing came.

    >>> percentile_of({"0.1": 99, "0.5": 3}, {"0.5": 2}, 0.98), percentile_of({}, {}, 0.5)
    (0.1, None)
    """
    came = {float(edge): count - before.get(edge, 0) for edge, count in ages.items()}
    wanted = share * sum(came.values())
    reached = 0
    for edge, count in sorted(came.items()):
        reached += count
        if count and reached >= wanted:
            return edge
    return None


class Slowest:
    """The longest duration of the last minute or two, in seconds."""

    SPAN_S = 60.0

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._since = monotonic()
        self._now = self._before = 0.0

    def add(self, seconds: float) -> None:
        self._turn_over()
        self._now = max(self._now, seconds)

    def worst(self) -> float:
        """0 if nothing was added lately."""
        self._turn_over()
        return max(self._now, self._before)

    def _turn_over(self) -> None:
        moment = self._monotonic()
        if moment - self._since < self.SPAN_S:
            return
        # After a silence of two spans neither half is of late.
        self._before = self._now if moment - self._since < 2 * self.SPAN_S else 0.0
        self._since, self._now = moment, 0.0


class CommitCounters(Protocol):
    """What the collector counts; every process that has one publishes these."""

    commits: int
    commit_failures: int
    rows: int
    paused: int
    commit: Spread


@dataclass
class GatewayCounters:
    """Since the gateway started."""

    connections: int = 0
    connected_total: int = 0
    refused_connections: int = 0
    closed: Counter[str] = field(default_factory=Counter)
    """Connections by why they ended."""
    frames: int = 0
    """Whole frames taken from the streams, good or bad."""
    positions: int = 0
    driver_cards: int = 0
    records: Counter[str] = field(default_factory=Counter)
    """Records by topic."""
    quarantined: Counter[str] = field(default_factory=Counter)
    """Quarantine records by reason code."""
    bytes: int = 0
    commits: int = 0
    commit_failures: int = 0
    rows: int = 0
    answers: int = 0
    unanswered: int = 0
    """Replies whose connection was gone by the time their records were durable."""
    paused: int = 0
    """Times reading was stopped because too much was waiting for the disk."""
    orders: Counter[str] = field(default_factory=Counter)
    """Results of orders by state."""
    services: dict[str, object] = field(default_factory=dict)
    """Figures of the other ways in, under their own names."""
    started_s: float = field(default_factory=time.time)
    ack: Spread = field(default_factory=Spread)
    commit: Spread = field(default_factory=Spread)

    def as_dict(self) -> dict[str, Any]:
        plain = {
            name: dict(value) if isinstance(value, Counter) else value
            for name, value in vars(self).items()
            if not isinstance(value, Spread)
        }
        return (
            plain
            | {f"ack_{name}": value for name, value in self.ack.figures("ms", 1000).items()}
            | {f"commit_{name}": value for name, value in self.commit.figures("ms", 1000).items()}
            | {"rss_mb": rss_mb()}
        )


def rss_mb() -> float:
    """Memory this process holds now, in MB; its peak where /proc is missing."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return round(pages * resource.getpagesize() / 1e6, 1)
    except (OSError, ValueError, IndexError):
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3, 1)
