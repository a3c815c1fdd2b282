"""Driving time of a person in a rolling window, inside a kernel's state.

The window is a ring of equal pieces of time: the one now running and so many before it that all
together are the law's span. So it is never longer than the span, and shorter by less than one
piece: what is found in it was driven within the span, and no driver is accused by the rounding.

Totals belong to drivers and follow them from one vehicle to the next; of an unknown driver they
belong to the vehicle. Both stand in one table of the few: a driver's number with part 1, a slot
with part 0. Because vehicles meet in a driver's total, rows are taken in the order of arrival and
not vehicle by vehicle; that order does not depend on where a batch was cut. Whose hours can no
longer matter is forgotten (``forgetting.py``).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.prefetch import prefetch
from sizao.detect import sparse
from sizao.detect.coaches import kinds_from, rows_of
from sizao.detect.continuous import speed_of
from sizao.detect.distance import within
from sizao.detect.emit import FINDING, GAP, NOTHING, findings, no_findings, room
from sizao.detect.params import Book, Params, number
from sizao.detect.room import AHEAD
from sizao.detect.stage import Columns, Findings, Memory, RuleBase, World

STATE = np.dtype([("driver", "i4"), ("moving", "i1")])
"""Every vehicle: who drove at its last row (index plus one, 0 unknown), and whether it moved."""


def few_of(pieces: int) -> np.dtype[Any]:
    """The table's row for a ring of so many pieces. ``newest``: number of the one now running."""
    return sparse.episodes(
        [
            ("start_us", "i8"),
            ("end_us", "i8"),
            ("worst_us", "i8"),
            ("fired_us", "i8"),
            ("received_us", "i8"),
            ("lat", "f8"),
            ("lon", "f8"),
            ("stake_m", "f8"),
            ("segment", "i4"),
            ("slot", "i4"),
            ("newest", "i4"),
            ("total_s", "i4"),
            ("peak_s", "i4"),
            ("unknown_s", "i4"),
            ("unknown_in", "i4"),
            ("peak_unknown_s", "i4"),
            ("revision", "i2"),
            ("fired", "i1"),
            ("driven_s", "u2", (pieces,)),
        ]
    )


@njit(cache=True)
def _advance(ep, piece):  # type: ignore[no-untyped-def]  # numba
    """Let the window end in this piece; what has left it is taken off."""
    pieces = len(ep.driven_s)
    if ep.newest == 0:
        ep.newest = piece
    for _ in range(min(piece - ep.newest, pieces)):
        ep.newest += 1
        at = ep.newest % pieces
        ep.total_s -= ep.driven_s[at]
        ep.driven_s[at] = 0
    # Only after a longer pause, when all of it has been emptied, is there anything left to skip.
    ep.newest = max(ep.newest, piece)
    if ep.newest - ep.unknown_in >= pieces:
        ep.unknown_s = 0


@njit(cache=True)
def _drive(ep, from_s, to_s, piece_s):  # type: ignore[no-untyped-def]  # numba
    """Add driving, each second to its piece; what lies before the window is past."""
    pieces = len(ep.driven_s)
    at_s = from_s
    while at_s < to_s:
        piece = at_s // piece_s
        stop_s = min((piece + 1) * piece_s, to_s)
        if piece > ep.newest:
            _advance(ep, piece)
        _add(ep, piece, piece % pieces, stop_s - at_s, piece_s)
        at_s = stop_s


@njit(cache=True)
def _add(ep, piece, at, span_s, piece_s):  # type: ignore[no-untyped-def]  # numba
    """Add driving inside of a piece, number ``at`` of the ring."""
    if ep.newest - piece < len(ep.driven_s):
        # A card that is in two vehicles at once does not make an hour longer.
        more_s = min(span_s, piece_s - ep.driven_s[at])
        ep.driven_s[at] += more_s
        ep.total_s += more_s


