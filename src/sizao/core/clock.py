"""Time as a parameter: stages never ask the machine what time it is.

Three clocks, one interface. Production uses :class:`SystemClock`. A fast demonstration uses
:class:`ScaledClock`, kept as a small JSON file beside the data so that every process of one
installation agrees. Tests use :class:`ManualClock`.

>>> clock = ManualClock(1_000.0)
>>> clock.advance(5)
>>> clock.time_s()
1005.0
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Protocol

from sizao.core.errors import ConfigError

#: China has one civil time and no daylight saving; JT/T 808 times are written in it.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


class Clock(Protocol):
    """Feed time: seconds since the Unix epoch, UTC."""

    def time_s(self) -> float:
        """The present moment of feed time, in seconds since the epoch."""
        ...

    @property
    def factor(self) -> float:
        """Feed seconds that pass in one second of the wall clock."""
        ...


class SystemClock:
    """The wall clock."""

    factor = 1.0

    def time_s(self) -> float:
        return time.time()


@dataclass(frozen=True)
class ScaledClock:
    """A clock that runs ``factor`` times as fast as the wall clock since ``wall_start_s``."""

    wall_start_s: float
    feed_start_s: float
    factor: float

    def __post_init__(self) -> None:
        if not self.factor > 0:
            raise ConfigError(f"clock factor must be positive, got {self.factor}")

    def time_s(self) -> float:
        return self.feed_start_s + (time.time() - self.wall_start_s) * self.factor


@dataclass
class ManualClock:
    """A clock that stands still until told to move."""

    now_s: float = 0.0
    factor: float = 1.0

    def time_s(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += seconds


def save_clock(clock: ScaledClock, path: Path) -> None:
    """Write the clock file that :func:`load_clock` reads."""
    path.write_text(json.dumps(asdict(clock)), encoding="utf-8")


def load_clock(path: Path) -> Clock:
    """Read a clock file; without one the installation runs on the wall clock."""
    if not path.exists():
        return SystemClock()
    try:
        return ScaledClock(**json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{path}: not a clock file: {error}") from error


def now(clock: Clock) -> datetime:
    """The clock's present moment as an aware datetime in UTC."""
    return datetime.fromtimestamp(clock.time_s(), UTC)
