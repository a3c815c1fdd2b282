"""The days of a plan cut into shifts, and shifts into rounds with their share of the hours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sizao.core.errors import ConfigError
from sizao.plan.force import Force, ShiftKind

HOURS = 168
MOST_DAYS = 31


@dataclass(frozen=True)
class Shift:
    """One shift of one day, local time. ``number`` counts from 0 in order of start."""

    number: int
    kind: ShiftKind
    start: dt.datetime
    end: dt.datetime

    @property
    def date(self) -> dt.date:
        """The day it begins."""
        return self.start.date()

    @property
    def key(self) -> str:
        """``2019-01-07 early``."""
        return f"{self.date} {self.kind.id}"


@dataclass(frozen=True)
class Slot:
    """The time of one round within a shift: every unit on duty drives one round in it."""

    number: int
    shift: int
    start: dt.datetime
    end: dt.datetime

    @property
    def minutes(self) -> float:
        """How long it is."""
        return (self.end - self.start).total_seconds() / 60.0


def lay_out(force: Force, first: dt.date, days: int) -> tuple[list[Shift], list[Slot]]:
    """Shifts that begin on the days, and their slots.

    A shift is handover, rounds of about ``round_min`` with the break in the middle, and nothing
    else: rounds begin and end at the base. Raises ConfigError for no day, too many, or a shift
    without room for a round.
    """
    if not 1 <= days <= MOST_DAYS:
        raise ConfigError(f"{days} days: a plan is for 1 to {MOST_DAYS} days")
    starts = sorted(
        (dt.datetime.combine(first + dt.timedelta(day), dt.time()) + _minutes(kind.start_min), i)
        for day in range(days)
        for i, kind in enumerate(force.shifts)
    )
    shifts = [
        Shift(number, force.shifts[i], start, start + _minutes(force.shifts[i].hours * 60))
        for number, (start, i) in enumerate(starts)
    ]
    slots: list[Slot] = []
    for shift in shifts:
        for begin, end in _rounds(force, shift):
            slots.append(Slot(len(slots), shift.number, begin, end))
    return shifts, slots


def _rounds(force: Force, shift: Shift) -> list[tuple[dt.datetime, dt.datetime]]:
    kind, visits = shift.kind, force.visits
    room = kind.hours * 60 - visits.handover_min - kind.break_min
    number = max(1, round(room / visits.round_min))
    each = room / number
    if each < 45:
        raise ConfigError(
            f"shift {kind.id}: {room:.0f} min without handover and break leave no room for a round"
        )
    at = shift.start + _minutes(visits.handover_min)
    found = []
    for one in range(number):
        if one == (number + 1) // 2:
            at += _minutes(kind.break_min)
        found.append((at, at + _minutes(each)))
        at += _minutes(each)
    return found


def hours_of(slots: Sequence[Slot]) -> npt.NDArray[np.float64]:
    """Share of each hour of the week within each slot: (slots, 168), Monday 00:00 first."""
    share = np.zeros((len(slots), HOURS))
    for row, slot in enumerate(slots):
        at = slot.start
        while at < slot.end:
            following = at.replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1)
            until = min(following, slot.end)
            share[row, at.weekday() * 24 + at.hour] += (until - at).total_seconds() / 3600.0
            at = until
    return share


def _minutes(number: float) -> dt.timedelta:
    return dt.timedelta(minutes=number)