@njit(cache=True)
def _report(ep, driver, out, count):  # type: ignore[no-untyped-def]  # numba
    out = room(out, count)
    row = out[count]
    row.slot = ep.slot
    row.revision = ep.revision
    row.start_us = ep.start_us
    row.end_us = ep.end_us
    row.fired_us = ep.fired_us
    row.received_us = ep.received_us
    row.worst_us = ep.worst_us
    row.measured = ep.peak_s / 60.0
    row.limit = 0.0
    row.lat = ep.lat
    row.lon = ep.lon
    row.stake_m = ep.stake_m
    row.segment = ep.segment
    row.driver = driver
    row.quality = GAP if ep.peak_unknown_s > 0 else 0
    row.code = (ep.peak_unknown_s + 59) // 60
    return out, count + 1


@njit(cache=True)
def _near(slot, each, few, ring):  # type: ignore[no-untyped-def]  # numba
    """Bring near what a row of this vehicle, soon to come, will need."""
    who = each[slot].driver
    at = sparse.home(few, who - 1, 1) if who > 0 else sparse.home(few, slot, 0)
    prefetch(few, at)
    driven_s = few[at].driven_s
    # The fields before the ring lie on a line between those two.
    prefetch(driven_s, 0)
    prefetch(driven_s, ring)


