"""Drivers of a batch, as far as windows of rules on a driver's total have to know them.

Such a window holds what was remembered of each driver before his first row in it. Vehicles that one
driver drives in the same batch are *linked*: their rows are judged in the order of arrival, with a
stop wherever something is remembered of him. All others may go in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect import sparse
from sizao.detect.reopen_rounds import Late, Stop
from sizao.detect.stage import Columns, Memory, Rule
from sizao.detect.totals import DrivingTotal
from sizao.detect.windows import Windows


class Linked(NamedTuple):
    """rows : of vehicles that drivers link, in the order of arrival; of each such set
    new : those at which a window gets to know one of these drivers
    """

    rows: list[npt.NDArray[np.int64]]
    new: list[int]


class Drivers:
    """Those of one batch; all is empty if none of the rules is on totals."""

    def __init__(
        self,
        group: Sequence[Rule],
        columns: Columns,
        rows: npt.NDArray[np.int64],
        memories: Mapping[str, Memory],
        windows: Windows,
    ) -> None:
        """rows : those that the rules look at"""
        self.columns, self.memories, self.windows = columns, memories, windows
        self.totals = [rule.id for rule in group if isinstance(rule, DrivingTotal)]
        self.who = np.full(len(columns.slot), -1, np.int32)
        """Who drove until each row, -1 unknown: to him belongs what was driven."""
        if self.totals:
            _who(columns.slot, columns.driver, rows, memories[self.totals[0]].each, self.who)

    def knows(self, rule: Rule, slot: int, driver: int) -> bool:
        """Whether a report of a vehicle is its window's: not if he drove it only before."""
        known = self.windows.of_rule[rule.id].drivers.get(slot, {})
        return driver < 0 or rule.id not in self.totals or driver in known

    def learn(self, rows: npt.NDArray[np.int64]) -> None:
        """Keep what is remembered of those who drive here in a window for the first time.

        rows : to be judged next, of vehicles with windows
        """
        rows = rows[self.who[rows] >= 0]
        pairs = zip(self.columns.slot[rows].tolist(), self.who[rows].tolist(), strict=True)
        for slot, driver in set(pairs) if len(rows) else ():
            for rule in self.totals:
                drivers = self.windows.of_rule[rule].drivers.setdefault(slot, {})
                if driver not in drivers:
                    drivers[driver] = remembered(self.memories[rule], driver)

    def linked(self, stops: Sequence[Stop], torn: npt.NDArray[np.int64], late: Late) -> Linked:
        """Which vehicles drivers link, late rows looked at too."""
        rows = np.flatnonzero(self.who >= 0)
        slots, drivers = self.columns.slot[rows], self.who[rows]
        pairs = [
            (slot, driver)
            for slot in {slot for _, slot in (stops if self.totals else ())}
            for driver in self._of_window(slot, late)
        ]
        if pairs:
            more = np.array(pairs, np.int32)
            slots, drivers = np.append(slots, more[:, 0]), np.append(drivers, more[:, 1])
        shared = _shared(slots, drivers) if len(slots) else np.zeros(0, np.bool_)
        found = Linked([], [])
        if shared.any():
            for some in _joined(slots[shared].tolist(), drivers[shared].tolist()):
                own = np.flatnonzero(np.isin(self.columns.slot, list(some)))
                own = own[np.argsort(self.columns.row[own])]
                found.rows.append(own)
                found.new.extend(self._new(own, set(self.columns.slot[torn].tolist())))
        return found

    def _of_window(self, slot: int, late: Late) -> set[int]:
        windows = self.windows
        drivers = set(windows.of_rule[self.totals[0]].drivers.get(slot, {}))
        drivers.update(late.own(slot)["driver"].tolist())
        if slot in windows.late:
            drivers.update(windows.late[slot]["driver"].tolist())
        return drivers - {-1}

    def _new(self, rows: npt.NDArray[np.int64], torn: set[int]) -> list[int]:
        """Rows at which somebody drives a vehicle of whom its window does not know yet."""
        drivers = self.windows.of_rule[self.totals[0]].drivers
        last: dict[int, int] = {}
        new = []
        slots, who = self.columns.slot[rows].tolist(), self.who[rows].tolist()
        for row, slot, driver in zip(rows.tolist(), slots, who, strict=True):
            is_known = slot not in torn and driver in drivers.get(slot, {})
            if driver != last.get(slot) and not is_known and (slot in torn or slot in self.windows):
                new.append(row)
            last[slot] = driver
        return new


def remembered(memory: Memory, driver: int) -> npt.NDArray[Any]:
    """What a rule remembers of a driver, one row or none."""
    at = sparse.find(memory.few, driver, 1)
    return memory.few[at : at + 1].copy() if at else memory.few[:0].copy()


@njit(cache=True)
def _who(slot, driver, rows, each, who):  # type: ignore[no-untyped-def]  # numba
    for i in rows:
        follows = i > 0 and slot[i - 1] == slot[i]
        who[i] = driver[i - 1] if follows else each[slot[i]].driver - 1


@njit(cache=True)
def _shared(slots, drivers):  # type: ignore[no-untyped-def]  # numba
    """Whether the driver of each pair is in one of another slot too."""
    first = np.full(drivers.max() + 1, -1, np.int32)
    several = np.zeros(len(first), np.bool_)
    for at in range(len(slots)):
        slot, driver = slots[at], drivers[at]
        if first[driver] < 0:
            first[driver] = slot
        elif first[driver] != slot:
            several[driver] = True
    return several[drivers]


def _joined(slots: Sequence[int], drivers: Sequence[int]) -> list[set[int]]:
    """Slots in sets, those that share a driver in one."""
    by_driver: dict[int, set[int]] = {}
    for slot, driver in zip(slots, drivers, strict=True):
        by_driver.setdefault(driver, set()).add(slot)
    found: list[set[int]] = []
    for some in by_driver.values():
        apart = [one for one in found if not one & some]
        found = [*apart, some.union(*(one for one in found if one & some))]
    return found
