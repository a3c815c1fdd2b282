"""Ground truth of the rules on the feed's integrity: what was done to terminals, and when it shows.

As ``truth.py``, from the true motion, the moments at which terminals report, and the plan of who
meddles with which terminal when (``_sampling.tampered``): nothing of it is taken from the bytes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.rulebook import entry
from sizao.roads.network import Network
from sizao.sim._motion import PARKED, _unit
from sizao.sim._sampling import (
    DARK,
    DOUBLED,
    DOUBLED_DEG,
    FROZEN,
    PARKED_INTERVAL_S,
    SHIELDED,
    SILENT,
    tampered,
)
from sizao.sim.fleet import Fleet
from sizao.sim.traffic import Motion

RULES = ("offline_moving", "impossible_jump", "terminal_moved")
OFFLINE, JUMP, MOVED = range(3)

SURE_S = 1_000
"""``visible`` beyond the rule's minimum for what no report can miss."""

_LAST = np.dtype(
    [
        ("at", "i8"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("kmh", "f8"),
        ("tunnel", "i1"),
        ("fix_at", "i8"),
        ("away", "i1"),
        ("jump_from", "i8"),
        ("jump_to", "i8"),
        ("start", "i8"),
        ("end", "i8"),
        ("onset", "i8"),
        ("off", "i8"),
        ("whole_from", "i8"),
        ("whole", "i8"),
    ]
)
"""The last report, the last one with a fix, a jump not yet confirmed, and the spell of two speeds
that disagree; ``whole`` is its longest part that no two reports can have ended."""

EVENT = np.dtype(
    [
        ("rule", "i4"),
        ("vehicle", "i4"),
        ("start", "i8"),
        ("onset", "i8"),
        ("end", "i8"),
        ("worst", "f8"),
        ("limit", "f8"),
        ("visible", "i8"),
        ("segment", "i4"),
        ("offset", "f4"),
    ]
)


class FeedTruth:
    """Feed it every :class:`Motion` in order; it gives rows of EVENT, one for each that ended."""

    def __init__(
        self, network: Network, fleet: Fleet, seed: int, fault: npt.NDArray[np.int8]
    ) -> None:
        self._network, self._fleet, self._seed, self._fault = network, fleet, seed, fault
        self._last = np.zeros(len(fleet), _LAST)
        self._watched = np.flatnonzero(
            ((fault >= SHIELDED) & (fault != DARK)) | ((fault == FROZEN) & fleet.recorder)
        )
        moved = entry("detect.terminal_moved")
        self._params = (
            float(entry("detect.offline_moving").value("silence")) * 60,
            float(entry("detect.offline_moving").value("displacement")),
            float(entry("detect.offline_moving").value("moving_above")),
            float(moved.value("moving_above")),
            float(moved.value("standing_below")),
            int(moved.value("min_duration")),
        )

    def feed(self, motion: Motion) -> npt.NDArray[Any]:
        """What ended in this span."""
        who = self._watched
        segment, offset = motion.segment[who], motion.offset_m[who]
        lat, lon = self._network.points(segment.ravel(), offset.ravel().astype(np.float64))
        events = np.zeros(len(who) * (motion.seconds // 60 + 3), EVENT)
        count = _judge(
            motion.start_s,
            self._seed,
            who,
            self._fault,
            lat.reshape(segment.shape),
            lon.reshape(segment.shape),
            segment,
            offset,
            motion.speed_kmh[who],
            motion.mode[who],
            self._fleet.interval_s,
            self._network.tunnel,
            self._last,
            events,
            *self._params,
        )
        return events[:count]

    def close(self) -> npt.NDArray[Any]:
        """Speeds that still disagree, as far as they have got."""
        going = np.flatnonzero((self._last["start"] > 0) & (self._last["onset"] > 0))
        rows = np.zeros(len(going), EVENT)
        rows["rule"], rows["vehicle"] = MOVED, going
        for name in ("start", "onset", "end"):
            rows[name] = self._last[name][going]
        over_s = self._last["whole"][going] - self._params[-1]
        rows["visible"] = rows["onset"] - rows["start"] + over_s
        return rows


@njit(cache=True)
def _event(events, count, rule, i, start, onset, end, sure, segment, offset):  # type: ignore[no-untyped-def]  # numba
    e = events[count]
    e.rule, e.vehicle = rule, i
    e.start, e.onset, e.end = start, onset, end
    e.visible = onset - start + (SURE_S if sure else 0)
    e.segment, e.offset = segment, offset
    return count + 1


@njit(cache=True)
def _judge(  # type: ignore[no-untyped-def]  # numba
    start_s,
    seed,
    who,
    fault,
    lat,
    lon,
    segment,
    offset,
    speed,
    mode,
    interval,
    tunnel,
    state,
    events,
    silence_s,
    away_m,
    moving,
    fast,
    slow,
    min_s,
):
    count = 0
    for row in range(len(who)):
        i = who[row]
        s = state[i]
        for j in range(lat.shape[1]):
            now = start_s + 1 + j
            kmh = float(speed[row, j])
            hidden = tunnel[segment[row, j]]
            meddled = tampered(seed, i, fault[i], now)
            place = segment[row, j], offset[row, j]
            step = PARKED_INTERVAL_S if mode[row, j] == PARKED else interval[i]
            reports = (now + 7 * i) % step == 0
            shown = 0.0
            if fault[i] == FROZEN:
                # A receiver that hangs while the vehicle stands goes on to say that it stands. One
                # that hangs at speed is known to hang, but if it never did anything else.
                hangs = _unit(seed, i, 101, now // 1800) < 0.3
                if reports and not hidden and (not hangs or s.fix_at == 0):
                    s.kmh = kmh
                    s.fix_at = now
                    s.away = s.away or not hangs
                shown = s.kmh
                meddled = hangs and s.fix_at > 0 and (shown <= slow or s.away == 0)
            if fault[i] != SILENT and fault[i] != DOUBLED:
                # Shielded: the wheels turn, the satellite says they stand.
                apart = max(kmh, shown) >= fast and min(kmh, shown) <= slow
                if meddled and apart and not hidden:
                    if s.start == 0:
                        s.start = s.whole_from = now
                        s.onset = 0
                        s.whole = 0
                    # Two reports may fall into a dip as long as one interval, and end it there.
                    if s.off >= interval[i]:
                        s.whole_from = now
                    s.end = now
                    s.off = 0
                    s.whole = max(s.whole, now - s.whole_from)
                    if s.onset == 0 and now - s.start >= min_s:
                        s.onset = now
                elif s.start > 0 and not hidden:
                    s.off += 1
                if s.start > 0 and (s.off > 2 * interval[i] or now - s.end > 600):
                    if s.onset > 0:
                        count = _event(
                            events, count, MOVED, i, s.start, s.onset, s.end, False, *place
                        )
                        events[count - 1].visible += s.whole - min_s
                    s.start = s.off = 0
                continue
            if not reports or (meddled and fault[i] == SILENT):
                continue
            north = (lat[row, j] - s.lat) * 111_195.0
            east = (lon[row, j] - s.lon) * 111_195.0 * math.cos(math.radians(lat[row, j]))
            far = math.hypot(north, east)
            if fault[i] == SILENT:
                gap = now - s.at
                seen = s.at > 0 and not hidden and s.tunnel == 0
                # 1.5 km/h and 50 m are more than a receiver errs by.
                if seen and gap > silence_s and s.kmh > moving - 1.5 and far > away_m - 50:
                    sure = s.kmh > moving + 1.5 and far > away_m + 50
                    count = _event(events, count, OFFLINE, i, s.at, now, now, sure, *place)
                s.at, s.kmh, s.tunnel = now, kmh, hidden
                s.lat, s.lon = lat[row, j], lon[row, j]
            elif not hidden:
                if s.jump_to > 0:
                    if meddled == (s.away != 0):
                        count = _event(
                            events, count, JUMP, i, s.jump_from, now, s.jump_to, True, *place
                        )
                    s.jump_to = 0
                elif (
                    s.fix_at > 0
                    and meddled != (s.away != 0)
                    and DOUBLED_DEG * 111.195 / (now - s.fix_at) * 3600 > 200
                ):
                    s.jump_from, s.jump_to = s.fix_at, now
                s.fix_at, s.away = now, meddled
    return count
