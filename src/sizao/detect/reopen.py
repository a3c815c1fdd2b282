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
  revision with the old values and that severity, unless it fires anew. Such revisions say
  ``corrected`` in their quality. ``fired`` and ``received`` of an episode stay those of its
  revision 0; one that only late rows show was received with the latest of them.

So late delivery ends with the same episodes as delivery in order (a property test), except that a
place which a late row gives is on no road: matching needs the rows before it. When rows are judged
again depends on the order of a vehicle's rows alone, never on where batches are cut.

A batch is taken in rounds (``reopen_rounds.py``), nearly always in one: before it the windows open
that its rows open, and late rows that its rows make known are judged. Rules that look at the same
kinds of vehicles share their windows: a row is laid aside once, and a late one put in its place
once. What differs between rules is how one is judged again: ``reopen_again.py``, and
``reopen_totals.py`` where vehicles meet in a driver's total.

Memory is bounded: a window closes when ``MOST`` others have been opened after it
(``reopen_room.py``), and each has the rows of ``within_us``. When a whole platform comes back at
once, most vehicles therefore have none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect import reopen_again, reopen_totals, sparse
from sizao.detect.coaches import bound, rows_of
from sizao.detect.forgetting import forget, new_days
from sizao.detect.params import Params
from sizao.detect.reopen_again import Again, Anew, Together
from sizao.detect.reopen_drivers import Drivers
from sizao.detect.reopen_room import Room
from sizao.detect.reopen_rounds import Late, Rounds, late_stops
from sizao.detect.revisions import report_of
from sizao.detect.stage import Columns, Findings, Memory, Rule, World
from sizao.detect.totals import DrivingTotal
from sizao.detect.window_rows import showing, taken
from sizao.detect.windows import HEAD, Windows

GAP_US = 300_000_000
APART_M = 500.0
MOST = 500
"""Windows at a time. Fits the two bytes a vehicle that say which is its."""
_MANY = 15_000
"""Vehicles out of a gap that one batch is judged with: more are cut, for the same two bytes."""
_DEGREE_M = 111_195.0

Group = tuple[Rule, ...]
"""Rules that share windows."""

Found = list[tuple[Rule, Findings]]


def groups(rules: Sequence[Rule], params: Mapping[str, Params]) -> dict[str, Group]:
    """Rules that late points re-open, those of the same kinds of vehicles and the same time
    together; by their ids with commas."""
    same: dict[Any, list[Rule]] = {}
    for rule in rules:
        own = params[rule.id]
        if "reopen_within_min" in own:
            alike = (own["reopen_within_min"], tuple(own.get("kinds", ["every"])))
            same.setdefault(alike, []).append(rule)
    return {",".join(rule.id for rule in some): tuple(some) for some in same.values()}


def others(rules: Sequence[Rule], known: Mapping[str, Group]) -> list[Rule]:
    """Rules that are in none of these groups."""
    reopened = {rule.id for group in known.values() for rule in group}
    return [rule for rule in rules if rule.id not in reopened]


def no_windows(group: Group) -> Windows:
    """To be opened."""
    return Windows({rule.id: (rule.state_dtype, rule.few_dtype) for rule in group})


class Judging(NamedTuple):
    """What rules that share windows judge by, and what they remember; ``memories``, by rule id, and
    ``windows`` are changed in place."""

    group: Group
    memories: dict[str, Memory]
    windows: Windows
    params: Mapping[str, Params]
    world: World


def step(
    judging: Judging,
    columns: Columns,
    late: npt.NDArray[Any],
    torn: npt.NDArray[np.int64],
) -> Found:
    """``rule.step`` of each rule, with windows.

    late : rows (ROW) that were left out as late
    torn : rows of :func:`tears_of`

    The rules must take no notice of a row without a speed.
    """
    group, memories, windows, params, _ = judging
    found: Found = []
    begin = 0
    for row, day in new_days(group, columns, memories, params):
        found += _step(judging, *_between(columns, late, begin, row))
        windows.reach(len(memories[group[0].id].each))
        for rule in group:
            if isinstance(rule, DrivingTotal):
                own, memories[rule.id] = forget(
                    rule, day, memories[rule.id], windows, params[rule.id]
                )
                found.append((rule, own))
        begin = row
    rest = _between(columns, late, begin, None) if begin else (columns, late, torn)
    return found + _step(judging, *rest)


