"""Ground truth of the coach rules that add up driving: the curfew and the hours of day and week.

As ``truth.py``: the rules' definitions applied to the true motion, second by second, written again
by hand. A second is driven if the vehicle moved in it and in the one before.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.rulebook import entry
from sizao.core.vehicles import KIND_CODES
from sizao.sim.fleet import Fleet
from sizao.sim.traffic import Motion

CURFEW, DAY, WEEK = range(3)
RULES = ("coach_curfew", "coach_day_total", "coach_week_total")

_PIECES = (96, 168)
"""Quarters of an hour in a day, hours in a week: the windows of the two totals."""

_SURE = 1.1
"""A total is plain to see once a tenth over the limit: reports 15 s apart miss some seconds of
driving before and after each stop, and the rules count none that they did not see."""

_SPELL = [
    ("start", "i8"),
    ("last", "i8"),
    ("onset", "i8"),
    ("driven", "i8"),
    ("segment", "i4"),
    ("offset", "f4"),
]

_STATE = np.dtype([*_SPELL, ("sum", "i8"), ("newest", "i8")])
"""A spell, and for totals the ring's sum and the number of its newest piece."""

EVENT = np.dtype([*_SPELL, ("rule", "i4"), ("vehicle", "i4"), ("limit", "i8"), ("visible", "i8")])
"""``driven`` and ``limit`` in seconds; ``onset`` 0 is a spell that is no offence yet."""


class HoursTruth:
    """Feed it every :class:`Motion` in order; it gives rows of EVENT, one a spell that ended."""

    def __init__(self, fleet: Fleet) -> None:
        law, samples, own = (
            entry("fatigue.coach"),
            entry("detect.fatigue"),
            entry("detect.coach_curfew"),
        )
        bound = [KIND_CODES[kind] for kind in entry("detect.coaches").value("kinds")]
        self._coaches = np.flatnonzero(np.isin(fleet.kind, bound))
        n = len(self._coaches)
        self._curfew = fleet.curfew[self._coaches]
        self._cards = fleet.two_drivers[self._coaches]
        self._moved = np.zeros(n, np.bool_)
        self._night = np.zeros(n, _STATE)
        # For each total: coach, driver.
        self._total = np.zeros((2, n, 2), _STATE)
        self._piece = [np.zeros((n, 2, pieces), np.int32) for pieces in _PIECES]
        self._limit = (
            int(law.value("max_driving_24h")) * 60,
            int(law.value("max_driving_7d")) * 60,
        )
        curfew = entry("fatigue.coach_curfew")
        hours = [str(curfew.value(name)).split(":") for name in ("start", "end")]
        self._hours = tuple(int(hour) * 3600 + int(minute) * 60 for hour, minute in hours)
        self._grace = int(own.value("min_driving")) * 60
        self._moving_above = float(samples.value("moving_above"))

    def feed(self, motion: Motion) -> npt.NDArray[Any]:
        """Spells that ended in this span and were offences."""
        events = np.empty(8 * len(self._coaches) + 8, EVENT)
        count = _judge(
            motion.start_s,
            self._coaches,
            motion.segment,
            motion.offset_m,
            motion.speed_kmh,
            motion.driver,
            self._curfew,
            self._cards,
            self._moved,
            self._night,
            self._total,
            *self._piece,
            *self._limit,
            *self._hours,
            self._grace,
            self._moving_above,
            events,
        )
        return events[:count]

    def adopt(self, other: HoursTruth, vehicles: npt.NDArray[np.integer[Any]]) -> None:
        """Take over what another knows of some vehicles."""
        own = np.isin(self._coaches, vehicles)
        self._moved[own], self._night[own] = other._moved[own], other._night[own]
        self._total[:, own] = other._total[:, own]
        for mine, theirs in zip(self._piece, other._piece, strict=True):
            mine[own] = theirs[own]

    def close(self) -> npt.NDArray[Any]:
        """Spells still going on, as far as they have got."""
        events = np.empty(5 * len(self._coaches) + 8, EVENT)
        count = 0
        for at, vehicle in enumerate(self._coaches):
            count = _end(self._night[at], CURFEW, vehicle, 0, events, count)
            for which in (0, 1):
                limit = self._limit[which]
                for driver in (0, 1):
                    s = self._total[which, at, driver]
                    count = _end(s, DAY + which, vehicle, limit, events, count)
        return events[:count]


@njit(cache=True)
def _end(s, rule, vehicle, limit, events, count):  # type: ignore[no-untyped-def]  # numba
    if s["onset"] > 0:
        e = events[count]
        e["rule"] = rule
        e["vehicle"] = vehicle
        e["start"] = s["start"]
        e["last"] = s["last"]
        e["onset"] = s["onset"]
        e["driven"] = s["driven"]
        e["limit"] = limit
        e["segment"] = s["segment"]
        e["offset"] = s["offset"]
        span = s["last"] - s["start"]
        e["visible"] = span if rule == CURFEW else min(span, s["driven"] - int(_SURE * limit))
        count += 1
    s["start"] = 0
    s["onset"] = 0
    s["driven"] = 0
    return count


@njit(cache=True)
def _pass(s, pieces, newest):  # type: ignore[no-untyped-def]  # numba
    """Take off what leaves the window when it ends in this piece of time."""
    if s["newest"] == 0:
        s["newest"] = newest
    while s["newest"] < newest:
        s["newest"] += 1
        at = s["newest"] % len(pieces)
        s["sum"] -= pieces[at]
        pieces[at] = 0


@njit(cache=True)
def _judge(  # type: ignore[no-untyped-def]  # numba
    start_s,
    coaches,
    segment,
    offset,
    speed,
    driver,
    bound,
    cards,
    moved,
    night,
    totals,
    day_pieces,
    week_pieces,
    day_limit,
    week_limit,
    first,
    after,
    grace,
    moving_above,
    events,
):
    count = 0
    for at in range(len(coaches)):
        i = coaches[at]
        s = night[at]
        for j in range(segment.shape[1]):
            now = start_s + 1 + j
            moves = speed[i, j] > moving_above
            driven = moves and moved[at]
            moved[at] = moves
            local = (now + 28800) % 86400
            if not first < local < after:
                if s["start"] > 0:
                    count = _end(s, CURFEW, i, 0, events, count)
            elif bound[at] and driven:
                if s["start"] == 0:
                    s["start"] = now - 1
                s["driven"] += 1
                s["last"] = now
                s["segment"] = segment[i, j]
                s["offset"] = offset[i, j]
                if s["onset"] == 0 and s["driven"] >= grace:
                    s["onset"] = now
            who = driver[i, j] if cards[at] else 0
            for which in range(2):
                pieces = day_pieces[at, who] if which == 0 else week_pieces[at, who]
                limit = day_limit if which == 0 else week_limit
                piece = now // (900 if which == 0 else 3600)
                t = totals[which, at, who]
                _pass(t, pieces, piece)
                if driven:
                    pieces[piece % len(pieces)] += 1
                    t["sum"] += 1
                if t["sum"] <= limit:
                    if t["onset"] > 0:
                        count = _end(t, DAY + which, i, limit, events, count)
                elif driven:
                    if t["onset"] == 0:
                        t["start"] = now
                        t["onset"] = now
                    t["last"] = now
                    if t["sum"] > t["driven"]:
                        t["driven"] = t["sum"]
                        t["segment"] = segment[i, j]
                        t["offset"] = offset[i, j]
    return count
