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

Memory is bounded: ``MOST`` windows, of which the oldest closes for a new one, each with the rows of
``within_us``. When a whole platform comes back at once, most vehicles therefore have none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.detect import sparse
from sizao.detect.stage import Columns, Findings, Memory, Rule, World
from sizao.detect.windows import NONE, ROW, Window, Windows, columns_of, link, taken

GAP_US = 300_000_000
APART_M = 500.0
MOST = 500
_DEGREE_M = 111_195.0


def step(
    rule: Rule,
    columns: Columns,
    late: npt.NDArray[Any],
    memory: Memory,
    windows: Windows,
    params: Any,
    world: World,
) -> tuple[list[Findings], Memory]:
    """``rule.step`` with windows. ``late`` are rows (ROW) that were left out as late.

    ``windows`` is changed in place.
    """
    within_us = round(params["reopen_within_min"] * 60e6)
    # Slots are taken in order and only the last MOST windows stay, so others need not open.
    torn = set(sorted(_torn(columns))[-MOST:]) if within_us else set()
    apart = torn | {slot for slot, window in windows.items() if len(window.late)}
    apart |= {int(slot) for slot in np.unique(late["slot"]) if int(slot) in windows}
    if not apart and not windows:
        found, memory = rule.step(columns, memory, params, world)
        return [found], memory
    special = np.isin(columns.slot, np.array(sorted(apart), np.int32))
    rest = taken(columns, np.flatnonzero(~special))
    found, memory = rule.step(rest, memory, params, world)
    _remember(found, rest, windows)
    turn = _Turn(rule, columns, memory, windows, within_us, params, world, [found])
    for slot in sorted(apart):
        turn.take(slot, late[late["slot"] == slot])
    return turn.out, turn.memory


@dataclass
class _Turn:
    """Vehicles whose rows must be taken one after another, as they came."""

    rule: Rule
    columns: Columns
    memory: Memory
    windows: Windows
    within_us: int
    params: Any
    world: World
    out: list[Findings]

    def take(self, slot: int, late: npt.NDArray[Any]) -> None:
        """One vehicle's rows and late rows."""
        own = np.flatnonzero(self.columns.slot == slot)
        events = [(int(self.columns.row[at]), int(at), -1) for at in own]
        events += [(int(late["row"][at]), -1, at) for at in range(len(late))]
        part: list[int] = []
        for _, at, number in sorted(events):
            if number >= 0:
                part = self._flush(slot, part)
                window = self.windows.get(slot)
                if window is not None and late["time_us"][number] > window.gap_us:
                    window.late = np.concatenate((window.late, late[number : number + 1]))
                continue
            window = self.windows.get(slot)
            if window is not None and len(window.late):
                part = self._flush(slot, part)
                if slot in self.windows:
                    found, self.memory = _again(
                        self.rule, slot, window, self.memory, self.params, self.world
                    )
                    self.out.append(found)
            if _is_torn(self.columns, at):
                part = self._flush(slot, part)
                if slot not in self.windows:
                    self._open(slot, at)
            part.append(at)
        self._flush(slot, part)

    def _flush(self, slot: int, part: list[int]) -> list[int]:
        if part:
            rows = taken(self.columns, np.array(part, np.int64))
            found, self.memory = self.rule.step(rows, self.memory, self.params, self.world)
            self.out.append(found)
            if slot in self.windows:
                _remember(found, rows, self.windows)
        return []

    def _open(self, slot: int, at: int) -> None:
        if len(self.windows) >= MOST:
            del self.windows[next(iter(self.windows))]
        few = self.memory.few
        place = sparse.find(few, slot, 0)
        self.windows[slot] = Window(
            int(self.columns.prev_us[at]),
            int(self.columns.time_us[at]) + self.within_us,
            self.memory.each[slot : slot + 1].tobytes(),
            few[place : place + 1].tobytes() if place else b"",
            NONE,
        )


def close(
    rule: Rule, memory: Memory, windows: Windows, params: Any, world: World
) -> list[Findings]:
    """``rule.close``, late rows judged first. Neither memory nor windows are changed."""
    out: list[Findings] = []
    if any(len(window.late) for window in windows.values()):
        memory = Memory(memory.each.copy(), memory.few.copy())
        for slot, window in windows.items():
            if len(window.late):
                copy = Window(**{**vars(window), "reported": dict(window.reported)})
                found, memory = _again(rule, slot, copy, memory, params, world)
                out.append(found)
    return [*out, rule.close(memory, params)]


def _torn(columns: Columns) -> set[int]:
    """Slots of vehicles that come back elsewhere from a gap in this batch."""
    pause = (columns.prev_us > 0) & (columns.time_us - columns.prev_us > GAP_US)
    return {int(columns.slot[at]) for at in np.flatnonzero(pause).tolist() if _is_torn(columns, at)}


def _is_torn(columns: Columns, at: int) -> bool:
    before_us, now_us = int(columns.prev_us[at]), int(columns.time_us[at])
    if not before_us or now_us - before_us <= GAP_US:
        return False
    lat, lon = float(columns.lat[at]), float(columns.lon[at])
    north, east = lat - float(columns.prev_lat[at]), lon - float(columns.prev_lon[at])
    return math.hypot(north, east * math.cos(math.radians(lat))) * _DEGREE_M > APART_M