def _between(
    columns: Columns, late: npt.NDArray[Any], begin: int, end: int | None
) -> tuple[Columns, npt.NDArray[Any], npt.NDArray[np.int64]]:
    """The rows that arrived at these places of the batch, ``end`` excluded, and their tears."""

    def inside(row: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return np.flatnonzero((row >= begin) & (True if end is None else row < end))

    some = taken(columns, inside(columns.row))
    return some, late[inside(late["row"])], tears_of(some)


def _step(
    judging: Judging,
    columns: Columns,
    late: npt.NDArray[Any],
    torn: npt.NDArray[np.int64],
) -> Found:
    """A batch in which nobody is forgotten."""
    if len(torn) > _MANY:
        found: Found = []
        middle = int(np.partition(columns.row[torn], len(torn) // 2)[len(torn) // 2])
        for begin, end in ((0, middle), (middle, None)):
            found += _step(judging, *_between(columns, late, begin, end))
        return found
    turn = _Turn(judging, columns, late)
    if not turn.within_us:
        torn = torn[:0]
    if turn.kinds is not None:
        # Windows are few: those of vehicles that the rules do not bind are none.
        torn = torn[bound(columns.kind[torn], turn.kinds)]
    if len(torn) or judging.windows:
        turn.with_windows(torn)
    else:
        turn.judge(columns)
    return turn.found


def close(judging: Judging) -> Found:
    """``rule.close`` of each rule, late rows judged first. Nothing is changed."""
    group, memories, windows, params, _ = judging
    out: Found = []
    own = {rule.id: memories[rule.id] for rule in group}
    if windows.late:
        own = {name: Memory(one.each.copy(), one.few.copy()) for name, one in own.items()}
        judging = judging._replace(memories=own)
        anews = Anew.all_of([slot for slot in windows if slot in windows.late], windows)
        for rule, again in _again(anews, judging):
            own[rule.id] = again.memory
            out += [(rule, found) for found in again.found]
    return [*out, *((rule, rule.close(own[rule.id], params[rule.id])) for rule in group)]


def _again(anews: Sequence[Anew], judging: Judging) -> Iterator[tuple[Rule, Again]]:
    """These vehicles, by every rule."""
    together = Together(anews)
    for rule in judging.group if anews else ():
        again: Any = reopen_again.again
        if isinstance(rule, DrivingTotal):
            again = reopen_totals.again
        memory, params = judging.memories[rule.id], judging.params[rule.id]
        yield rule, again(rule, together, judging.windows, memory, params, judging.world)


class _Turn:
    """One batch."""

    def __init__(self, judging: Judging, columns: Columns, late: npt.NDArray[Any]) -> None:
        self.judging, self.columns, self.late = judging, columns, Late.of(late)
        self.group, self.memories, self.windows, self.params, self.world = judging
        first = self.params[self.group[0].id]
        self.within_us = round(first["reopen_within_min"] * 60e6)
        self.kinds = first.get("kinds")
        self.found: Found = []
        self._gathered: dict[int, int] = {}
        self._waiting: dict[int, None] = {}
        """Vehicles, in this order, to be judged again before anything else is done to their
        windows."""

    def judge(self, columns: Columns) -> Found:
        """These rows, by every rule."""
        begin = len(self.found)
        for rule in self.group:
            found, self.memories[rule.id] = rule.step(
                columns, self.memories[rule.id], self.params[rule.id], self.world
            )
            if len(found.slot):
                self.found.append((rule, found))
        return self.found[begin:]

    def with_windows(self, torn: npt.NDArray[np.int64]) -> None:
        """All rows; ``torn`` are those that may open a window."""
        columns, windows = self.columns, self.windows
        windows.reach(len(self.memories[self.group[0].id].each))
        self.room = Room.of(columns, torn, windows, self.within_us, MOST)
        # Asked of torn rows only.
        self.opens = np.empty(len(columns.slot), np.bool_)
        self.opens[torn] = self.room.opens
        self.number = np.empty(len(columns.slot), np.int64)
        self.number[torn] = np.where(self.room.matters(columns), self.room.number, -1)
        torn = torn[self.room.asked_for(columns, windows, self.late.slots)]
        stops = late_stops(columns, self.late, torn, windows)
        rows = np.arange(0) if self.kinds is None else rows_of(columns, self.kinds)
        drivers = Drivers(self.group, columns, rows, self.memories, windows)
        linked = drivers.linked(stops, torn, self.late)
        places = [row for row, _ in stops] + linked.new
        rounds = Rounds.of(columns.slot, np.append(torn, np.array(places, np.int64)), linked.rows)
        for number in range(rounds.many):
            opening = torn[rounds.number[torn] == number]
            for row, slot in stops:
                if rounds.number[row] == number:
                    # As they came, because a window that opens may close another's.
                    before = columns.row[opening] < columns.row[row]
                    self._open(opening[before])
                    opening = opening[~before]
                    self._let_go(slot, int(columns.row[row]))
                    self._gather(slot, int(columns.row[row]))
                    if slot in windows.late:
                        self._waiting[slot] = None
            self._judge_again()
            self._open(opening)
            rows, kept = rounds.rows(number, columns, windows)
            kept = self._inside(kept)
            drivers.learn(kept)
            self._remember(kept, self.judge(self._shown(rows, number)), drivers)
        windows.opened = self.room.opened
        windows.close(windows.head["slot"][windows.head["number"] + MOST < windows.opened])
        came = self.late.slots
        for slot in set(came[windows.place[came] > 0].tolist()):
            self._gather(slot, None)

    def _shown(self, rows: npt.NDArray[np.int64], number: int) -> Columns:
        if len(rows) == len(self.columns.slot):
            return self.columns
        return taken(self.columns, rows) if number else showing(self.columns, rows)

    def _gather(self, slot: int, until: int | None) -> None:
        """Late rows that came before this place in the batch, or all."""
        own = self.late.own(slot)
        begin = self._gathered.get(slot, 0)
        if begin == len(own):
            return
        end = len(own) if until is None else int(np.searchsorted(own["row"], until))
        self.windows.gather(slot, own[begin:end])
        self._gathered[slot] = end

    def _judge_again(self) -> None:
        """All that wait for it, at once: none is what another's judgement depends on, or drivers
        link them, and they stop in different rounds."""
        if not self._waiting:
            return
        waiting, self._waiting = list(self._waiting), {}
        anews = Anew.all_of(waiting, self.windows)
        for rule, again in _again(anews, self.judging):
            self.memories[rule.id] = again.memory
            self.found += [(rule, found) for found in again.found]
            own = self.windows.of_rule[rule.id]
            own.reported.update(again.reported)
            own.drivers.update(again.drivers)
        for anew in anews:
            self.windows.judged(anew.slot, anew.rows)
        for slot in waiting:
            # Of some no late row was news.
            self.windows.late.pop(slot, None)

    def _let_go(self, slot: int, row: int) -> None:
        """Close the vehicle's window if others have taken its room by this place in the batch."""
        assert slot not in self._waiting, "one stop a round"
        place = self.windows.place[slot]
        if place and self.room.goes(self.windows.head["number"][place - 1 : place])[0] <= row:
            self.windows.close(np.array([slot], np.int32))

    def _inside(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Rows, of vehicles with windows, that come before those have to go."""
        numbers = self.windows.head["number"][self.windows.place[self.columns.slot[rows]] - 1]
        return rows[self.columns.row[rows] < self.room.goes(numbers)]

    def _open(self, at: npt.NDArray[np.int64]) -> None:
        """Windows at those of these rows, each its vehicle's next, that open one."""
        at = at[self.opens[at]]
        if not len(at):
            return
        columns, windows = self.columns, self.windows
        slots = columns.slot[at]
        if not self._waiting.keys().isdisjoint(slots.tolist()):
            self._judge_again()
        windows.close(slots[windows.place[slots] > 0])
        at = at[self.number[at] >= 0]
        slots = columns.slot[at]
        head = np.empty(len(at), HEAD)
        head["slot"], head["gap_us"] = slots, columns.prev_us[at]
        head["until_us"] = columns.time_us[at] + self.within_us
        head["number"] = self.number[at]
        before = {}
        for rule in self.group:
            memory = self.memories[rule.id]
            few = np.zeros(len(at), memory.few.dtype)
            _copy_few(memory.few, slots, few)
            before[rule.id] = (memory.each[slots], few)
        windows.open(head, before)

    def _remember(self, rows: npt.NDArray[np.int64], found: Found, drivers: Drivers) -> None:
        """Keep rows of vehicles with a window, and what was found of them; close those that are
        over."""
        columns, windows = self.columns, self.windows
        windows.add(columns, rows)
        for rule, some in found:
            own = windows.of_rule[rule.id]
            for at, slot in enumerate(some.slot.tolist()):
                if slot in windows and drivers.knows(rule, slot, int(some.driver[at])):
                    reports = own.reported.setdefault(slot, {})
                    reports[int(some.start_us[at])] = report_of(some, at)
        slots = columns.slot[rows]
        until_us = windows.head["until_us"][windows.place[slots] - 1]
        over = slots[columns.time_us[rows] > until_us]
        if len(over):
            windows.close(np.unique(over))


def tears_of(columns: Columns) -> npt.NDArray[np.int64]:
    """Rows of a batch at which vehicles come back elsewhere from a gap, the same for every rule."""
    torn: npt.NDArray[np.int64] = _tears_of(
        columns.time_us,
        columns.prev_us,
        columns.lat,
        columns.lon,
        columns.prev_lat,
        columns.prev_lon,
    )
    return torn


@njit(cache=True, nogil=True)
def _tears_of(time_us, prev_us, lat, lon, prev_lat, prev_lon):  # type: ignore[no-untyped-def]  # numba
    torn = np.empty(len(time_us), np.int64)
    count = 0
    for i in range(len(time_us)):
        if prev_us[i] == 0 or time_us[i] - prev_us[i] <= GAP_US:
            continue
        north = lat[i] - prev_lat[i]
        east = (lon[i] - prev_lon[i]) * math.cos(math.radians(lat[i]))
        if math.hypot(north, east) * _DEGREE_M > APART_M:
            torn[count] = i
            count += 1
    return torn[:count]


@njit(cache=True)
def _copy_few(table, slots, out):  # type: ignore[no-untyped-def]  # numba
    for k in range(len(slots)):
        at = sparse.find(table, slots[k], 0)
        if at:
            out[k] = table[at]
