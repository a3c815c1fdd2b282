"""Ground truth of what terminals report of themselves: bits of the alarm word, report by report.

From the plan (``alarm_words.py``) and the moments at which terminals report; nothing of it is taken
from the bytes. A spell lasts from the first report with the bit to the last before one without.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.rulebook import entry
from sizao.core.vehicles import KIND_CODES
from sizao.sim._motion import OFF, PARKED
from sizao.sim._sampling import DARK, PARKED_INTERVAL_S, SILENT, tampered
from sizao.sim.alarm_words import PRESSED_S, alarm_word, pressed
from sizao.sim.fleet import Fleet
from sizao.sim.traffic import Motion

RULES = ("terminal_alarm", "terminal_fault")

EVENT = np.dtype(
    [
        ("vehicle", "i4"),
        ("bit", "i4"),
        ("start", "i8"),
        ("end", "i8"),
        ("shown", "i4"),
        ("segment", "i4"),
        ("offset", "f4"),
    ]
)
"""``shown``: reports with the bit."""

_UP = np.dtype([("start", "i8"), ("last", "i8"), ("shown", "i4"), ("segment", "i4"), ("at", "f4")])


class AlarmTruth:
    """Feed it every :class:`Motion` in order; it gives rows of EVENT, one a spell that ended."""

    def __init__(self, fleet: Fleet, seed: int, fault: npt.NDArray[np.int8]) -> None:
        self._fleet, self._seed, self._fault = fleet, seed, fault
        self._panics = fleet.kind != KIND_CODES["police"]
        self._pressed_until = np.zeros(len(fleet), np.int64)
        self._up = np.zeros((len(fleet), 32), _UP)
        self.names = {
            int(bit): (rule, str(name))
            for rule in RULES
            for name, bit in entry(f"detect.{rule}").value("bits").items()
        }
        """Bit to the rule that minds it and its name."""

    def feed(self, motion: Motion) -> npt.NDArray[Any]:
        """What ended in this span."""
        events = np.zeros(len(self._fleet) * 4 + 16, EVENT)
        count = _follow(
            motion.start_s,
            self._seed,
            self._fault,
            self._panics,
            motion.mode,
            motion.segment,
            motion.offset_m,
            self._fleet.interval_s,
            self._pressed_until,
            self._up,
            events,
        )
        return events[:count]


@njit(cache=True)
def _follow(  # type: ignore[no-untyped-def]  # numba
    start_s, seed, fault, panics, mode, segment, offset, interval, pressed_until, up, events
):
    count = 0
    for i in range(len(fault)):
        if fault[i] == DARK:
            continue
        for j in range(mode.shape[1]):
            now = start_s + 1 + j
            step = PARKED_INTERVAL_S if mode[i, j] == PARKED else interval[i]
            if (now + 7 * i) % step != 0 or mode[i, j] == OFF:
                continue
            if mode[i, j] != PARKED and panics[i] and pressed(seed, i, now):
                pressed_until[i] = now + PRESSED_S
            if fault[i] == SILENT and tampered(seed, i, fault[i], now):
                continue
            word = alarm_word(seed, i, now) | (1 if now < pressed_until[i] else 0)
            for bit in range(32):
                s = up[i, bit]
                if (word >> bit) & 1:
                    if s.start == 0:
                        s.start = now
                        s.shown = 0
                        s.segment = segment[i, j]
                        s.at = offset[i, j]
                    s.last = now
                    s.shown += 1
                elif s.start > 0:
                    if count < len(events):
                        e = events[count]
                        e.vehicle, e.bit = i, bit
                        e.start, e.end, e.shown = s.start, s.last, s.shown
                        e.segment, e.offset = s.segment, s.at
                        count += 1
                    s.start = 0
    return count
