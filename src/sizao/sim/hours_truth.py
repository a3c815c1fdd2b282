"""Ground truth of the coach rules that add up driving: the curfew and the hours of day and week.

As ``truth.py``: the rules' definitions applied to the true motion, second by second, written again
by hand. A second is driven if the vehicle moved in it and in the one before.

Beside the true total goes the one that a sound terminal *shows*: of the same motion only the spans
between two reports at both of which the vehicle moves. It decides nothing but whether an offence
could be expected to be seen; see ``docs/reference/ground-truth.md``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.rulebook import entry
from sizao.core.vehicles import KIND_CODES
from sizao.roads.network import Network
from sizao.sim._motion import OFF, PARKED
from sizao.sim._sampling import PARKED_INTERVAL_S
from sizao.sim.fleet import Fleet
from sizao.sim.traffic import Motion

CURFEW, DAY, WEEK = range(3)
RULES = ("coach_curfew", "coach_day_total", "coach_week_total")

_PIECES = (96, 168)
"""Quarters of an hour in a day, hours in a week: the windows of the two totals."""

_SPELL = [
    ("start", "i8"),
    ("last", "i8"),
    ("onset", "i8"),
    ("driven", "i8"),
    ("segment", "i4"),
    ("offset", "f4"),
]

_STATE = np.dtype([*_SPELL, ("most_shown", "i8")])

_RING = np.dtype([("sum", "i8"), ("newest", "i8")])
"""What a window holds, and the number of its newest piece."""

_REPORT = np.dtype([("at", "i8"), ("moves", "i1"), ("driver", "i1")])
"""A vehicle's last report, and what it showed."""

EVENT = np.dtype([*_SPELL, ("rule", "i4"), ("vehicle", "i4"), ("limit", "i8"), ("visible", "i8")])
"""``driven`` and ``limit`` in seconds; ``onset`` 0 is a spell that is no offence yet."""


class HoursTruth:
    """Feed it every :class:`Motion` in order; it gives rows of EVENT, one a spell that ended."""

    def __init__(self, network: Network, fleet: Fleet) -> None:
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
        self._interval_s = fleet.interval_s[self._coaches]
        # Nobody sees a vehicle move in a tunnel but by its tachograph.
        self._recorder = fleet.recorder[self._coaches]
        self._tunnel = network.tunnel
        self._moved = np.zeros(n, np.bool_)
        self._night = np.zeros(n, _STATE)
        # For each total: coach, driver.
        self._total = np.zeros((2, n, 2), _STATE)
        self._report = np.zeros(n, _REPORT)
        # For each total: driven or shown, coach, driver.
        self._ring = np.zeros((2, 2, n, 2), _RING)
        self._piece = [np.zeros((2, n, 2, pieces), np.int32) for pieces in _PIECES]
        self._limit = (
            int(law.value("max_driving_24h")) * 60,
            int(law.value("max_driving_7d")) * 60,
        )
        curfew = entry("fatigue.coach_curfew")
        hours = [str(curfew.value(name)).split(":") for name in ("start", "end")]
        self._hours = tuple(int(hour) * 3600 + int(minute) * 60 for hour, minute in hours)
        self._grace = int(own.value("min_driving")) * 60
        self._moving_above = float(samples.value("moving_above"))
        self._max_gap_s = int(samples.value("max_gap"))

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
            motion.mode,
            self._curfew,
            self._cards,
            self._interval_s,
            self._recorder,
            self._tunnel,
            self._moved,
            self._report,
            self._night,
            self._total,
            self._ring,
            *self._piece,
            *self._limit,
            *self._hours,
            self._grace,
            self._moving_above,
            self._max_gap_s,
            events,
        )
        return events[:count]

    def adopt(self, other: HoursTruth, vehicles: npt.NDArray[np.integer[Any]]) -> None:
        """Take over what another knows of some vehicles."""
        own = np.isin(self._coaches, vehicles)
        self._moved[own], self._night[own] = other._moved[own], other._night[own]
        self._report[own], self._total[:, own] = other._report[own], other._total[:, own]
        self._ring[:, :, own] = other._ring[:, :, own]
        for mine, theirs in zip(self._piece, other._piece, strict=True):
            mine[:, own] = theirs[:, own]

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
        e["visible"] = span if rule == CURFEW else min(span, s["most_shown"] - limit)
        count += 1
    s["start"] = 0
    s["onset"] = 0
    s["driven"] = 0
    s["most_shown"] = 0
    return count


@njit(cache=True)
def _add(ring, pieces, newest, seconds):  # type: ignore[no-untyped-def]  # numba
    """Add to the newest piece of time; what has left the window that ends in it is taken off."""
    if ring["newest"] == 0:
        ring["newest"] = newest
    while ring["newest"] < newest:
        ring["newest"] += 1
        at = ring["newest"] % len(pieces)
        ring["sum"] -= pieces[at]
        pieces[at] = 0
    pieces[newest % len(pieces)] += seconds
    ring["sum"] += seconds


@njit(cache=True)
def _shown(r, reports, visible, moves, who, now, max_gap_s):  # type: ignore[no-untyped-def]  # numba
    """Seconds of driving that a report shows beyond those before it, and whose they are."""
    if not reports:
        return 0, who
    seconds = 0
    driver = r["driver"]
    if r["at"] > 0 and now - r["at"] <= max_gap_s and r["moves"] and moves and visible:
        seconds = now - r["at"]
    r["at"] = now
    r["moves"] = moves and visible
    r["driver"] = who
    return seconds, driver


@njit(cache=True)
def _judge(  # type: ignore[no-untyped-def]  # numba
    start_s,
    coaches,
    segment,
    offset,
    speed,
    driver,
    mode,
    bound,
    cards,
    interval_s,
    recorder,
    tunnel,
    moved,
    report,
    night,
    totals,
    rings,
    day_pieces,
    week_pieces,
    day_limit,
    week_limit,
    first,
    after,
    grace,
    moving_above,
    max_gap_s,
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
            step = PARKED_INTERVAL_S if mode[i, j] == PARKED else interval_s[at]
            reports = mode[i, j] != OFF and (now + 7 * i) % step == 0
            visible = recorder[at] or not tunnel[segment[i, j]]
            seconds, whose = _shown(report[at], reports, visible, moves, who, now, max_gap_s)
            for which in range(2):
                pieces = day_pieces if which == 0 else week_pieces
                limit = day_limit if which == 0 else week_limit
                piece = now // (900 if which == 0 else 3600)
                t = totals[which, at, who]
                true, shown = rings[which, 0, at, who], rings[which, 1, at, who]
                _add(true, pieces[0, at, who], piece, 1 if driven else 0)
                if seconds > 0:
                    _add(rings[which, 1, at, whose], pieces[1, at, whose], piece, seconds)
                if true["sum"] <= limit:
                    if t["onset"] > 0:
                        count = _end(t, DAY + which, i, limit, events, count)
                elif driven:
                    if t["onset"] == 0:
                        t["start"] = now
                        t["onset"] = now
                    t["last"] = now
                    _add(shown, pieces[1, at, who], piece, 0)
                    t["most_shown"] = max(t["most_shown"], shown["sum"])
                    if true["sum"] > t["driven"]:
                        t["driven"] = true["sum"]
                        t["segment"] = segment[i, j]
                        t["offset"] = offset[i, j]
    return count