@njit(cache=True, nogil=True)
def _kernel(  # type: ignore[no-untyped-def]  # numba
    c, rows, each, few, piece_s, limit_s, moving_above_kmh, max_gap_us, rest_m, out
):
    count = 0
    # Rows that come together are nearly always of one piece, and a division takes longer than all
    # else of a row.
    newest = ring = piece_from_s = np.int64(0)
    for k in range(len(rows)):
        i = rows[k]
        own = c.slot[i]
        st = each[own]
        _near(c.slot[rows[min(k + AHEAD, len(rows) - 1)]], each, few, ring)
        now, before = c.time_us[i], c.prev_us[i]
        speed = speed_of(c.lat[i], c.speed_kmh[i], c.recorder_speed_kmh[i])
        who, moved = st.driver, st.moving
        st.driver = c.driver[i] + 1
        st.moving = speed > moving_above_kmh
        slot, part = (who - 1, 1) if who > 0 else (own, 0)
        gap = before != 0 and now - before > max_gap_us
        driven = before != 0 and not gap and moved and st.moving
        at = sparse.find(few, slot, part)
        if at == 0:
            if not driven:
                continue
            few, at = sparse.add(few, slot, part)
        ep = few[at]
        now_s = now // 1_000_000
        if not piece_from_s <= now_s < piece_from_s + piece_s:
            newest = now_s // piece_s
            ring, piece_from_s = newest % len(ep.driven_s), newest * piece_s
        _advance(ep, newest)
        if driven:
            before_s = before // 1_000_000
            if before_s >= piece_from_s:
                _add(ep, newest, ring, now_s - before_s, piece_s)
            else:
                _drive(ep, before_s, now_s, piece_s)
        elif gap and not (
            c.prev_fix_us[i] == before
            and within(c.prev_lat[i], c.prev_lon[i], c.lat[i], c.lon[i], rest_m)
        ):
            span_s = len(ep.driven_s) * piece_s
            ep.unknown_s = min(ep.unknown_s + (now - before) // 1_000_000, span_s)
            ep.unknown_in = ep.newest
        if ep.fired and (ep.total_s <= limit_s or (driven and ep.slot != own)):
            ep.revision += 1
            out, count = _report(ep, who - 1, out, count)
            ep.fired = 0
        if not driven or ep.total_s <= limit_s:
            continue
        fires = not ep.fired
        if fires:
            ep.fired = 1
            ep.revision = 0
            ep.slot = own
            ep.start_us = now
            ep.fired_us = now
            ep.received_us = c.received_us[i]
            ep.peak_s = 0
        ep.end_us = now
        if ep.total_s > ep.peak_s:
            ep.peak_s = ep.total_s
            ep.peak_unknown_s = ep.unknown_s
            ep.worst_us = now
            ep.lat = c.lat[i]
            ep.lon = c.lon[i]
            ep.stake_m = c.stake_m[i]
            ep.segment = c.segment[i]
        if fires:
            out, count = _report(ep, who - 1, out, count)
    return out[:count], few


class DrivingTotal(RuleBase):
    """A rule on driving time in a window of ``pieces`` times ``piece_s`` seconds."""

    id: str
    measured_unit = "min"
    state_dtype = STATE
    few_dtype: np.dtype[Any]
    pieces: ClassVar[int]
    piece_s: ClassVar[int]
    law_parameter: ClassVar[str]
    """Parameter of ``fatigue.coach`` that is the limit."""

    def params_from(self, book: Book) -> Params:
        samples = "detect.fatigue"
        return {
            "max_driving_min": number(book, "fatigue.coach", self.law_parameter, "min"),
            "moving_above_kmh": number(book, samples, "moving_above", "km/h"),
            "max_gap_s": number(book, samples, "max_gap", "s"),
            "rest_displacement_m": number(book, samples, "rest_displacement", "m"),
            "kinds": kinds_from(book),
            "reopen_within_min": number(book, "detect.reopen", "within", "min"),
        }

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        slots: npt.NDArray[np.int32] = np.unique(_fired(memory)["slot"]).astype(np.int32)
        return slots

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        if not len(rows_of(columns, params["kinds"])):
            return NOTHING, memory
        found, few = _kernel(
            columns,
            arrived(columns, params),
            memory.each,
            memory.few,
            self.piece_s,
            round(params["max_driving_min"] * 60),
            float(params["moving_above_kmh"]),
            round(params["max_gap_s"] * 1e6),
            float(params["rest_displacement_m"]),
            no_findings(),
        )
        return self.findings(found, params), Memory(memory.each, few)

    def close(self, memory: Memory, params: Params) -> Findings:
        return self.ended(_fired(memory), params)

    def ended(self, ended: npt.NDArray[Any], params: Params) -> Findings:
        """Last revisions of episodes, rows of the table that have fired."""
        rows = np.zeros(len(ended), FINDING)
        rows["revision"] = ended["revision"] + 1
        rows["measured"] = ended["peak_s"] / 60
        rows["quality"] = np.where(ended["peak_unknown_s"] > 0, GAP, 0)
        rows["code"] = (ended["peak_unknown_s"] + 59) // 60
        rows["driver"] = np.where(sparse.parts(ended) == 1, sparse.slots(ended), -1)
        for name in ("slot", "start_us", "end_us", "worst_us", "fired_us", "received_us"):
            rows[name] = ended[name]
        for name in ("lat", "lon", "stake_m", "segment"):
            rows[name] = ended[name]
        return self.findings(rows, params)

    def findings(self, rows: npt.NDArray[Any], params: Params) -> Findings:
        """The kernel's rows with limit and severity."""
        rows["limit"] = params["max_driving_min"]
        return findings(rows, _severity, note=_note)


def arrived(columns: Columns, params: Params) -> npt.NDArray[np.int64]:
    """Rows that a total looks at, in order of arrival. Not to be changed: totals, which ask one
    after the other, are given the same."""
    global _asked
    rows = rows_of(columns, params["kinds"])
    row, own, ordered = _asked
    if row is not columns.row or own is not rows:
        ordered = _as_they_came(columns.row, rows)
        _asked = columns.row, rows, ordered
    return ordered


_NO_ROWS = np.empty(0, np.int64)
_asked: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]] = (
    _NO_ROWS,
    _NO_ROWS,
    _NO_ROWS,
)
"""What was asked last, and the answer. Columns do not change."""


@njit(cache=True, nogil=True)
def _as_they_came(row, rows):  # type: ignore[no-untyped-def]  # numba
    """``rows`` in order of their places in the batch, each another."""
    last = np.int64(-1)
    for i in rows:
        last = max(last, row[i])
    at = np.full(last + 1, -1, np.int64)
    for i in rows:
        at[row[i]] = i
    count = 0
    for place in range(last + 1):
        # Written in any case: quicker than to guess whether.
        at[count] = at[place]
        count += at[place] >= 0
    return at[:count]


def _fired(memory: Memory) -> npt.NDArray[Any]:
    return sparse.rows(memory.few, memory.few["fired"] != 0)


def _severity(row: Any) -> str:
    return "over_limit" if row["driver"] >= 0 else "unknown_driver"


def _note(row: Any) -> str:
    """How many minutes at most may have been driving and were not counted."""
    return f"unknown_min={row['code']}" if row["code"] else ""
