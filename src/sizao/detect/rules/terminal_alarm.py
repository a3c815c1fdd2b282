"""Terminal alarms: what the terminal itself reports, as episodes instead of levels.

The alarm word of a position report is a level: while a bit is up it comes with every report. An
episode starts, and fires at once (revision 0), at the first report in which a bit is up after one
in which it was not, or at the first report ever; it ends (revision 1) when a report comes without
the bit, and ``end`` is the last report with it. A report without an alarm word counts as one
without alarms. Each bit has episodes of its own; ``severity`` is the bit's name: ``emergency``
(bit 0), ``overspeed`` (1), ``fatigue`` (2), ``collision`` (29), ``rollover`` (30).

``measured`` is 1 and ``limit`` 0, unit ``bit``. The place is that of the first report; it may be
unknown, because an alarm without a satellite fix is an alarm all the same.

Source: JT/T 808, alarm word of the position report, ``detect.terminal_alarm`` (recalled).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.errors import ConfigError
from sizao.detect import sparse
from sizao.detect.emit import FINDING, NOTHING, findings, no_findings, placed, room
from sizao.detect.params import Book, Params
from sizao.detect.stage import Columns, Findings, Memory, RuleBase, World

CODE_VERSION = 1

STATE = np.dtype([("up", "u1")])
"""Every vehicle: how many alarms are up."""

FEW = sparse.episodes(
    [
        ("start_us", "i8"),
        ("last_us", "i8"),
        ("received_us", "i8"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("stake_m", "f8"),
        ("segment", "i4"),
        ("driver", "i4"),
    ]
)
"""An alarm that is up; its part is k."""


def bits_from(book: Book, own: str) -> Params:
    """A rule's bits out of a rule book. Raises ConfigError for a bit that cannot be."""
    if own not in book:
        raise ConfigError(f"no rule {own!r} in the rule book")
    bits = book[own].value("bits")
    if not 0 < len(bits) <= 32 or not all(bit in range(32) for bit in bits.values()):
        raise ConfigError(f"rule {own}: bits must be 1 to 32 names of bits 0 to 31")
    return {"bits": dict(bits)}


@njit(cache=True)
def _report(ep, slot, bit, revision, out, count):  # type: ignore[no-untyped-def]  # numba
    out = room(out, count)
    row = out[count]
    row.slot = slot
    row.code = bit
    row.revision = revision
    row.start_us = row.fired_us = row.worst_us = ep.start_us
    row.end_us = ep.last_us
    row.received_us = ep.received_us
    row.measured = 1.0
    row.limit = 0.0
    row.lat = ep.lat
    row.lon = ep.lon
    row.stake_m = ep.stake_m
    row.segment = ep.segment
    row.driver = ep.driver
    row.quality = 0
    return out, count + 1


@njit(cache=True)
def _watched(bits):  # type: ignore[no-untyped-def]  # numba
    watched = np.uint32(0)
    for k in range(len(bits)):
        watched |= np.uint32(1) << bits[k]
    return watched


@njit(cache=True, nogil=True)
def _rows(slot, alarm, each, bits):  # type: ignore[no-untyped-def]  # numba
    """Rows on which an alarm is up, and those of vehicles of which one was: see ``concern.py``."""
    watched = _watched(bits)
    rows = np.empty(len(slot), np.int64)
    count = 0
    chosen = -1
    for i in range(len(slot)):
        own = slot[i]
        if alarm[i] & watched != 0 or each[own].up != 0 or own == chosen:
            chosen = own
            rows[count] = i
            count += 1
    return rows[:count]


@njit(cache=True, nogil=True)
def _kernel(c, rows, each, few, bits, out):  # type: ignore[no-untyped-def]  # numba
    count = np.int64(0)
    watched = _watched(bits)
    for i in rows:
        own = c.slot[i]
        if c.alarm[i] & watched == 0 and each[own].up == 0:
            continue
        st = each[own]
        for k in range(len(bits)):
            now_up = (c.alarm[i] >> bits[k]) & 1 != 0
            at = sparse.find(few, own, k) if st.up != 0 else 0
            was_up = at != 0
            if now_up:
                few, at = sparse.add(few, own, k)
                ep = few[at]
                ep.last_us = c.time_us[i]
                if not was_up:
                    st.up += 1
                    ep.start_us = c.time_us[i]
                    ep.received_us = c.received_us[i]
                    placed(ep, c, i)
                    out, count = _report(ep, own, k, np.int64(0), out, count)
            elif was_up:
                out, count = _report(few[at], own, k, np.int64(1), out, count)
                sparse.drop(few, at)
                st.up -= 1
    return out[:count], few


class TerminalAlarm(RuleBase):
    """The rule; the module's docstring is its definition."""

    id = "terminal_alarm"
    code_version = CODE_VERSION
    measured_unit = "bit"
    state_dtype = STATE
    few_dtype = FEW

    def params_from(self, book: Book) -> Params:
        return bits_from(book, "detect.terminal_alarm")

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        return np.flatnonzero(memory.each["up"]).astype(np.int32)

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        bits = np.array(list(params["bits"].values()), np.uint32)
        rows = _rows(columns.slot, columns.alarm, memory.each, bits)
        if not len(rows):
            return NOTHING, memory
        found, few = _kernel(columns, rows, memory.each, memory.few, bits, no_findings())
        return self._findings(found, params), Memory(memory.each, few)

    def close(self, memory: Memory, params: Params) -> Findings:
        up = sparse.rows(memory.few)
        rows = np.zeros(len(up), FINDING)
        rows["slot"], rows["code"] = sparse.slots(up), sparse.parts(up)
        rows["revision"] = rows["measured"] = 1
        rows["end_us"] = up["last_us"]
        rows["fired_us"] = rows["worst_us"] = up["start_us"]
        for name in ("start_us", "received_us", "lat", "lon", "stake_m", "segment", "driver"):
            rows[name] = up[name]
        return self._findings(rows, params)

    def _findings(self, rows: npt.NDArray[Any], params: Params) -> Findings:
        names = list(params["bits"])

        def name(row: Any) -> str:
            return str(names[row["code"]])

        return findings(rows, severity=name, part=name)
