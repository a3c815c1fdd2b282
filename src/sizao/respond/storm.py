"""Storm mode: when there is more to sign than the people at the desk can read.

It begins when either measure passes its upper threshold and ends when both have stayed below the
lower ones for a while, so that it does not flicker (hysteresis). The thresholds are data:
``warning.storm_mode`` in the rule book, all proposed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sizao.core.rulebook import entry

RULE = "warning.storm_mode"


@dataclass(frozen=True)
class Limits:
    """Thresholds for one operator; times in seconds."""

    enter_unsigned: float
    enter_arrived: float
    leave_unsigned: float
    leave_arrived: float
    window_s: float
    calm_s: float


@cache
def limits() -> Limits:
    """Those of the rule book."""
    book = entry(RULE)
    return Limits(
        enter_unsigned=float(book.value("enter_unsigned")),
        enter_arrived=float(book.value("enter_arrived")),
        leave_unsigned=float(book.value("leave_unsigned")),
        leave_arrived=float(book.value("leave_arrived")),
        window_s=float(book.value("window")) * 60.0,
        calm_s=float(book.value("calm")) * 60.0,
    )


@dataclass(frozen=True)
class Load:
    """What a desk has before it. Counts of the whole desk, shared among its operators."""

    unsigned: int
    arrived: int
    """In the window."""
    operators: int = 1

    @property
    def unsigned_each(self) -> float:
        return self.unsigned / max(1, self.operators)

    @property
    def arrived_each(self) -> float:
        return self.arrived / max(1, self.operators)


@dataclass(frozen=True)
class Storm:
    """How a desk stands. ``calm_since_s`` is set while a storm is dying down."""

    on: bool = False
    since_s: float | None = None
    calm_since_s: float | None = None


def step(storm: Storm, load: Load, at_s: float, within: Limits) -> Storm:
    """The state at ``at_s``, from the one before and what lies on the desk.

    >>> within = Limits(30, 40, 10, 10, 600, 300)
    >>> heavy, light = Load(31, 0), Load(3, 2)
    >>> storm = step(Storm(), heavy, 0, within)
    >>> storm.on, step(storm, light, 60, within).on
    (True, True)
    >>> dying = step(storm, light, 60, within)
    >>> step(dying, light, 359, within).on, step(dying, light, 360, within).on
    (True, False)
    """
    if not storm.on:
        heavy = (
            load.unsigned_each >= within.enter_unsigned
            or load.arrived_each >= within.enter_arrived
        )  # fmt: skip
        return Storm(True, at_s) if heavy else storm
    calm = (
        load.unsigned_each < within.leave_unsigned and load.arrived_each < within.leave_arrived
    )  # fmt: skip
    if not calm:
        return Storm(True, storm.since_s)
    since = at_s if storm.calm_since_s is None else storm.calm_since_s
    return Storm() if at_s - since >= within.calm_s else Storm(True, storm.since_s, since)
