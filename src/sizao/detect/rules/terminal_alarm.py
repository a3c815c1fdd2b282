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
from sizao.core.rulebook import rulebook
from sizao.detect.emit import FINDING, findings, no_findings, room
from sizao.detect.params import Book, Params, version_of
from sizao.detect.stage import Columns, Findings

CODE_VERSION = 1

MAX_BITS = 6
"""Bits the state has room for."""

STATE = np.dtype(
    [
        ("start_us", "i8", (MAX_BITS,)),
        ("last_us", "i8", (MAX_BITS,)),
        ("received_us", "i8", (MAX_BITS,)),
        ("lat", "f8", (MAX_BITS,)),
        ("lon", "f8", (MAX_BITS,)),
        ("stake_m", "f8", (MAX_BITS,)),
        ("segment", "i4", (MAX_BITS,)),
        ("driver", "i4", (MAX_BITS,)),
        ("up", "u4"),
    ],
    align=True,
)
"""One vehicle; ``up`` has bit k set while the k-th of the alarms is up, the rest is by k."""


def params_from(book: Book) -> Params:
    """The rule's parameters out of a rule book. Raises ConfigError for a bit that cannot be."""
    own = "detect.terminal_alarm"
    if own not in book:
        raise ConfigError(f"no rule {own!r} in the rule book")
    bits = book[own].value("bits")
    if not 0 < len(bits) <= MAX_BITS or not all(bit in range(32) for bit in bits.values()):
        raise ConfigError(f"rule {own}: bits must be 1 to {MAX_BITS} names of bits 0 to 31")
    return {"bits": dict(bits)}


@njit(cache=True)
def _kernel(  # type: ignore[no-untyped-def]
    slot,
    time_us,
    received_us,
    alarm,
    lat,
    lon,
    stake_m,
    segment,
    driver,
    bits,
    up,
    start,
    last,
    received,
    at_lat,
    at_lon,
    at_stake_m,
    at_segment,
    at_driver,
    out,
):
    count = 0
    watched = np.uint32(0)
    for k in range(len(bits)):
        watched |= np.uint32(1) << bits[k]
    for i in range(len(slot)):
        own = slot[i]
        if alarm[i] & watched == 0 and up[own] == 0:
            continue
        for k in range(len(bits)):
            now_up = (alarm[i] >> bits[k]) & 1 != 0
            was_up = (up[own] >> np.uint32(k)) & 1 != 0
            if now_up:
                if not was_up:
                    start[own, k] = time_us[i]
                    received[own, k] = received_us[i]
                    at_lat[own, k] = lat[i]
                    at_lon[own, k] = lon[i]
                    at_stake_m[own, k] = stake_m[i]
                    at_segment[own, k] = segment[i]
                    at_driver[own, k] = driver[i]
                last[own, k] = time_us[i]
            if now_up == was_up:
                continue
            up[own] ^= np.uint32(1) << np.uint32(k)
            out = room(out, count)
            row = out[count]
            row.slot = own
            row.code = k
            row.revision = 1 if was_up else 0
            row.start_us = start[own, k]
            row.end_us = last[own, k]
            row.fired_us = start[own, k]
            row.worst_us = start[own, k]
            row.received_us = received[own, k]
            row.measured = 1.0
            row.limit = 0.0
            row.lat = at_lat[own, k]
            row.lon = at_lon[own, k]
            row.stake_m = at_stake_m[own, k]
            row.segment = at_segment[own, k]
            row.driver = at_driver[own, k]
            row.quality = 0
            count += 1
    return out[:count]


class TerminalAlarm:
    """The rule; the module's docstring is its definition."""

    id = "terminal_alarm"
    measured_unit = "bit"
    state_dtype = STATE

    def version(self, params: Params) -> str:
        return version_of(CODE_VERSION, params)

    def params_from(self, book: Book) -> Params:
        return params_from(book)

    def default_params(self) -> Params:
        return params_from(rulebook())

    def active(self, state: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        return state["up"] != 0

    def step(
        self, columns: Columns, state: npt.NDArray[Any], params: Params
    ) -> tuple[Findings, npt.NDArray[Any]]:
        rows = _kernel(
            columns.slot,
            columns.time_us,
            columns.received_us,
            columns.alarm,
            columns.lat,
            columns.lon,
            columns.stake_m,
            columns.segment,
            columns.driver,
            np.array(list(params["bits"].values()), np.uint32),
            state["up"],
            state["start_us"],
            state["last_us"],
            state["received_us"],
            state["lat"],
            state["lon"],
            state["stake_m"],
            state["segment"],
            state["driver"],
            no_findings(),
        )
        return self._findings(rows, params), state

    def close(self, state: npt.NDArray[Any], params: Params) -> Findings:
        slots, bits = np.nonzero(state["up"][:, None] >> np.arange(MAX_BITS) & 1)
        rows = np.zeros(len(slots), FINDING)
        rows["slot"], rows["code"], rows["revision"], rows["measured"] = slots, bits, 1, 1
        rows["end_us"] = state["last_us"][slots, bits]
        rows["fired_us"] = rows["worst_us"] = state["start_us"][slots, bits]
        for name in ("start_us", "received_us", "lat", "lon", "stake_m", "segment", "driver"):
            rows[name] = state[name][slots, bits]
        return self._findings(rows, params)

    def _findings(self, rows: npt.NDArray[Any], params: Params) -> Findings:
        names = list(params["bits"])

        def name(row: Any) -> str:
            return str(names[row["code"]])

        return findings(rows, severity=name, part=name)
