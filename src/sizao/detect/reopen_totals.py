"""Late points re-open driving totals of people, who may change vehicles.

As ``reopen.py``, with the same windows; what is different is that vehicles meet in a driver's
total. So rows go on in the order of arrival, and a window keeps, besides what was remembered of its
vehicle, what was remembered of each driver before his first row in it.

Judging again takes the vehicle's rows twice from there: as they came, and with the late ones in
their places. Where the first does not give what is remembered of a driver now, he has driven
another vehicle meanwhile. Then what the late rows add to his hours is added, so that his total is
right from here on, but what was told of him stays as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.detect import reopen, sparse
from sizao.detect.coaches import bound
from sizao.detect.params import Params
from sizao.detect.revisions import differences, findings_of, report_of
from sizao.detect.stage import Columns, Findings, Memory, World
from sizao.detect.totals import DrivingTotal, Kept, arrived
from sizao.detect.window_rows import columns_of, in_order
from sizao.detect.windows import HEAD, Report, Windows

_GIVEN = ("revision", "fired_us", "received_us")
"""What is kept as it was first told: no sign that another vehicle was driven."""


def step(
    rule: DrivingTotal,
    columns: Columns,
    late: npt.NDArray[Any],
    tears: reopen.Tears,
    memory: Memory,
    windows: Windows,
    params: Params,
    world: World,
) -> tuple[list[Findings], Memory]:
    """``reopen.step`` for a rule that counts a driver's hours over all vehicles driven."""
    within_us = round(params["reopen_within_min"] * 60e6)
    torn = tears.rows if within_us else np.empty(0, np.int64)
    torn = torn[bound(columns.kind[torn], params["kinds"])]
    if not len(torn) and not windows:
        found, memory = rule.step(columns, memory, params, world)
        return [found], memory
    windows.reach(len(memory.each))
    turn = _Turn(rule, columns, memory, windows, params, within_us, torn)
    turn.all(late)
    return turn.out, turn.memory


def close(
    rule: DrivingTotal, memory: Memory, windows: Windows | None, params: Params
) -> list[Findings]:
    """``rule.close``, late rows judged first. Neither memory nor windows are changed."""
    out: list[Findings] = []
    if windows is not None and windows.late:
        memory = Memory(memory.each.copy(), memory.few.copy())
        for slot in windows:
            if slot in windows.late:
                found, memory, *_ = _again(rule, slot, windows, memory, params)
                out += found
    return [*out, rule.close(memory, params)]


