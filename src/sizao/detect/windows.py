"""The windows that late points re-open, and their rows, as arrays: see ``reopen.py``.

A vehicle that comes back costs what copying a few bytes of it costs; only one of which late rows
arrive is looked at by itself. All windows stand in one table, oldest first; rows are kept as they
come, those of one batch together, and picked out by vehicle when somebody asks. Rules whose windows
are of the same vehicles at the same time share them: each adds only what itself remembered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.detect.stage import Columns
from sizao.detect.window_rows import NONE, ROW, closed_up, joined, keep, later

HEAD = np.dtype([("gap_us", "i8"), ("until_us", "i8"), ("number", "i8"), ("slot", "i4")])
"""A window: last row before the pause, until when it lasts, how many had been opened before it."""

OWNER = np.dtype([("slot", "i4"), ("driver", "i4")])
"""Window and driver of a row of ``drivers``."""

OPENED = np.dtype([("count", "i8")])
"""How many windows ever were opened."""

_ROOM = 1024
"""Rows that there is place for at first."""

PARTS = ("head", "rows", "late", "opened")
"""Names of the arrays that windows consist of."""

OF_RULE = ("each", "few", "owners", "drivers")
"""Names of those that each rule adds, with a dot and its id behind."""

Report = dict[str, Any]


@dataclass(frozen=True)
class Window:
    """One vehicle's.

    late : gathered, not judged yet
    """

    gap_us: int
    until_us: int
    rows: npt.NDArray[Any]
    late: npt.NDArray[Any]


class Remembered:
    """What one rule adds to windows. ``each`` and ``few`` are its memory before their rows."""

    def __init__(self, each: npt.NDArray[Any], few: npt.NDArray[Any]) -> None:
        self.each = each
        """A row for each of ``Windows.head``."""
        self.few = few
        """The same; a key of 0: nothing was remembered there."""
        self.reported: dict[int, dict[int, Report]] = {}
        """Slot to start of an episode to its last report in the window."""
        self.drivers: dict[int, dict[int, npt.NDArray[Any]]] = {}
        """Slot to driver to what was remembered of him before his first row in the window, one row
        or none: of rules that know drivers over several vehicles."""

    def blocks(self) -> dict[str, npt.NDArray[Any]]:
        """All as arrays but ``reported``."""
        known = [
            (slot, driver, row)
            for slot, some in sorted(self.drivers.items())
            for driver, row in sorted(some.items())
        ]
        rows = np.zeros(len(known), self.few.dtype)
        for at, (_, _, row) in enumerate(known):
            if len(row):
                rows[at : at + 1] = _clean(row)
        owners = np.array([(slot, driver) for slot, driver, _ in known], OWNER)
        blocks = (_clean(self.each), _clean(self.few), owners, rows)
        return dict(zip(OF_RULE, blocks, strict=True))

    def reports(self) -> list[list[Any]]:
        """``reported`` as JSON can hold it, copied."""
        return [
            [slot, [dict(reports[start]) for start in sorted(reports)]]
            for slot, reports in sorted(self.reported.items())
        ]

    @classmethod
    def of(cls, blocks: list[npt.NDArray[Any]], reports: list[list[Any]]) -> Remembered:
        """What :meth:`blocks` and :meth:`reports` gave."""
        each, few, owners, drivers = blocks
        made = cls(each, few)
        for at, (slot, driver) in enumerate(owners.tolist()):
            row = drivers[at : at + 1]
            made.drivers.setdefault(slot, {})[driver] = row[row["key"] != 0]
        made.reported = {
            slot: {report["start_us"]: report for report in some} for slot, some in reports
        }
        return made


class Windows(Mapping[int, Window]):
    """Those that rules share, by slot. ``late`` is Python's, for the few that have any; ``place``
    says of each slot which row of ``head`` and of ``Remembered`` is its, plus one."""

    def __init__(self, layouts: Mapping[str, tuple[np.dtype[Any], np.dtype[Any]]]) -> None:
        """layouts : rule id to its ``state_dtype`` and ``few_dtype``"""
        self.head = np.zeros(0, HEAD)
        self.of_rule = {
            rule: Remembered(np.zeros(0, each), np.zeros(0, few))
            for rule, (each, few) in layouts.items()
        }
        self.late: dict[int, npt.NDArray[Any]] = {}
        self.opened = 0
        """How many ever were."""
        self.place = np.zeros(0, np.int16)
        self._rows = np.empty(_ROOM, ROW)
        self._slots = np.empty(_ROOM, np.int32)
        """Once more those of ``_rows``: a column of its own is searched much faster."""
        self._used = 0
        self._judged: dict[int, npt.NDArray[Any]] = {}

    def __len__(self) -> int:
        return len(self.head)

    def __iter__(self) -> Iterator[int]:
        return iter(self.head["slot"].tolist())

    def __contains__(self, slot: object) -> bool:
        return isinstance(slot, int) and slot < len(self.place) and self.place[slot] > 0

    def __getitem__(self, slot: int) -> Window:
        if slot not in self:
            raise KeyError(slot)
        at = int(self.place[slot]) - 1
        gap_us, until_us, *_ = self.head[at].item()
        return Window(gap_us, until_us, self.rows(slot), self.late.get(slot, NONE))

    def before(
        self, rule: str, slots: npt.NDArray[np.int32]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """A rule's memory of vehicles before their windows, a row each; one of the few that was
        not there has a key of 0."""
        at = self.place[slots] - 1
        own = self.of_rule[rule]
        return own.each[at], own.few[at]

    def reach(self, slots: int) -> None:
        """Make ``place`` hold so many slots."""
        if len(self.place) < slots:
            longer = np.zeros(slots, np.int16)
            longer[: len(self.place)] = self.place
            self.place = longer

    def open(
        self,
        head: npt.NDArray[Any],
        before: Mapping[str, tuple[npt.NDArray[Any], npt.NDArray[Any]]],
    ) -> None:
        """Add windows of slots that have none.

        before : rule id to its rows for ``Remembered.each`` and ``few``
        """
        self.head = _both(self.head, head)
        for rule, (each, few) in before.items():
            own = self.of_rule[rule]
            own.each, own.few = _both(own.each, each), _both(own.few, few)
        self._take(np.argsort(self.head["number"]))

    def close(self, slots: npt.NDArray[np.int32]) -> None:
        """Forget these windows."""
        if len(slots):
            stays = np.ones(len(self.head), np.bool_)
            stays[self.place[slots] - 1] = False
            self._take(np.flatnonzero(stays))

    def add(self, columns: Columns, at: npt.NDArray[np.int64]) -> None:
        """Rows of vehicles with windows."""
        if not len(at):
            return
        begin, end = self._used, self._used + len(at)
        if end > len(self._rows):
            self._make_room(len(at))
            begin, end = self._used, self._used + len(at)
        keep(columns, at, self._rows[begin:end], self._slots[begin:end])
        self._used = end

    def rows(self, slot: int) -> npt.NDArray[Any]:
        """The vehicle's rows since its window opened."""
        return self.rows_of([slot])[0]

    def rows_of(self, slots: Sequence[int]) -> list[npt.NDArray[Any]]:
        """:meth:`rows` of each of these vehicles, all another."""
        place = self.place[np.array(slots, np.int32)]
        number = np.full(len(self.head) + 1, -1, np.int32)
        number[place] = np.arange(len(slots))
        after_us = self.head["gap_us"][place - 1]
        judged = [self._judged.get(slot, NONE) for slot in slots]
        for at, known in enumerate(judged):
            if len(known):
                after_us[at] = known["time_us"][-1]
        own, ends = later(self._rows, self._slots[: self._used], self.place, number, after_us)
        each = [own[ends[at] : ends[at + 1]] for at in range(len(slots))]
        return [
            joined(known, rows) if len(known) else rows
            for known, rows in zip(judged, each, strict=True)
        ]

    def gather(self, slot: int, late: npt.NDArray[Any]) -> None:
        """Late rows to be judged, but those before the pause."""
        if slot in self and len(late):
            late = late[late["time_us"] > self.head["gap_us"][self.place[slot] - 1]]
            if len(late):
                late["row"] = 0
                self.late[slot] = joined(self.late.get(slot, NONE), late)

    def judged(self, slot: int, rows: npt.NDArray[Any]) -> None:
        """The window's rows with its late ones in their places."""
        self._judged[slot] = rows
        self.late.pop(slot, None)

    def blocks(self) -> dict[str, npt.NDArray[Any]]:
        """All as arrays but reports; the same windows give the same."""
        late = [self.late[slot] for slot in sorted(self.late)]
        shared = (self.head, self._all_rows(), joined(*late), np.array([(self.opened,)], OPENED))
        own = {
            f"{part}.{rule}": block
            for rule, some in self.of_rule.items()
            for part, block in some.blocks().items()
        }
        return {**dict(zip(PARTS, shared, strict=True)), **own}

    def reports(self) -> dict[str, list[list[Any]]]:
        """What stands reported, by rule, as JSON can hold it."""
        return {rule: own.reports() for rule, own in self.of_rule.items()}

    @classmethod
    def of(
        cls, blocks: Mapping[str, npt.NDArray[Any]], reports: Mapping[str, list[list[Any]]]
    ) -> Windows:
        """Windows of :meth:`blocks` and :meth:`reports`. Raises KeyError if one is missing."""
        made = cls({})
        for rule, told in reports.items():
            own = [blocks[f"{part}.{rule}"] for part in OF_RULE]
            made.of_rule[rule] = Remembered.of(own, told)
        made.head, made._rows, late, opened = (blocks[part] for part in PARTS)
        made.opened = int(opened["count"][0])
        made.reach(int(made.head["slot"].max(initial=-1)) + 1)
        made._take(np.arange(len(made.head)))
        made._used = len(made._rows)
        made._slots = made._rows["slot"].copy()
        made.late = {int(slot): late[late["slot"] == slot] for slot in np.unique(late["slot"])}
        return made

    def _take(self, at: npt.NDArray[np.int64]) -> None:
        """Keep these rows of ``head``, in this order."""
        before = self.head["slot"]
        self.place[before] = 0
        if len(at) and int(at[-1]) - int(at[0]) + 1 == len(at) and (np.diff(at) == 1).all():
            # Nearly always the newest, as they stand.
            some: Any = slice(int(at[0]), int(at[-1]) + 1)
        else:
            some = at
        self.head = self.head[some]
        self.place[self.head["slot"]] = np.arange(1, len(at) + 1)
        gone = before[self.place[before] == 0].tolist()
        known: list[dict[int, Any]] = [self.late, self._judged]
        for own in self.of_rule.values():
            own.each, own.few = own.each[some], own.few[some]
            known += [own.reported, own.drivers]
        for slot in gone:
            for one in known:
                one.pop(slot, None)

    def _all_rows(self) -> npt.NDArray[Any]:
        """What :meth:`rows` gives, of one vehicle after the other."""
        self._compact()
        rows = joined(self._rows[: self._used], *self._judged.values())
        return rows[np.lexsort((rows["time_us"], rows["slot"]))]

    def _make_room(self, more: int) -> None:
        """Throw out rows of closed windows; then have as many places again as are in use, and no
        more than eight times as many: where there are, they stay, for new memory costs more."""
        self._compact()
        room = max(_ROOM, 2 * (self._used + more))
        if room <= len(self._rows) <= 4 * room:
            return
        rows, slots = np.empty(room, ROW), np.empty(room, np.int32)
        rows[: self._used], slots[: self._used] = (
            self._rows[: self._used],
            self._slots[: self._used],
        )
        self._rows, self._slots = rows, slots

    def _compact(self) -> None:
        """Throw out rows of closed windows, and those that stand among judged ones."""
        after_us = self.head["gap_us"].copy()
        for slot, judged in self._judged.items():
            after_us[self.place[slot] - 1] = judged["time_us"][-1]
        self._used = closed_up(self._rows, self._slots[: self._used], self.place, after_us)


def _both(old: npt.NDArray[Any], new: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Rows of one type one after the other, as ``joined``."""
    rows = np.empty(len(old) + len(new), old.dtype)
    rows[: len(old)], rows[len(old) :] = old, new
    return rows


def _clean(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A copy with zeros between its fields, which are left to chance otherwise."""
    clean = np.zeros(len(rows), rows.dtype)
    for name in rows.dtype.names or ():
        clean[name] = rows[name]
    return clean
