"""Late points re-open a window: what a gap hid is judged once it is known (补传).

A terminal that comes out of a dead zone sends what it stored (JT/T 808 0x0704) after its newest
point. Rules are streams and leave late rows out; where a rule judged a gap as *unknown* that is
wrong in the end. So what is needed to judge again is kept for a while, of vehicles with such a gap:

- A *window* opens with a row that comes after a pause of more than ``GAP_US``, more than
  ``APART_M`` away: the rule's memory of the vehicle as it was before, and its rows from then on.
  It closes when a row is ``within_us`` past the pause; a further gap in the meantime shares it.
- Late rows of the vehicle from after the beginning of the pause are gathered. Right before the
  vehicle's next row in time they are put in their places (of two with one time the first counts)
  and the rule runs over all anew, from the memory as it was.
- What it reports then is compared with what had been reported since. An episode that is new is
  reported; one that ended with other values gets its next revision; one that had ended and now
  goes on is reported again when it ends; one that is not there any more is *withdrawn*: a last
  revision with the old values and that severity. Such revisions say ``corrected`` in their
  quality. ``fired`` and ``received`` of an episode stay those of its revision 0; one that only late
  rows show was received with the latest of them.

So late delivery ends with the same episodes as delivery in order (a property test), except that a
place which a late row gives is on no road: matching needs the rows before it. When rows are judged
again depends on the order of a vehicle's rows alone, never on where batches are cut.

A window that opens costs a copy of the vehicle's memory, all of a batch in one step, and its rows
are laid aside as they come; only vehicles of which late rows arrive are taken one by one.

Memory is bounded: ``MOST`` windows, of which the oldest closes for a new one, each with the rows of
``within_us``. When a whole platform comes back at once, most vehicles therefore have none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect import sparse
from sizao.detect.coaches import bound
from sizao.detect.revisions import differences, findings_of, report_of
from sizao.detect.stage import Columns, Findings, Memory, Rule, World
from sizao.detect.window_rows import columns_of, in_order, showing, taken
from sizao.detect.windows import HEAD, Report, Window, Windows

GAP_US = 300_000_000
APART_M = 500.0
MOST = 500
"""Windows of a rule. Fits the two bytes a vehicle that say which is its."""
_DEGREE_M = 111_195.0
_LEFT = "left_start_us"
"""Start of the run that another driver left, for rules that know such runs."""


class Tears(NamedTuple):
    """Where vehicles come back elsewhere from a gap.

    rows : int64, those rows
    depth : int32, shape as the batch: how many of them each row's vehicle has in this batch up to
        there, its first row not counted
    """

    rows: npt.NDArray[np.int64]
    depth: npt.NDArray[np.int32]


_WHOLE = Tears(np.empty(0, np.int64), np.empty(0, np.int32))


def step(
    rule: Rule,
    columns: Columns,
    late: npt.NDArray[Any],
    tears: Tears,
    memory: Memory,
    windows: Windows,
    params: Any,
    world: World,
) -> tuple[list[Findings], Memory]:
    """``rule.step`` with windows. ``late`` are rows (ROW) that were left out as late.

    ``windows`` is changed in place. The rule must take no notice of a row without a speed.
    """
    within_us = round(params["reopen_within_min"] * 60e6)
    torn, depth = tears if within_us else _WHOLE
    if "kinds" in params:  # windows are few: those of vehicles that the rule does not bind are none
        torn = torn[bound(columns.kind[torn], params["kinds"])]
    if not len(torn) and not windows:
        found, memory = rule.step(columns, memory, params, world)
        return [found], memory
    windows.reach(len(memory.each))
    apart = concerned(late, columns.slot[torn], windows)
    turn = _Turn(rule, columns, memory, windows, within_us, params, world, set(torn.tolist()), [])
    deepest = int(depth[torn].max(initial=0))
    if not len(apart) and not deepest:
        turn.together(torn, None)
        return turn.out, turn.memory
    others = np.ones(len(columns.slot), np.bool_)
    sought = np.array(apart, np.int32)
    spans = [np.searchsorted(columns.slot, sought, side) for side in ("left", "right")]
    own = [(slot, int(begin), int(end)) for slot, begin, end in zip(apart, *spans, strict=True)]
    for _, begin, end in own:
        others[begin:end] = False
    for k in range(deepest + 1):
        some = others & (depth == k) if deepest else others
        turn.together(torn[some[torn]], some)
    for slot, begin, end in own:
        turn.alone(slot, begin, end, late[late["slot"] == slot])
    return turn.out, turn.memory


def concerned(late: npt.NDArray[Any], torn: npt.NDArray[np.int32], windows: Windows) -> list[int]:
    """Slots of which late rows wait, or have come and may belong to a window; ``torn`` are those
    that may open one in this batch."""
    came = late["slot"]
    open_ones = came[windows.place[came] > 0].tolist()
    return sorted({*windows.late, *open_ones, *(set(came.tolist()) & set(torn.tolist()))})


@dataclass
class _Turn:
    """One batch: vehicles all at once, or one after another."""

    rule: Rule
    columns: Columns
    memory: Memory
    windows: Windows
    within_us: int
    params: Any
    world: World
    torn: set[int]
    out: list[Findings]

    def together(self, torn: npt.NDArray[np.int64], some: npt.NDArray[np.bool_] | None) -> None:
        """The rows of ``some``, or all. A vehicle's first may come out of a gap, no other."""
        columns = self.columns
        self._open(torn)
        shown = columns if some is None else showing(columns, some)
        found, self.memory = self.rule.step(shown, self.memory, self.params, self.world)
        self.out.append(found)
        if self.windows:
            kept = self.windows.place[columns.slot] > 0
            rows = np.flatnonzero(kept if some is None else kept & some)
            remember(found, columns, rows, self.windows)

    def alone(self, slot: int, begin: int, end: int, late: npt.NDArray[Any]) -> None:
        """One vehicle's rows, from ``begin`` to ``end``, and late rows, as they came."""
        row = self.columns.row
        came = 0
        for at in range(begin, end):
            first = came
            while came < len(late) and late["row"][came] < row[at]:
                came += 1
            if came > first or slot in self.windows.late:
                begin = self._flush(begin, at)
                self.windows.gather(slot, late[first:came])
                self._again(slot)
            if at in self.torn:
                begin = self._flush(begin, at)
                self._open(np.array([at]))
        self._flush(begin, end)
        self.windows.gather(slot, late[came:])

    def _flush(self, begin: int, end: int) -> int:
        if begin < end:
            rows = taken(self.columns, begin, end)
            found, self.memory = self.rule.step(rows, self.memory, self.params, self.world)
            self.out.append(found)
            kept = np.flatnonzero(self.windows.place[rows.slot] > 0)
            remember(found, rows, kept, self.windows)
        return end

    def _again(self, slot: int) -> None:
        if slot in self.windows.late:
            window = self.windows[slot]
            again = _again(self.rule, slot, window, self.memory, self.params, self.world)
            found, self.memory, rows, known = again
            self.windows.judged(slot, rows, known)
            self.out.append(found)

    def _open(self, at: npt.NDArray[np.int64]) -> None:
        """Windows at these rows, each its vehicle's next, where none is open any more."""
        if not len(at):
            return
        slots, time_us = self.columns.slot[at], self.columns.time_us[at]
        place = self.windows.place[slots]
        is_over = place > 0
        is_over[is_over] = time_us[is_over] > self.windows.head["until_us"][place[is_over] - 1]
        self.windows.close(slots[is_over])
        new = (place == 0) | is_over
        at, slots = at[new], slots[new]
        if len(at) > MOST:
            # Those that would not stay need not be opened.
            latest = np.lexsort((slots, self.columns.received_us[at]))[-MOST:]
            at, slots = at[latest], slots[latest]
        head = np.empty(len(at), HEAD)
        head["slot"], head["gap_us"] = slots, self.columns.prev_us[at]
        head["until_us"] = self.columns.time_us[at] + self.within_us
        head["opened_us"] = self.columns.received_us[at]
        few = np.zeros(len(at), self.memory.few.dtype)
        _copy_few(self.memory.few, slots, few)
        self.windows.open(head, self.memory.each[slots], few, MOST)


