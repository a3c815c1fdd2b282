"""A window judged anew with its late rows: see ``reopen.py``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy.typing as npt

from sizao.detect import sparse
from sizao.detect.revisions import differences, findings_of, report_of
from sizao.detect.stage import Columns, Findings, Memory, Rule, World
from sizao.detect.window_rows import columns_of, in_order
from sizao.detect.windows import Report, Window, Windows

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
    def of(cls, slot: int, window: Window) -> Anew | None:
        """None if no late row is of a moment that was not known."""
        known = set(window.rows["time_us"].tolist())
        new = []
        for at, us in enumerate(window.late["time_us"].tolist()):
            if us not in known:
                known.add(us)
                new.append(at)
        if not new:
            return None
        late = window.late[new]
        latest_us = int(late["received_us"].max())
        return cls(slot, window.rows, in_order(window.rows, late), latest_us)

    @cached_property
    def columns_was(self) -> Columns:
        return columns_of(self.was)

    @cached_property
    def columns(self) -> Columns:
        return columns_of(self.rows)


class Again(NamedTuple):
    """found : what is different, in one or none
    memory : of the rule from here on
    reported, drivers : of the vehicle, as in ``windows.Remembered``
    """

    found: list[Findings]
    memory: Memory
    reported: dict[int, Report]
    drivers: dict[int, npt.NDArray[Any]]


def again(
    rule: Rule, anew: Anew, windows: Windows, memory: Memory, params: Any, world: World
) -> Again:
    """For a rule that knows nothing beyond the vehicle."""
    slot = anew.slot
    each, few = windows.before(rule.id, slot)
    few["key"] = 1  # of slot 0, as the vehicle is called meanwhile
    begun = Memory(each, sparse.from_rows(few, memory.few.dtype))
    found, judged = rule.step(anew.columns, begun, params, world)
    reports: dict[int, list[Report]] = {}
    for at, start in enumerate(found.start_us.tolist()):
        reports.setdefault(start, []).append(report_of(found, at))
    before = windows.of_rule[rule.id].reported.get(slot, {})
    out, known = differences(before, reports, _going_on(judged), anew.latest_us)
    for one in out:
        one["slot"] = slot
    memory = _put_back(memory, slot, judged, known)
    return Again([findings_of(found, out)] if out else [], memory, known, {})


def _going_on(memory: Memory) -> set[int]:
    """Starts of the runs that have fired and not ended."""
    few = sparse.rows(memory.few)
    runs = few if _in_few(memory) else memory.each[:1]
    names = runs.dtype.names or ()
    own = runs[runs["fired"] != 0]
    if "running" in names:
        own = own[own["running"] != 0]
    going = set(own["start_us"].tolist())
    if _knows_left(memory):
        left = few[(few["left_running"] != 0) & (few["left_fired"] != 0)]
        going.update(left[_LEFT + "start_us"].tolist())
    return going


def _in_few(memory: Memory) -> bool:
    """Whether a rule keeps its runs with the few that have one, or with every vehicle."""
    return "start_us" in (memory.few.dtype.names or ())


def _knows_left(memory: Memory) -> bool:
    return _LEFT + "start_us" in (memory.few.dtype.names or ())


def _put_back(memory: Memory, slot: int, judged: Memory, known: dict[int, Any]) -> Memory:
    """The vehicle's memory as judged anew, with what was really given out of runs that have
    fired. One that has not, or not any more, counts from 0 if it does (``revisions.Given``)."""
    each, few = memory
    each[slot] = judged.each[0]
    at = sparse.find(few, slot, 0)
    if at:
        sparse.drop(few, at)
    there = sparse.find(judged.few, 0, 0)
    if there:
        few, at = sparse.add(few, slot, 0)
        put(few, at, judged.few[there])
        run = few[at] if _in_few(memory) else each[slot]
        runs = [(run["start_us"], run["fired"], "")]
        if _knows_left(memory):
            left = few[at]
            runs.append((left[_LEFT + "start_us"], left[_LEFT + "fired"], _LEFT))
        for start, fired, prefix in runs:
            report = known.get(int(start))
            if fired and report is not None:
                for name in GIVEN:
                    few[at][prefix + name] = report[name]
    return Memory(each, few)


def put(few: npt.NDArray[Any], at: int, row: Any) -> None:
    """Row ``at`` of a table as this one, but for its key."""
    key = few["key"][at]
    few[at] = row
    few["key"][at] = key
