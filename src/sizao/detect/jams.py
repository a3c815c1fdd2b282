"""Minutes of stretches become episodes: what ``road_rules/slow_traffic.py`` remembers and decides.

Everything stands in one ``sparse`` table, so that it is saved with the engine's state: a *cell* for
each stretch and minute not judged yet, which a kernel fills, and rows of other sorts (``what``) for
the few jams, which are taken out, changed in plain Python once a minute, and put back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.detect import sparse
from sizao.detect.emit import NOTHING
from sizao.detect.params import Params
from sizao.detect.stage import Findings
from sizao.detect.stretches import Stretches
from sizao.roads.network import Network

MINUTE_US = 60_000_000
PART = 1 << 22
"""Minutes as parts of a key are taken modulo this: eight years."""

CELLS, HEAD, JAM, MEMBER, QUEUE = range(5)
_HEAD_SLOT = 1 << 30

CELL = [
    ("us", "i8"),
    ("lat", "f8"),
    ("lon", "f8"),
    ("stake_m", "f8"),
    ("minute", "i4"),
    ("start", "i4"),
    ("fired", "i4"),
    ("n", "i4"),
    ("speed", "i4"),
    ("limit", "i4"),
    ("ratio", "i4"),
    ("slow", "i4"),
    ("slowest", "i4"),
    ("slot", "i4"),
    ("segment", "i4"),
    ("anchor", "i4"),
    ("most", "i4"),
    ("what", "i1"),
]
"""A cell: ``n`` vehicles, sums of ``speed`` and ``limit`` in tenths of km/h and of ``ratio`` in
thousandths, how many of them are ``slow`` each by itself, and the slowest. For other sorts see
below."""


@dataclass
class Spot:
    """The slowest vehicle of a stretch in a minute; speeds in tenths of km/h, means of all."""

    us: int = 0
    lat: float = 0.0
    lon: float = 0.0
    stake_m: float = 0.0
    slot: int = 0
    segment: int = 0
    speed: int = 0
    limit: int = 0


@dataclass
class Jam:
    """Minutes since the epoch; ``fired`` 0: it has not. ``anchor`` is the stretch it began on."""

    anchor: int
    start: int
    minute: int = 0
    fired: int = 0
    n: int = 0
    """Minutes with a slow stretch so far."""
    most: int = 0
    worst: Spot = field(default_factory=Spot)
    members: dict[int, list[int]] = field(default_factory=dict)
    """Stretch to free minutes in a row, and the minute it was last heard in."""
    queue: Jam | None = None
    """The end of the queue, from its first minute on; without members."""


class Jams:
    """The table taken apart. ``few`` holds cells alone; :meth:`table` puts all back."""

    def __init__(self, few: npt.NDArray[Any], network: Network | None) -> None:
        self._head = sparse.find(few, _HEAD_SLOT, 0)
        digest = int(network.digest()[:7], 16) if network is not None else 0
        if self._head and network is not None and few[self._head]["n"] != digest:
            # Stretches of other roads: begin anew.
            few, self._head = sparse.new(few.dtype), 0
        self.few = few
        self.digest = digest or (int(few[self._head]["n"]) if self._head else 0)
        self.clock_us = int(few[self._head]["us"]) if self._head else 0
        self.judged = int(few[self._head]["minute"]) if self._head else 0
        self._jams: dict[tuple[int, int], Jam] | None = None
        self._out: list[tuple[Jam, int, str]] = []

    def table(self) -> npt.NDArray[Any]:
        """All of it, to be remembered."""
        few, at = sparse.add(self.few, _HEAD_SLOT, 0)
        few[at]["us"], few[at]["minute"], few[at]["n"] = self.clock_us, self.judged, self.digest
        few[at]["what"] = HEAD
        for jam in (self._jams or {}).values():
            few = _put(few, jam, JAM, jam.anchor, PART + jam.start % PART)
            if jam.queue is not None:
                few = _put(few, jam.queue, QUEUE, jam.anchor, 2 * PART + jam.start % PART)
                few[sparse.find(few, jam.anchor, 2 * PART + jam.start % PART)]["anchor"] = jam.start
            for stretch, (offs, heard) in jam.members.items():
                few, at = sparse.add(few, stretch, 3 * PART)
                row = few[at]
                row["what"], row["anchor"], row["start"] = MEMBER, jam.anchor, jam.start
                row["n"], row["minute"] = offs, heard
        return few

    def cells(self) -> npt.NDArray[Any]:
        """Cells in order of stretch and minute; the jams are taken out of the table."""
        rows = sparse.rows(self.few)
        self._jams = {}
        for row in rows[rows["what"] == JAM]:
            jam = _taken(row, int(sparse.slots(row.reshape(1))[0]))
            self._jams[jam.anchor, jam.start] = jam
        for row in rows[rows["what"] == QUEUE]:
            queue = _taken(row, int(sparse.slots(row.reshape(1))[0]))
            self._jams[queue.anchor, int(row["anchor"])].queue = queue
        for row in rows[rows["what"] == MEMBER]:
            stretch = int(sparse.slots(row.reshape(1))[0])
            jam = self._jams[int(row["anchor"]), int(row["start"])]
            jam.members[stretch] = [int(row["n"]), int(row["minute"])]
        cells: npt.NDArray[Any] = rows[rows["what"] == CELLS]
        return cells

    @property
    def jams(self) -> dict[tuple[int, int], Jam]:
        assert self._jams is not None, "cells() first"
        return self._jams

    def report(self, jam: Jam, revision: int, part: str) -> None:
        self._out.append((jam, revision, part))

    def ended(self, params: Params) -> Findings:
        """Last revisions of jams that have fired, as they stand."""
        self.cells()
        for _, jam in sorted(self.jams.items()):
            end(self, jam)
        return self.findings(params)

    def findings(self, params: Params | None = None) -> Findings:
        """What was reported; parameters are needed if anything was."""
        if not self._out:
            return NOTHING
        jams = [jam for jam, _, _ in self._out]
        spots = [jam.worst for jam in jams]
        hold_us = round(params["hold_s"] * 1e6) if params else 0
        ints = np.int64
        fired = np.array([(jam.fired + 1) * MINUTE_US for jam in jams], ints)
        return Findings(
            slot=np.array([spot.slot for spot in spots], np.int32),
            revision=np.array([revision for _, revision, _ in self._out], np.int16),
            start_us=np.array([jam.start * MINUTE_US for jam in jams], ints),
            end_us=np.array([(jam.minute + 1) * MINUTE_US for jam in jams], ints),
            fired_us=fired,
            received_us=fired + hold_us,
            worst_us=np.array([spot.us for spot in spots], ints),
            measured=np.array([spot.speed / 10 for spot in spots], np.float64),
            limit=np.array([spot.limit / 10 for spot in spots], np.float64),
            lat=np.array([spot.lat for spot in spots], np.float64),
            lon=np.array([spot.lon for spot in spots], np.float64),
            segment=np.array([spot.segment for spot in spots], np.int32),
            stake_m=np.array([spot.stake_m for spot in spots], np.float64),
            driver=np.full(len(jams), -1, np.int32),
            severity=[part or _severity(jam, params or {}) for jam, _, part in self._out],
            quality=[f"length_km={jam.most}" for jam in jams],
            part=[part for _, _, part in self._out],
            stretch=[jam.anchor for jam in jams],
        )


def judge_minute(
    jams: Jams, cells: npt.NDArray[Any], minute: int, index: Stretches, params: Params
) -> None:
    """One minute's cells, in order of stretch: jams begin, grow, shrink, fire and end."""
    _forget(jams, minute, params)
    stretch = sparse.slots(cells)
    ratio = cells["ratio"] / (1000.0 * cells["n"])
    slow = (cells["slow"] >= params["min_vehicles"]) & (ratio <= slow_ratio(params))
    free = set(stretch[ratio >= params["free_ratio"]].tolist())
    heard = set(stretch.tolist())
    owner = {one: jam for jam in jams.jams.values() for one in jam.members}
    touched: dict[tuple[int, int], tuple[Jam, list[tuple[int, Spot]]]] = {}
    for at in np.flatnonzero(slow).tolist():
        here = int(stretch[at])
        jam = owner.get(here) or _neighbour(owner, here, index)
        if jam is None:
            jam = Jam(here, minute)
            jams.jams[here, minute] = jam
        owner[here] = jam
        jam.members[here] = [0, minute]
        _, seen = touched.setdefault((jam.anchor, jam.start), (jam, []))
        seen.append((here, _spot(cells[at])))
    for key, jam in sorted(jams.jams.items()):
        _, seen = touched.get(key, (jam, []))
        for one in [one for one in jam.members if one not in {here for here, _ in seen}]:
            state = jam.members[one]
            if one in heard:
                state[1] = minute
                state[0] += one in free
            if state[0] >= params["end_minutes"] or minute - state[1] >= params["max_gap_min"]:
                del jam.members[one]
        if seen:
            _grow(jams, jam, [spot for _, spot in seen], minute, params)
            _queue(jams, jam, seen, free, minute, index, params)
        if not jam.members:
            end(jams, jam)
            del jams.jams[key]