def close(
    rule: Rule, memory: Memory, windows: Windows | None, params: Any, world: World
) -> list[Findings]:
    """``rule.close``, late rows judged first. Neither memory nor windows are changed."""
    out: list[Findings] = []
    if windows is not None and windows.late:
        memory = Memory(memory.each.copy(), memory.few.copy())
        for slot in windows:
            if slot in windows.late:
                found, memory, *_ = _again(rule, slot, windows[slot], memory, params, world)
                out.append(found)
    return [*out, rule.close(memory, params)]


def tears_of(columns: Columns) -> Tears:
    """The tears of a batch, the same for every rule."""
    return Tears(
        *_tears_of(
            columns.slot,
            columns.time_us,
            columns.prev_us,
            columns.lat,
            columns.lon,
            columns.prev_lat,
            columns.prev_lon,
        )
    )


@njit(cache=True)
def _tears_of(slot, time_us, prev_us, lat, lon, prev_lat, prev_lon):  # type: ignore[no-untyped-def]  # numba
    n = len(slot)
    torn = np.empty(n, np.int64)
    depth = np.zeros(n, np.int32)
    count = 0
    for i in range(n):
        first = i == 0 or slot[i] != slot[i - 1]
        if not first:
            depth[i] = depth[i - 1]
        if prev_us[i] == 0 or time_us[i] - prev_us[i] <= GAP_US:
            continue
        north = lat[i] - prev_lat[i]
        east = (lon[i] - prev_lon[i]) * math.cos(math.radians(lat[i]))
        if math.hypot(north, east) * _DEGREE_M > APART_M:
            torn[count] = i
            count += 1
            if not first:
                depth[i] += 1
    return torn[:count], depth