def _remember(found: Findings, columns: Columns, windows: Windows) -> None:
    """Keep rows and reports of vehicles with a window; close those that are over."""
    if not windows:
        return
    kept = np.flatnonzero(np.isin(columns.slot, np.fromiter(windows, np.int64, len(windows))))
    longer = np.unique(columns.slot[kept]).tolist()
    for slot in longer:
        own = kept[columns.slot[kept] == slot]
        _extend(windows[slot], columns, own)
    for at, slot in enumerate(found.slot.tolist()):
        if slot in windows:
            windows[slot].reported[int(found.start_us[at])] = _report(found, at)
    # Only a further row can end one, so that the others need not be asked for each vehicle.
    for slot in longer:
        if _over(windows[slot]):
            del windows[slot]


def _over(window: Window) -> bool:
    return bool(window.rows["time_us"][-1] > window.until_us)


def _extend(window: Window, columns: Columns, own: npt.NDArray[np.int64]) -> None:
    rows = np.zeros(len(own), ROW)
    for name in ROW.names or ():
        rows[name] = getattr(columns, name)[own]
    window.rows = np.concatenate((window.rows, rows))


def _again(
    rule: Rule, slot: int, window: Window, memory: Memory, params: Any, world: World
) -> tuple[Findings, Memory]:
    """Judge a window anew with its late rows; what is different, and the memory with it."""
    latest_us = int(window.late["received_us"].max())
    first = window.rows[0].copy()
    rows = np.concatenate((window.rows, window.late))
    rows = rows[np.argsort(rows["time_us"], kind="stable")]
    rows = rows[np.concatenate(([True], rows["time_us"][1:] != rows["time_us"][:-1]))]
    for name in ("prev_us", "prev_fix_us", "prev_lat", "prev_lon"):
        rows[0][name] = first[name]
    link(rows)
    each = np.frombuffer(window.each, memory.each.dtype).copy()
    few = sparse.from_rows(_at_slot(window.few, memory.few.dtype, 0), memory.few.dtype)
    found, judged = rule.step(columns_of(rows), Memory(each, few), params, world)
    reports: dict[int, list[dict[str, Any]]] = {}
    for at, start in enumerate(found.start_us.tolist()):
        reports.setdefault(start, []).append(_report(found, at))
    out, known = _differences(window.reported, reports, _going_on(judged), latest_us)
    for one in out:
        one["slot"] = slot
    memory = _put_back(memory, slot, judged, known)
    window.rows, window.late, window.reported = rows, NONE, known
    return _findings(found, out), memory


def _going_on(memory: Memory) -> set[int]:
    """Starts of the runs that have fired and not ended."""
    each, few = memory.each[0], sparse.rows(memory.few)
    own = {int(each["start_us"])} if each["running"] and each["fired"] else set()
    left = few[(few["left_running"] != 0) & (few["left_fired"] != 0)]
    return own | set(left["left_start_us"].tolist())


def _differences(
    before: dict[int, dict[str, Any]],
    after: dict[int, list[dict[str, Any]]],
    going_on: set[int],
    latest_us: int,
) -> tuple[list[dict[str, Any]], dict[int, dict[str, Any]]]:
    """Reports to make, and the last report of every episode with them."""
    out: list[dict[str, Any]] = []
    known = dict(before)
    for start in sorted({*before, *after}):
        old, new = before.get(start), after.get(start)
        if new is None:
            gone = old is not None and old["severity"] != "withdrawn"
            if old is not None and gone and start not in going_on:
                out.append(_corrected(old, old, severity="withdrawn"))
                known[start] = out[-1]
            continue
        if old is None:
            for report in new:
                out.append(_corrected(report, None, received_us=latest_us))
            known[start] = out[-1]
            continue
        last = new[-1]
        if last["revision"] and not _same(old, last):
            out.append(_corrected(last, old))
            known[start] = out[-1]
    return out, known


_VALUES = ("end_us", "measured", "severity", "driver", "quality")


def _same(old: dict[str, Any], new: dict[str, Any]) -> bool:
    plain = {**old, "quality": _without_mark(old["quality"])}
    return bool(old["revision"]) and all(plain[name] == new[name] for name in _VALUES)


def _without_mark(quality: str) -> str:
    return ",".join(part for part in quality.split(",") if part != "corrected")


def _corrected(
    report: dict[str, Any], old: dict[str, Any] | None, **changes: Any
) -> dict[str, Any]:
    quality = ",".join(filter(None, (_without_mark(report["quality"]), "corrected")))
    found = {**report, "quality": quality, **changes}
    if old is not None:
        for name in ("fired_us", "received_us"):
            found[name] = old[name]
        found["revision"] = old["revision"] + 1
    return found


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
        for start, prefix in ((each[slot]["start_us"], ""), (few[at]["left_start_us"], "left_")):
            report = known.get(int(start))
            if report is not None:
                for name in ("revision", "fired_us", "received_us"):
                    few[at][prefix + name] = report[name]
    return Memory(each, few)


def _at_slot(raw: bytes, dtype: np.dtype[Any], slot: int) -> npt.NDArray[Any]:
    rows = np.frombuffer(raw, dtype).copy()
    rows["key"] = slot * sparse.PARTS + 1
    return rows


_FIELDS = tuple(name for name in Findings.__dataclass_fields__)


def _report(found: Findings, at: int) -> dict[str, Any]:
    values = {}
    for name in _FIELDS:
        column = getattr(found, name)
        if len(column):
            value = column[at]
            values[name] = value.item() if isinstance(value, np.generic) else value
    return values


def _findings(like: Findings, reports: list[dict[str, Any]]) -> Findings:
    made: dict[str, Any] = {}
    for name in _FIELDS:
        column = getattr(like, name)
        values = [report[name] for report in reports if name in report]
        made[name] = np.array(values, column.dtype) if isinstance(column, np.ndarray) else values
    return Findings(**made)
