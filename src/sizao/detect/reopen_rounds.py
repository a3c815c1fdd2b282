"""In which order a batch is judged where late rows come between its rows.

A *stop* is a row before which something has to be done: late rows of its vehicle are judged, or a
window opens. All rows before their vehicle's second stop make the first round (a stop at its first
row is before everything), those from there to the next the second, and so on: in a round all
vehicles go together, after what their stops ask for. Vehicles that one driver drives in this batch
are *linked*: they count as one, their rows in the order of arrival.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect.stage import Columns
from sizao.detect.windows import Windows

Stop = tuple[int, int]
"""Row and slot."""


class Late(NamedTuple):
    """Rows (ROW) of a batch that were left out as late, by slot, those of one as they came; and
    their slots once more, to be searched."""

    rows: npt.NDArray[Any]
    slots: npt.NDArray[np.int32]

    @classmethod
    def of(cls, late: npt.NDArray[Any]) -> Late:
        """late : as they came"""
        rows = late[np.argsort(late["slot"], kind="stable")]
        return cls(rows, np.ascontiguousarray(rows["slot"]))

    def own(self, slot: int) -> npt.NDArray[Any]:
        """Those of one vehicle."""
        begin, end = np.searchsorted(self.slots, [slot, slot + 1])
        return self.rows[begin:end]


class Rounds(NamedTuple):
    """Number of every row's round, int32 (n,), from 0; and how many there are."""

    number: npt.NDArray[np.int32]
    many: int

    @classmethod
    def of(
        cls,
        slot: npt.NDArray[np.int32],
        stops: npt.NDArray[np.int64],
        linked: Sequence[npt.NDArray[np.int64]],
    ) -> Rounds:
        """slot : of each row, rows of one together
        stops : rows
        linked : rows of vehicles that are, as they came; of each such set
        """
        number, many = _alone(slot, stops)
        if linked:
            stop = np.zeros(len(slot), np.int32)
            stop[stops] = 1
            for rows in linked:
                number[rows] = np.cumsum(stop[rows])
            many = int(number.max(initial=0)) + 1
        return cls(number, many)

    def rows(
        self, wanted: int, columns: Columns, windows: Windows
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Rows of a round, and those of them of vehicles with windows."""
        rows, with_window = _rows(self.number, wanted, columns.slot, windows.place)
        return rows, with_window


@njit(cache=True)
def _alone(slot, stops):  # type: ignore[no-untyped-def]  # numba
    """Number of every row's round if no vehicles are linked, and how many there are."""
    number = np.zeros(len(slot), np.int32)
    many = 1
    for row in np.unique(stops):
        k = row
        if row == 0 or slot[row - 1] != slot[row]:
            continue
        while k < len(slot) and slot[k] == slot[row]:
            number[k] += 1
            k += 1
        many = max(many, number[row] + 1)
    return number, many


@njit(cache=True, nogil=True)
def _rows(number, wanted, slot, place):  # type: ignore[no-untyped-def]  # numba
    rows = np.empty(len(number), np.int64)
    with_window = np.empty(len(number), np.int64)
    count = known = 0
    for i in range(len(number)):
        # Written in any case: quicker than to guess whether.
        rows[count] = i
        with_window[known] = i
        inside = number[i] == wanted
        count += inside
        known += inside and place[slot[i]] > 0
    return rows[:count], with_window[:known]


def late_stops(
    columns: Columns,
    late: Late,
    torn: npt.NDArray[np.int64],
    windows: Windows,
) -> list[Stop]:
    """Rows right before which late ones of their vehicle have come, where there may be a window,
    as they came.

    torn : rows that may open a window
    """
    came = late.slots
    with_window = came[windows.place[came] > 0].tolist()
    opening = set(came.tolist()) & set(columns.slot[torn].tolist())
    slots = sorted({*windows.late, *with_window, *opening})
    if not slots:
        return []
    sought = np.array(slots, np.int32)
    waiting = np.array([slot in windows.late for slot in slots])
    rows = late.rows["row"]
    stops, own = _stops(columns.slot, columns.row, came, rows, sought, waiting)
    return list(zip(stops.tolist(), own.tolist(), strict=True))


@njit(cache=True, nogil=True)
def _stops(slot, row, late_slot, late_row, sought, waiting):  # type: ignore[no-untyped-def]  # numba
    """Rows and slots of :func:`late_stops`, as the rows came.

    late_slot, late_row : of late rows, by slot and as they came
    sought : slots, rising; waiting : whether late rows of each are known from before
    """
    stops = np.empty(len(sought) + len(late_row), np.int64)
    count = 0
    for k in range(len(sought)):
        own = sought[k]
        at = np.searchsorted(slot, own)
        stop = -1
        if waiting[k] and at < len(slot) and slot[at] == own:
            stops[count] = stop = at
            count += 1
        for late in range(np.searchsorted(late_slot, own), len(late_slot)):
            if late_slot[late] != own:
                break
            while at < len(slot) and slot[at] == own and row[at] < late_row[late]:
                at += 1
            if at == len(slot) or slot[at] != own:
                break
            if at != stop:
                stops[count] = stop = at
                count += 1
    stops = stops[:count]
    stops = stops[np.argsort(row[stops])]
    return stops, slot[stops]