@njit(cache=True)
def _copy_few(table, slots, out):  # type: ignore[no-untyped-def]  # numba
    for k in range(len(slots)):
        at = sparse.find(table, slots[k], 0)
        if at:
            out[k] = table[at]


def remember(
    found: Findings,
    columns: Columns,
    rows: npt.NDArray[np.int64],
    windows: Windows,
    since: Mapping[int, int] | None = None,
) -> None:
    """Keep rows and reports of vehicles with a window; close those that are over.

    since : vehicle to its first finding that lies in its window, where some do not
    """
    windows.add(columns, rows)
    for at, slot in enumerate(found.slot.tolist()):
        if slot in windows and at >= (since or {}).get(slot, 0):
            reports = windows.reported.setdefault(slot, {})
            reports[int(found.start_us[at])] = report_of(found, at)
    slots = columns.slot[rows]
    until_us = windows.head["until_us"][windows.place[slots] - 1]
    over = slots[columns.time_us[rows] > until_us]
    if len(over):
        windows.close(np.unique(over))


def _again(
    rule: Rule, slot: int, window: Window, memory: Memory, params: Any, world: World
) -> tuple[Findings, Memory, npt.NDArray[Any], dict[int, Report]]:
    """Judge a window anew with its late rows; what is different, the memory with it, all rows,
    and what stands reported."""
    latest_us = int(window.late["received_us"].max())
    rows = in_order(window.rows, window.late)
    used = window.few.copy()
    used["key"] = 1  # of slot 0, as the vehicle is called meanwhile
    few = sparse.from_rows(used, memory.few.dtype)
    found, judged = rule.step(columns_of(rows), Memory(window.each, few), params, world)
    reports: dict[int, list[Report]] = {}
    for at, start in enumerate(found.start_us.tolist()):
        reports.setdefault(start, []).append(report_of(found, at))
    out, known = differences(window.reported, reports, _going_on(judged), latest_us)
    for one in out:
        one["slot"] = slot
    memory = _put_back(memory, slot, judged, known)
    return findings_of(found, out), memory, rows, known


def _going_on(memory: Memory) -> set[int]:
    """Starts of the runs that have fired and not ended."""
    few = sparse.rows(memory.few)
    runs = few if _in_few(memory) else memory.each[:1]
    names = runs.dtype.names or ()
    own = runs[runs["fired"] != 0]
    if "running" in names:
        own = own[own["running"] != 0]
    going = set(own["start_us"].tolist())
    if _LEFT in (few.dtype.names or ()):
        left = few[(few["left_running"] != 0) & (few["left_fired"] != 0)]
        going.update(left[_LEFT].tolist())
    return going


def _in_few(memory: Memory) -> bool:
    """Whether a rule keeps its runs with the few that have one, or with every vehicle."""
    return "start_us" in (memory.few.dtype.names or ())


def _put_back(memory: Memory, slot: int, judged: Memory, known: dict[int, Any]) -> Memory:
    """The vehicle's memory as judged anew, with the revisions that were really given out."""
    each, few = memory
    each[slot] = judged.each[0]
    at = sparse.find(few, slot, 0)
    if at:
        sparse.drop(few, at)
    rows = sparse.rows(judged.few)
    if len(rows):
        few, at = sparse.add(few, slot, 0)
        for name in few.dtype.names or ():
            if name != "key":
                few[at][name] = rows[0][name]
        run = few[at] if _in_few(memory) else each[slot]
        runs = [(run["start_us"], "")]
        if _LEFT in (few.dtype.names or ()):
            runs.append((few[at][_LEFT], "left_"))
        for start, prefix in runs:
            report = known.get(int(start))
            if report is not None:
                for name in ("revision", "fired_us", "received_us"):
                    few[at][prefix + name] = report[name]
    return Memory(each, few)
