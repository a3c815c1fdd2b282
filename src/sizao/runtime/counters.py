"""What a running part counts, in the shape its heartbeat file publishes."""

from __future__ import annotations

import resource
import time
from collections import Counter, deque
from collections.abc import Iterable
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
        """``{"p50_UNIT": ..., "p99_UNIT": ...}``."""
        shares = {"p50": 0.5, "p99": 0.99}
        values = {name: self.percentile(share) for name, share in shares.items()}
        return {
            f"{name}_{unit}": None if value is None else round(value * scale, digits)
            for name, value in values.items()
        }


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