class _Turn:
    """One batch, in the order of arrival."""

    def __init__(
        self,
        rule: DrivingTotal,
        columns: Columns,
        memory: Memory,
        windows: Windows,
        params: Params,
        within_us: int,
        torn: npt.NDArray[np.int64],
    ) -> None:
        self.rule, self.columns, self.memory = rule, columns, memory
        self.windows, self.params, self.within_us = windows, params, within_us
        self.out: list[Findings] = []
        self.rows = arrived(columns, params)
        self.torn = np.zeros(len(columns.slot), np.bool_)
        self.torn[torn] = True

    def all(self, late: npt.NDArray[Any]) -> None:
        """Every row, and late ones judged before the next row of their vehicle."""
        begin = 0
        came = 0
        for end, slot in self._breaks(late):
            self._walk(begin, end)
            begin = end
            if slot is None:
                continue
            until = int(np.searchsorted(late["row"], self.columns.row[self.rows[end]]))
            came = self._gather(late, came, until)
            if slot in self.windows.late:
                again = _again(self.rule, slot, self.windows, self.memory, self.params)
                found, self.memory, rows, known, drivers = again
                self.windows.judged(slot, rows, known)
                self.windows.drivers[slot] = drivers
                self.out += found
        self._walk(begin, len(self.rows))
        self._gather(late, came, len(late))

    def _breaks(self, late: npt.NDArray[Any]) -> list[tuple[int, int | None]]:
        """Places in ``rows`` before which to stop: a vehicle of which late rows came goes on (its
        slot), or one comes out of a second gap in this batch (None)."""
        columns, rows = self.columns, self.rows
        slots = columns.slot[rows]
        breaks: list[tuple[int, int | None]] = []
        back = np.flatnonzero(self.torn[rows])
        seen: set[int] = set()
        for at in back.tolist():
            if int(slots[at]) in seen:
                breaks.append((at, None))
            seen.add(int(slots[at]))
        for slot in reopen.concerned(late, slots[back], self.windows):
            own = np.flatnonzero(slots == slot)
            moments = late["row"][late["slot"] == slot]
            after = np.searchsorted(columns.row[rows[own]], moments)
            stops = set(after.tolist()) | ({0} if slot in self.windows.late else set())
            breaks += [(int(own[k]), slot) for k in stops if k < len(own)]
        return sorted(breaks, key=lambda one: (one[0], one[1] is not None))

    def _gather(self, late: npt.NDArray[Any], begin: int, end: int) -> int:
        some = late[begin:end]
        slots = some["slot"]
        for slot in set(slots[self.windows.place[slots] > 0].tolist()):
            self.windows.gather(slot, some[slots == slot])
        return max(begin, end)

    def _walk(self, begin: int, end: int) -> None:
        if begin == end:
            return
        columns, windows = self.columns, self.windows
        rows = self.rows[begin:end]
        back = self._opening(rows)
        marked = self._marked(rows, back)
        found, self.memory, kept = self.rule.walk(columns, rows, self.memory, self.params, marked)
        self.out.append(self.rule.findings(found, self.params))
        self._open(back, marked, kept)
        if not windows:
            return
        since = {}
        if len(back):
            found_until = kept.found[np.isin(marked, back)]
            since = dict(zip(columns.slot[back].tolist(), found_until, strict=True))
        with_window = np.flatnonzero(windows.place[columns.slot[rows]] > 0)
        reopen.remember(self.out[-1], columns, rows[with_window], windows, since)

    def _opening(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Rows that open a window, in their order."""
        columns, windows = self.columns, self.windows
        back = rows[self.torn[rows]]
        slots, time_us = columns.slot[back], columns.time_us[back]
        place = windows.place[slots]
        new = place == 0
        new[~new] = time_us[~new] > windows.head["until_us"][place[~new] - 1]
        back = back[new]
        if len(back) > reopen.MOST:
            latest = np.lexsort((columns.slot[back], columns.received_us[back]))[-reopen.MOST :]
            back = back[np.sort(latest)]
        return back

    def _marked(
        self, rows: npt.NDArray[np.int64], back: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """Rows that open windows, and those of drivers of whom a window knows nothing yet."""
        columns, windows = self.columns, self.windows
        own = columns.slot[rows]
        since = dict(zip(columns.slot[back].tolist(), back.tolist(), strict=True))
        looked = windows.place[own] > 0
        if since:
            looked |= np.isin(own, columns.slot[back])
        some = rows[looked]
        who = self._who(some)
        some, who = some[who >= 0], who[who >= 0]
        seen: set[tuple[int, int]] = set()
        new = []
        slots = columns.slot[some].tolist()
        for at, slot, driver in zip(some.tolist(), slots, who.tolist(), strict=True):
            opened = since.get(slot, -1)
            # Of a vehicle whose window opens here, rows after the one that does.
            if at > opened and (slot, driver) not in seen:
                seen.add((slot, driver))
                if self._unknown(slot, driver, opened):
                    new.append(at)
        if not new:
            return back
        marks = np.zeros(len(columns.slot), np.bool_)
        marks[back] = True
        marks[new] = True
        return rows[marks[rows]]

    def _who(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """Who drove until each of these rows, none of them walked yet, by the row before it: to
        him belongs what was driven. -1 unknown."""
        columns = self.columns
        slots, before = columns.slot[rows], np.maximum(rows - 1, 0)
        follows = (rows > 0) & (columns.slot[before] == slots)
        first = self.memory.each["driver"][slots] - 1
        return np.where(follows, columns.driver[before], first).astype(np.int32)

    def _unknown(self, slot: int, driver: int, opened: int) -> bool:
        if opened >= 0:
            return driver != int(self._who(np.array([opened]))[0])
        return driver not in self.windows.drivers.get(slot, {})

    def _open(self, back: npt.NDArray[np.int64], marked: npt.NDArray[np.int64], kept: Kept) -> None:
        columns, windows = self.columns, self.windows
        if len(back):
            slots = columns.slot[back]
            windows.close(slots[windows.place[slots] > 0])
            at = np.flatnonzero(np.isin(marked, back))
            head = np.empty(len(back), HEAD)
            head["slot"], head["gap_us"] = slots, columns.prev_us[back]
            head["until_us"] = columns.time_us[back] + self.within_us
            head["opened_us"] = columns.received_us[back]
            windows.open(head, kept.each[at], kept.own[at], reopen.MOST)
        for k, row in enumerate(marked.tolist()):
            slot, driver = int(columns.slot[row]), int(kept.driver[k])
            if driver >= 0 and slot in windows:
                his = kept.his[k : k + 1]
                windows.drivers.setdefault(slot, {})[driver] = his[his["key"] != 0].copy()


def _again(
    rule: DrivingTotal, slot: int, windows: Windows, memory: Memory, params: Params
) -> tuple[
    list[Findings],
    Memory,
    npt.NDArray[Any],
    dict[int, Report],
    dict[int, npt.NDArray[Any]],
]:
    """Judge a window anew with its late rows; what is different, the memory with it, all rows,
    what stands reported, and what was remembered of its drivers."""
    window = windows[slot]
    rows = in_order(window.rows, window.late)
    drivers = dict(windows.drivers.get(slot, {}))
    for driver in np.unique(rows["driver"]).tolist():
        if driver >= 0 and driver not in drivers:
            # Only late rows know of him, so that nothing of this vehicle is in his total.
            at = sparse.find(memory.few, driver, 1)
            drivers[driver] = memory.few[at : at + 1].copy() if at else memory.few[:0].copy()

    table = _called([(window.few, None), *((row, name) for name, row in drivers.items())], slot)

    def judged(some: npt.NDArray[Any]) -> tuple[Findings, Memory]:
        begun = Memory(window.each.copy(), sparse.from_rows(table, memory.few.dtype))
        found, ended, _ = rule.walk(
            columns_of(some), np.arange(len(some)), begun, params, np.empty(0, np.int64)
        )
        found["slot"] = _real(found["slot"], slot)
        return rule.findings(found, params), ended

    first, as_it_was = judged(window.rows)
    second, as_it_is = judged(rows)
    elsewhere = {driver for driver in drivers if not _same(memory, as_it_was, driver, slot)}
    told = {(report["slot"], report["start_us"]) for report in _reports(first)}
    others: list[Report] = []
    after: dict[int, list[Report]] = {}
    for report in _reports(second):
        if report["driver"] in elsewhere:
            continue
        if report["slot"] != slot:
            others += [report] if (report["slot"], report["start_us"]) not in told else []
        else:
            after.setdefault(report["start_us"], []).append(report)
    before = {
        start: report
        for start, report in window.reported.items()
        if report["driver"] not in elsewhere
    }
    fired = sparse.rows(as_it_is.few)
    going_on = set(fired["start_us"][fired["fired"] != 0].tolist())
    latest_us = int(window.late["received_us"].max())
    out, known = differences(before, after, going_on, latest_us)
    memory = _put_back(rule, memory, slot, as_it_was, as_it_is, elsewhere, known)
    return (
        [findings_of(second, [*others, *out])],
        memory,
        rows,
        {**window.reported, **known},
        drivers,
    )


def _reports(found: Findings) -> list[Report]:
    return [report_of(found, at) for at in range(len(found.slot))]


def _called(known: list[tuple[npt.NDArray[Any], int | None]], slot: int) -> npt.NDArray[Any]:
    """Rows, none or one of the vehicle (None) and of each driver, as they are called while judged
    anew: the vehicle is slot 0, others are below."""
    table = np.zeros(sum(len(row) for row, _ in known), known[0][0].dtype)
    at = 0
    for row, driver in known:
        for one in row:
            table[at] = one
            table["key"][at] = 1 if driver is None else driver * sparse.PARTS + 2
            at += 1
    table["slot"] = np.where(table["slot"] == slot, 0, -table["slot"] - 1)
    return table


def _real(slots: npt.NDArray[np.int32], slot: int) -> npt.NDArray[np.int32]:
    return np.where(slots < 0, -slots - 1, slot).astype(np.int32)


def _row(few: npt.NDArray[Any], of: int, part: int) -> Any:
    at = sparse.find(few, of, part)
    return few[at] if at else None


def _same(memory: Memory, as_it_was: Memory, driver: int, slot: int) -> bool:
    """Whether a driver's total is what this vehicle alone makes it."""
    now, then = _row(memory.few, driver, 1), _row(as_it_was.few, driver, 1)
    if now is None or then is None:
        return now is None and then is None
    fields = [name for name in now.dtype.names if name not in ("key", "slot", *_GIVEN)]
    return all(np.array_equal(now[name], then[name], equal_nan=name in _PLACES) for name in fields)


_PLACES = ("lat", "lon", "stake_m")


def _put_back(
    rule: DrivingTotal,
    memory: Memory,
    slot: int,
    as_it_was: Memory,
    as_it_is: Memory,
    elsewhere: set[int],
    known: dict[int, Report],
) -> Memory:
    each, few = memory
    each[slot] = as_it_is.each[0]
    judged = sparse.rows(as_it_is.few)
    for row, of, part in zip(judged, sparse.slots(judged), sparse.parts(judged), strict=True):
        if part and int(of) in elsewhere:
            _add(rule, few, int(of), row, _row(as_it_was.few, of, part))
            continue
        few, at = sparse.add(few, int(of) if part else slot, int(part))
        for name in few.dtype.names or ():
            if name != "key":
                few[at][name] = row[name]
        few[at]["slot"] = _real(row["slot"], slot)
        report = known.get(int(row["start_us"])) if row["fired"] else None
        if report is not None:
            for name in _GIVEN:
                few[at][name] = report[name]
    return Memory(each, few)


def _add(rule: DrivingTotal, few: npt.NDArray[Any], driver: int, judged: Any, before: Any) -> None:
    """What late rows add to the hours of a driver who has driven elsewhere meanwhile."""
    at = sparse.find(few, driver, 1)
    if not at:
        return
    newest = int(few[at]["newest"])
    for piece in range(max(newest - rule.pieces + 1, 0), newest + 1):
        more = _driven(judged, piece) - (_driven(before, piece) if before is not None else 0)
        k = piece % rule.pieces
        was = int(few[at]["driven_s"][k])
        # A card that is in two vehicles at once does not make an hour longer.
        few[at]["driven_s"][k] = min(max(was + more, 0), rule.piece_s)
        few[at]["total_s"] += int(few[at]["driven_s"][k]) - was
    known = int(before["unknown_s"]) if before is not None else 0
    less = int(judged["unknown_s"]) - known
    few[at]["unknown_s"] = max(int(few[at]["unknown_s"]) + less, 0)


def _driven(row: Any, piece: int) -> int:
    pieces = len(row["driven_s"])
    inside = int(row["newest"]) - pieces < piece <= int(row["newest"])
    return int(row["driven_s"][piece % pieces]) if inside else 0
