"""Late points re-open driving totals of people, who may change vehicles.

As ``reopen.py``, with the same windows; what is different is that vehicles meet in a driver's
total. So a window keeps, besides what was remembered of its vehicle, what was remembered of each
driver before his first row in it (``reopen_drivers.py``).

Judging again takes the vehicle's rows twice from there: as they came, and with the late ones in
their places. Where the first does not give what is remembered of a driver now, he has driven
another vehicle meanwhile. Then what the late rows add to his hours is added, so that his total is
right from here on, but what was told of him stays as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.detect import reopen_again, sparse
from sizao.detect.params import Params
from sizao.detect.reopen_again import GIVEN, Again, Anew, Together, put
from sizao.detect.reopen_drivers import remembered
from sizao.detect.revisions import corrected, differences, findings_of, report_of
from sizao.detect.stage import Columns, Findings, Memory, World
from sizao.detect.totals import DrivingTotal
from sizao.detect.window_rows import columns_of
from sizao.detect.windows import Report, Windows


def again(
    rule: DrivingTotal,
    together: Together,
    windows: Windows,
    memory: Memory,
    params: Params,
    world: World,
) -> Again:
    """As ``reopen_again.again``. Vehicles of which some driver is known go one after the other."""
    known = windows.of_rule[rule.id].drivers
    alone: list[Anew] = []
    others: list[Anew] = []
    for anew in together.anews:
        nobody = not known.get(anew.slot) and (anew.rows["driver"] < 0).all()
        each, _ = windows.before(rule.id, np.array([anew.slot], np.int32))
        (alone if nobody and not each["driver"][0] else others).append(anew)
    done = Again([], memory, {}, {})
    if alone:
        if others:
            together = Together(alone)
        done = reopen_again.again(rule, together, windows, memory, params, world, drops=False)
    for anew in others:
        one = _again(rule, anew, windows, done.memory, params, world)
        done = Again(
            done.found + one.found,
            one.memory,
            {**done.reported, **one.reported},
            {**done.drivers, **one.drivers},
        )
    return done


def _again(
    rule: DrivingTotal, anew: Anew, windows: Windows, memory: Memory, params: Params, world: World
) -> Again:
    """Of one vehicle."""
    slot = anew.slot
    each, own_few = windows.before(rule.id, np.array([slot], np.int32))
    own_few = own_few[own_few["key"] != 0]
    own = windows.of_rule[rule.id]
    drivers = dict(own.drivers.get(slot, {}))
    for driver in sorted(set(anew.rows["driver"].tolist())):
        if driver >= 0 and driver not in drivers:
            # Only late rows know of him, so that nothing of this vehicle is in his total.
            drivers[driver] = remembered(memory, driver)
    table = _called([(own_few, None), *((row, name) for name, row in drivers.items())], slot)

    def judged(columns: Columns) -> tuple[Findings, Memory]:
        begun = Memory(each.copy(), sparse.from_rows(table, memory.few.dtype))
        found, ended = rule.step(columns, begun, params, world)
        return replace(found, slot=_real(found.slot, slot)), ended

    second, as_it_is = judged(columns_of(anew.rows))
    elsewhere: set[int] = set()
    told: set[tuple[int, int]] = set()
    as_it_was = as_it_is
    if drivers:
        # Where nobody is known nobody can have driven elsewhere.
        first, as_it_was = judged(columns_of(anew.was))
        elsewhere = {driver for driver in drivers if not _same(memory, as_it_was, driver, slot)}
        told = {(report["slot"], report["start_us"]) for report in _reports(first)}
    others: list[Report] = []
    after: dict[int, list[Report]] = {}
    for report in _reports(second):
        if report["driver"] in elsewhere:
            continue
        if report["slot"] != slot:
            if (report["slot"], report["start_us"]) not in told:
                others.append(corrected(report))
        else:
            after.setdefault(report["start_us"], []).append(report)
    reported = own.reported.get(slot, {})
    before = {
        start: report for start, report in reported.items() if report["driver"] not in elsewhere
    }
    few = _used(as_it_is.few)
    going_on = set(few["start_us"][few["fired"] != 0].tolist())
    out, known = differences(before, after, going_on, anew.latest_us)
    memory.each[slot] = as_it_is.each[0]
    memory = _put_back(rule, memory, slot, as_it_was, few, elsewhere, known)
    found = [findings_of(second, [*others, *out])] if others or out else []
    return Again(found, memory, {slot: {**reported, **known}}, {slot: drivers})


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


def _used(table: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Rows of a table in use, in no order."""
    return table[1:][table["key"][1:] != 0]


def _row(few: npt.NDArray[Any], of: int, part: int) -> Any:
    at = sparse.find(few, of, part)
    return few[at] if at else None


def _same(memory: Memory, as_it_was: Memory, driver: int, slot: int) -> bool:
    """Whether a driver's total is what this vehicle alone makes it."""
    now, then = _row(memory.few, driver, 1), _row(as_it_was.few, driver, 1)
    if now is None or then is None:
        return now is None and then is None
    fields = [name for name in now.dtype.names if name not in ("key", "slot", *GIVEN)]
    return all(_equal(now[name], then[name]) or _unknown(name, now, then) for name in fields)


_PLACES = ("lat", "lon", "stake_m")


def _equal(one: Any, other: Any) -> bool:
    """``np.array_equal`` of alike shapes, which takes ten times as long for a number."""
    same = one == other
    return bool(same.all() if isinstance(same, np.ndarray) else same)


def _unknown(name: str, now: Any, then: Any) -> bool:
    return name in _PLACES and bool(np.isnan(now[name]) and np.isnan(then[name]))


def _put_back(
    rule: DrivingTotal,
    memory: Memory,
    slot: int,
    as_it_was: Memory,
    judged: npt.NDArray[Any],
    elsewhere: set[int],
    known: dict[int, Report],
) -> Memory:
    each, few = memory
    for row, of, part in zip(judged, sparse.slots(judged), sparse.parts(judged), strict=True):
        if part and int(of) in elsewhere:
            _add(rule, few, int(of), row, _row(as_it_was.few, of, part))
            continue
        few, at = sparse.add(few, int(of) if part else slot, int(part))
        put(few, at, row)
        few[at]["slot"] = _real(row["slot"], slot)
        report = known.get(int(row["start_us"])) if row["fired"] else None
        if report is not None:
            for name in GIVEN:
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
