"""Windows judged anew with their late rows: see ``reopen.py``.

All vehicles whose turn it is are judged at once: what a rule costs is how often it is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect import sparse
from sizao.detect.revisions import differences, findings_of, report_of
from sizao.detect.stage import Columns, Findings, Memory, Rule, World
from sizao.detect.window_rows import columns_of, in_order, unknown
from sizao.detect.windows import Report, Windows

GIVEN = ("revision", "fired_us", "received_us")
"""Of an episode: what was really given out, whatever is found when it is judged again."""
_LEFT = "left_"
"""Before the fields of a run that another driver left, in rules that know such runs."""


@dataclass(frozen=True)
class Anew:
    """What all rules that share a window judge. ``was`` are its rows (ROW) as they came, ``rows``
    those with the late ones in their places, the latest of which was received at ``latest_us``."""

    slot: int
    was: npt.NDArray[Any]
    rows: npt.NDArray[Any]
    latest_us: int

    @classmethod
    def of(cls, slot: int, rows: npt.NDArray[Any], late: npt.NDArray[Any]) -> Anew | None:
        """``rows`` as they came, and the late ones. None if no late row is of a moment that was
        not known."""
        late = unknown(rows, late)
        if not len(late):
            return None
        latest_us = int(late["received_us"].max())
        return cls(slot, rows, in_order(rows, late), latest_us)

    @classmethod
    def all_of(cls, slots: Sequence[int], windows: Windows) -> list[Anew]:
        """Of those of these vehicles, all with late rows, of which there is something to judge."""
        found = []
        for slot, rows in zip(slots, windows.rows_of(slots), strict=True):
            anew = cls.of(slot, rows, windows.late[slot])
            if anew is not None:
                found.append(anew)
        return found


class Together:
    """Vehicles judged at once, each another; the first is called slot 0 meanwhile, the next 1."""

    def __init__(self, anews: Sequence[Anew]) -> None:
        self.anews = anews
        self.slots = np.array([anew.slot for anew in anews], np.int32)

    @cached_property
    def columns(self) -> Columns:
        return columns_of(*(anew.rows for anew in self.anews))


class Again(NamedTuple):
    """found : what is different, in one or none
    memory : of the rule from here on
    reported, drivers : of each vehicle, as in ``windows.Remembered``
    """

    found: list[Findings]
    memory: Memory
    reported: dict[int, dict[int, Report]]
    drivers: dict[int, dict[int, npt.NDArray[Any]]]


def again(
    rule: Rule,
    together: Together,
    windows: Windows,
    memory: Memory,
    params: Any,
    world: World,
    *,
    drops: bool = True,
) -> Again:
    """For a rule that knows nothing beyond the vehicle, or of vehicles with unknown drivers.

    drops : what is not remembered any more is forgotten; else it stays as it was
    """
    slots = together.slots
    each, few = windows.before(rule.id, slots)
    called = np.flatnonzero(few["key"] != 0)
    few = few[called]
    few["key"] = called * sparse.PARTS + 1
    names = memory.few.dtype.names or ()
    if "slot" in names:
        few["slot"] = np.where(few["slot"] == slots[called], called, -few["slot"] - 1)
    begun = Memory(each, sparse.from_rows(few, memory.few.dtype))
    found, judged = rule.step(together.columns, begun, params, world)
    if "slot" in names:
        used = np.flatnonzero(judged.few["key"][1:]) + 1
        own = judged.few["slot"][used]
        judged.few["slot"][used] = np.where(own < 0, -own - 1, slots[np.maximum(own, 0)])
    reports: dict[int, dict[int, list[Report]]] = {}
    for at, (k, start) in enumerate(zip(found.slot.tolist(), found.start_us.tolist(), strict=True)):
        reports.setdefault(k, {}).setdefault(start, []).append(report_of(found, at))
    reported = windows.of_rule[rule.id].reported
    out: list[Report] = []
    known: dict[int, dict[int, Report]] = {anew.slot: {} for anew in together.anews}
    memory.each[slots] = judged.each
    memory = Memory(memory.each, _put_back(memory.few, slots, judged.few, drops))
    for k, anew in enumerate(together.anews):
        before = reported.get(anew.slot, {})
        if before or k in reports:
            going_on = _going_on(judged, k)
            some, own_known = differences(before, reports.get(k, {}), going_on, anew.latest_us)
            out += [{**one, "slot": anew.slot} for one in some]
            known[anew.slot] = {
                start: {**one, "slot": anew.slot} for start, one in own_known.items()
            }
            if sparse.find(judged.few, k, 0):
                _give(memory, anew.slot, known[anew.slot])
    return Again(
        [findings_of(found, out)] if out else [], memory, known, {slot: {} for slot in known}
    )


def _going_on(judged: Memory, k: int) -> set[int]:
    """Starts of a vehicle's runs that have fired and not ended."""
    at = sparse.find(judged.few, k, 0)
    few = judged.few[at]
    going: set[int] = set()
    if at or not _in_few(judged):
        run = few if _in_few(judged) else judged.each[k]
        if run["fired"] and ("running" not in (run.dtype.names or ()) or run["running"]):
            going.add(int(run["start_us"]))
    if at and _knows_left(judged) and few[_LEFT + "running"] and few[_LEFT + "fired"]:
        going.add(int(few[_LEFT + "start_us"]))
    return going


def _in_few(memory: Memory) -> bool:
    """Whether a rule keeps its runs with the few that have one, or with every vehicle."""
    return "start_us" in (memory.few.dtype.names or ())


def _knows_left(memory: Memory) -> bool:
    return _LEFT + "start_us" in (memory.few.dtype.names or ())


@njit(cache=True)
def _put_back(few, slots, judged, drops):  # type: ignore[no-untyped-def]  # numba
    """The few as judged anew, by vehicle called k. Returns the table anew."""
    for k in range(len(slots)):
        if drops:
            at = sparse.find(few, slots[k], np.int64(0))
            if at != 0:
                sparse.drop(few, at)
        there = sparse.find(judged, k, np.int64(0))
        if there != 0:
            few, at = sparse.add(few, slots[k], np.int64(0))
            key = few[at].key
            few[at] = judged[there]
            few[at].key = key
    return few


def _give(memory: Memory, slot: int, known: dict[int, Report]) -> None:
    """Remember what was really given out of a vehicle's runs that have fired. One that has not,
    or not any more, counts from 0 if it does (``revisions.Given``)."""
    each, few = memory
    at = sparse.find(few, slot, 0)
    run = few[at] if _in_few(memory) else each[slot]
    runs = [(run["start_us"], run["fired"], "")]
    if _knows_left(memory):
        runs.append((few[at][_LEFT + "start_us"], few[at][_LEFT + "fired"], _LEFT))
    for start, fired, prefix in runs:
        report = known.get(int(start))
        if fired and report is not None:
            for name in GIVEN:
                few[at][prefix + name] = report[name]


def put(few: npt.NDArray[Any], at: int, row: Any) -> None:
    """Row ``at`` of a table as this one, but for its key."""
    key = few["key"][at]
    few[at] = row
    few["key"][at] = key