def _forget(jams: Jams, minute: int, params: Params) -> None:
    """What minutes before this one have ended in which no stretch at all was heard of."""
    for key, jam in sorted(jams.jams.items()):
        for one, (_, heard) in list(jam.members.items()):
            if minute - 1 - heard >= params["max_gap_min"]:
                del jam.members[one]
        if not jam.members:
            end(jams, jam)
            del jams.jams[key]


def end(jams: Jams, jam: Jam) -> None:
    """Report its last revisions, if there were first ones."""
    if jam.fired:
        jams.report(jam, 1, "")
    if jam.queue is not None and jam.queue.fired:
        jam.queue.minute, jam.queue.most = jam.minute, jam.most
        jams.report(jam.queue, 1, "queue_end")


def _grow(jams: Jams, jam: Jam, seen: list[Spot], minute: int, params: Params) -> None:
    jam.n += 1
    jam.minute = minute
    jam.most = max(jam.most, len(jam.members))
    for spot in seen:
        if (jam.n == 1 and spot is seen[0]) or spot.speed < jam.worst.speed:
            jam.worst = spot
    if not jam.fired and jam.n >= params["min_minutes"]:
        jam.fired = minute
        jams.report(_copy(jam), 0, "")


def _queue(
    jams: Jams,
    jam: Jam,
    seen: list[tuple[int, Spot]],
    free: set[int],
    minute: int,
    index: Stretches,
    params: Params,
) -> None:
    """Whether somebody comes up at speed to the last of a fired jam's slow stretches."""
    last, spot = min(seen, key=lambda one: one[0] * int(index.step[one[0]]))
    if not jam.fired or spot.speed > 10 * params["congested_kmh"] * _share(params):
        return
    before, near = last, False
    for _ in range(int(params["approach_km"])):
        before = index.upstream(before)
        near = near or before in free
        if before < 0:
            break
    if not near:
        return
    if jam.queue is None:
        jam.queue = Jam(jam.anchor, minute)
    queue = jam.queue
    queue.n += 1
    queue.minute, queue.most = minute, jam.most
    if not queue.fired:
        queue.worst = spot
        if queue.n >= params["queue_minutes"]:
            queue.fired = minute
            jams.report(_copy(queue), 0, "queue_end")


