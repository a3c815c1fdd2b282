"""Which windows there is room for, by the order in which rows arrive alone.

A window goes when ``most`` others have been opened after it, whether those are still open or not.
Were the open ones counted, it would matter whether a batch shows that one closes before another
opens.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect.stage import Columns
from sizao.detect.windows import Windows

_STAYS = np.iinfo(np.int64).max


class Room(NamedTuple):
    """Of one batch.

    torn : rows that may open a window
    opens : bool, shape as ``torn``: whether it does
    number : int64, shape as ``torn``: of a window that opens, how many had before
    opened : how many have with this batch
    first, at : the number of the first, and the places in the batch at which they open, rising
    """

    torn: npt.NDArray[np.int64]
    opens: npt.NDArray[np.bool_]
    number: npt.NDArray[np.int64]
    opened: int
    first: int
    at: npt.NDArray[np.int64]
    most: int

    @classmethod
    def of(
        cls,
        columns: Columns,
        torn: npt.NDArray[np.int64],
        windows: Windows,
        within_us: int,
        most: int,
    ) -> Room:
        """What ``torn`` rows, rising, do to ``windows``."""
        slots, vehicle = np.unique(columns.slot[torn], return_inverse=True)
        number, until_us = np.full(len(slots), -1), np.zeros(len(slots), np.int64)
        place = windows.place[slots]
        known = windows.head[place[place > 0] - 1]
        number[place > 0], until_us[place > 0] = known["number"], known["until_us"]
        order = np.argsort(columns.row[torn])
        opens, numbers = np.zeros(len(torn), np.bool_), np.full(len(torn), windows.opened)
        opened = _opened(
            order, vehicle, columns.time_us[torn], number, until_us,
            windows.opened, within_us, most, opens, numbers,
        )  # fmt: skip
        at = columns.row[torn[order[opens[order]]]]
        return cls(torn, opens, numbers, int(opened), windows.opened, at, most)

    def goes(self, number: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Place in the batch from which on windows are gone; beyond it if they stay."""
        later = number + self.most - self.first
        goes = np.full(len(number), _STAYS)
        inside = later < len(self.at)
        goes[inside] = self.at[later[inside]]
        return goes

    def asked_for(
        self, columns: Columns, windows: Windows, came: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.bool_]:
        """Of ``torn``, whether anything depends on what it does: its vehicle has a window from
        before, or late rows in this batch, or one that stays. Of a whole platform that comes back
        nearly all windows are gone again with the batch, and nobody has looked into them.

        came : vehicles of late rows, rising; ``torn`` rise, too
        """
        slots = columns.slot[self.torn]
        stays = self.opens & (self.goes(self.number) == _STAYS)
        known: npt.NDArray[np.bool_] = windows.place[slots] > 0
        return known | _among(slots, slots[stays]) | _among(slots, came)

    def matters(self, columns: Columns) -> npt.NDArray[np.bool_]:
        """Of ``torn``, whether the window it opens stays, or its vehicle has another row before."""
        goes = self.goes(self.number)
        following = np.minimum(self.torn + 1, len(columns.slot) - 1)
        again = (
            (following > self.torn)
            & (columns.slot[following] == columns.slot[self.torn])
            & (columns.row[following] < goes)
        )
        return self.opens & ((goes == _STAYS) | again)


@njit(cache=True)
def _among(slots, others):  # type: ignore[no-untyped-def]  # numba
    """Whether each is one of the others; both rise."""
    found = np.zeros(len(slots), np.bool_)
    at = 0
    for i in range(len(slots)):
        while at < len(others) and others[at] < slots[i]:
            at += 1
        found[i] = at < len(others) and others[at] == slots[i]
    return found


@njit(cache=True)
def _opened(  # type: ignore[no-untyped-def]  # numba
    order, vehicle, time_us, number, until_us, opened, within_us, most, opens, numbers
):
    """Number and end of each vehicle's last window, kept up; returns how many have opened."""
    for k in order:
        own = vehicle[k]
        stays = number[own] >= 0 and opened - number[own] <= most
        if stays and time_us[k] <= until_us[own]:
            continue
        opens[k] = True
        numbers[k] = opened
        number[own] = opened
        until_us[own] = time_us[k] + within_us
        opened += 1
    return opened