def slow_ratio(params: Params) -> float:
    """Of the usual limit, at or under which a vehicle and a stretch are slow."""
    return float(params["slow_ratio"]) * _share(params)


def _share(params: Params) -> float:
    """Of an edge, what is left when the margin is off."""
    return 1 - float(params["margin_percent"]) / 100


def _neighbour(owner: dict[int, Jam], here: int, index: Stretches) -> Jam | None:
    for one in (here - 1, here + 1):
        if one in owner and index.first[here] <= one <= index.last[here]:
            return owner[one]
    return None


def _severity(jam: Jam, params: Params) -> str:
    if jam.worst.speed <= 10 * params["standing_kmh"]:
        return "standing_traffic"
    return "congested" if jam.worst.speed <= 10 * params["congested_kmh"] else "slow"


def _spot(cell: Any) -> Spot:
    n = int(cell["n"])
    return Spot(
        us=int(cell["us"]),
        lat=float(cell["lat"]),
        lon=float(cell["lon"]),
        stake_m=float(cell["stake_m"]),
        slot=int(cell["slot"]),
        segment=int(cell["segment"]),
        speed=round(int(cell["speed"]) / n),
        limit=round(int(cell["limit"]) / n),
    )


def _copy(jam: Jam) -> Jam:
    """As it is now: a report must not change with what comes later."""
    return Jam(jam.anchor, jam.start, jam.minute, jam.fired, jam.n, jam.most, jam.worst)


_SPOT = tuple(one.name for one in fields(Spot))
_OWN = ("minute", "fired", "n", "most")


def _put(few: npt.NDArray[Any], jam: Jam, what: int, slot: int, part: int) -> npt.NDArray[Any]:
    few, at = sparse.add(few, slot, part)
    row = few[at]
    row["what"] = what
    row["start"] = jam.start
    for name in _OWN:
        row[name] = getattr(jam, name)
    for name in _SPOT:
        row[name] = getattr(jam.worst, name)
    return few


def _taken(row: Any, anchor: int) -> Jam:
    worst = Spot(**{name: row[name].item() for name in _SPOT})
    jam = Jam(anchor, int(row["start"]), worst=worst)
    for name in _OWN:
        setattr(jam, name, int(row[name]))
    return jam
