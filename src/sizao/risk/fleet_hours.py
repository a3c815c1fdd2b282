"""What the supervised fleet did on every edge by hour of the day, with nobody in it recognisable.

Positions are added day by day; vehicles are told apart in memory only, to pair one's reports and
to count how many there were. What is released has no vehicle in it: a cell (edge and hour of the
day) that fewer than ``LEAST`` vehicles made is withheld, and so many further cells of that edge
that what is left between its hours and its total is of as many vehicles again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sizao.risk import snapping
from sizao.risk.fleet import BRAKING_MPS2, BRAKING_S, EVENTS, LONGEST_S, MOVING_KMH, Fleet
from sizao.risk.sites import Sites
from sizao.risk.snapping import AMBIGUOUS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEAST = 5
"""Vehicles that a figure must be of; proposed. Fewer could be somebody who is known to drive there
at that hour."""

FAST = 1.1
"""Times the sign's limit from which a report counts as speeding."""

ALL_DAY = -1
_HOURS = 24
_OFFSET_S = 8 * 3600
"""Local civil time has one offset."""

SCHEMA = pa.schema(
    [
        pa.field("edge", pa.int32(), nullable=False),
        pa.field("u", pa.int64(), nullable=False),
        pa.field("v", pa.int64(), nullable=False),
        pa.field("hour", pa.int8(), nullable=False),
        pa.field("vehicles", pa.int32(), nullable=False),
        pa.field("reports", pa.int64(), nullable=False),
        pa.field("km", pa.float64(), nullable=False),
        pa.field("mean_kmh", pa.float32()),
        *(pa.field(name, pa.int64()) for name in EVENTS),
    ]
)
"""``hour`` is the local hour of the day, -1 the whole day. ``reports`` are those of moving
vehicles, which ``mean_kmh`` and ``speeding`` are of; ``km`` is what braking and fatigue are of.
Speeding is null on edges without a sign, fatigue (episodes) is known for the whole day only."""


@dataclass
class Gathering:
    """Sums over edges and hours of the day while days are added."""

    sites: Sites
    codes: dict[str, int] = field(default_factory=dict)
    days: set[int] = field(default_factory=set)
    read: int = 0
    matched: int = 0

    def __post_init__(self) -> None:
        self._index = snapping.build_index(self.sites)
        size = len(self.sites) * _HOURS
        self._sums = {name: np.zeros(size) for name in ("km", "reports", "speed", *EVENTS)}
        self._pairs = np.empty(0, np.int64)

    def add(
        self,
        names: Sequence[str],
        which: Ints,
        time_s: Floats,
        lat: Floats,
        lon: Floats,
        speed_kmh: Floats,
    ) -> None:
        """Add reports in any order, arrays of shape (n,), a whole day of each of its vehicles.

        names, which : the vehicles, and which of them each report is of

        The rules are those of ``fleet.from_positions``.
        """
        usable = ~(np.isnan(lat) | np.isnan(lon) | np.isnan(speed_kmh))
        if not usable.any():
            return
        codes = np.array([self.codes.setdefault(name, len(self.codes)) for name in names], np.int64)
        number = codes[which[usable]]
        time, speed = time_s[usable], speed_kmh[usable].astype(np.float64)
        order = np.lexsort((time, number))
        again = (np.diff(number[order]) == 0) & (np.diff(time[order]) == 0)
        order = order[np.append(True, ~again)]
        number, time, speed = number[order], time[order], speed[order]
        lat, lon = lat[usable][order], lon[usable][order]
        self.read += len(order)
        same = np.append(False, number[1:] == number[:-1])
        since = np.append(np.inf, np.diff(time))
        gap = np.append(np.where(same[1:], np.diff(time), LONGEST_S), LONGEST_S)
        snapped = snapping.snap(self._index, lat, lon)
        use = (snapped.edge >= 0) & (snapped.quality != AMBIGUOUS)
        self.matched += int(use.sum())
        local = time.astype(np.int64) + _OFFSET_S
        self.days |= set(np.unique(local // 86400).tolist())
        edge = np.maximum(snapped.edge, 0).astype(np.int64)
        cell = edge * _HOURS + local // 3600 % _HOURS
        moving = use & (speed >= MOVING_KMH)
        drop = np.append(0.0, -np.diff(speed)) / 3.6
        braking = use & same & (since <= BRAKING_S) & (drop >= BRAKING_MPS2 * since)
        fast = moving & (speed > FAST * self.sites.limit[edge])
        self._count("km", cell[moving], speed[moving] * np.clip(gap[moving], 0, LONGEST_S) / 3600)
        self._count("reports", cell[moving])
        self._count("speed", cell[moving], speed[moving])
        self._count("harsh_braking", cell[braking])
        self._count("speeding", cell[fast])
        pairs = np.unique(cell[moving] << 32 | number[moving])
        self._pairs = np.union1d(self._pairs, pairs)

    def add_fatigue(self, lat: Floats, lon: Floats) -> None:
        """Add episodes of fatigue at places, (n,). Their hour is not kept."""
        if len(lat):
            edge = snapping.snap(self._index, lat, lon).edge.astype(np.int64)
            self._count("fatigue", edge[edge >= 0] * _HOURS)

    def _count(self, name: str, cell: Ints, weight: Floats | None = None) -> None:
        np.add.at(self._sums[name], cell, 1.0 if weight is None else weight)

    def release(self, least: int = LEAST) -> tuple[pa.Table, dict[str, Any]]:
        """What may leave: rows of SCHEMA, and a summary with the share that it covers."""
        cell, vehicle = self._pairs >> 32, self._pairs & 0xFFFFFFFF
        size = len(self.sites) * _HOURS
        by_cell = np.bincount(cell, minlength=size)
        by_edge = _distinct(cell // _HOURS, vehicle, len(self.sites))
        held = _withheld(cell, vehicle, by_cell, by_edge, least)
        rows = [_rows(self, np.flatnonzero((by_cell > 0) & ~held), by_cell, all_day=False)]
        rows.append(_rows(self, np.flatnonzero(by_edge >= least), by_edge, all_day=True))
        table = pa.concat_tables(rows)
        out = by_edge >= least
        length = self.sites.length_km
        summary = {
            "days": len(self.days),
            "vehicles": len(self.codes),
            "reports": self.read,
            "matched": round(self.matched / self.read, 4) if self.read else 0.0,
            "km": round(float(self._sums["km"].sum()), 1),
            "events": {name: int(self._sums[name].sum()) for name in EVENTS},
            "least_vehicles": least,
            "edges": len(self.sites),
            "edges_with_flow": int(out.sum()),
            "length_share": round(float(length[out].sum() / length.sum()), 4),
            "cells": int((by_cell > 0).sum()),
            "cells_withheld": int((held & (by_cell > 0)).sum()),
        }
        return table, summary


def _distinct(group: Ints, vehicle: Ints, size: int) -> Ints:
    """Different vehicles in each group, (size,)."""
    pairs = np.unique(group << 32 | vehicle)
    return np.bincount(pairs >> 32, minlength=size)


def _withheld(
    cell: Ints, vehicle: Ints, by_cell: Ints, by_edge: Ints, least: int
) -> npt.NDArray[np.bool_]:
    """Cells not to be released: small ones, and the next ones where small ones could be had by
    taking the hours of an edge from its total."""
    held = by_cell < least
    number = len(by_edge)
    for _ in range(_HOURS):
        hidden = _distinct(cell[held[cell]] // _HOURS, vehicle[held[cell]], number)
        short = (hidden > 0) & (hidden < least) & (by_edge >= least)
        left = np.where(held, np.iinfo(np.int64).max, by_cell).reshape(number, _HOURS)
        short &= (left < np.iinfo(np.int64).max).any(axis=1)
        if not short.any():
            break
        edges = np.flatnonzero(short)
        held[edges * _HOURS + left[edges].argmin(axis=1)] = True
    return held


def _rows(found: Gathering, index: Ints, vehicles: Ints, *, all_day: bool) -> pa.Table:
    edge = index if all_day else index // _HOURS
    sums = {
        name: values.reshape(-1, _HOURS).sum(axis=1) if all_day else values
        for name, values in found._sums.items()
    }
    reports = sums["reports"][index]
    signed = ~np.isnan(found.sites.limit[edge])
    columns = {
        "edge": edge,
        "u": found.sites.u[edge],
        "v": found.sites.v[edge],
        "hour": np.full(len(index), ALL_DAY, np.int8) if all_day else index % _HOURS,
        "vehicles": vehicles[index],
        "reports": reports,
        "km": np.round(sums["km"][index], 3),
        "mean_kmh": pa.array(sums["speed"][index] / np.maximum(reports, 1), mask=reports == 0),
        "harsh_braking": sums["harsh_braking"][index],
        "speeding": pa.array(sums["speeding"][index], mask=~signed),
        "fatigue": pa.array(sums["fatigue"][index], mask=np.full(len(index), not all_day)),
    }
    return pa.table(
        [pa.array(columns[one.name]).cast(one.type, safe=False) for one in SCHEMA], SCHEMA
    )


def fleet_of(table: pa.Table, sites: Sites, days: float) -> Fleet:
    """The whole-day rows as a :class:`Fleet` of a network; edges without a row have nothing."""
    rows = table.filter(pc.equal(table["hour"], ALL_DAY)) if len(table) else table
    number = {
        pair: at for at, pair in enumerate(zip(sites.u.tolist(), sites.v.tolist(), strict=True))
    }
    pairs = zip(rows["u"].to_pylist(), rows["v"].to_pylist(), strict=True)
    edge = np.array([number.get(pair, -1) for pair in pairs], np.int64)
    here = edge >= 0

    def summed(name: str) -> Floats:
        values = np.nan_to_num(rows[name].cast(pa.float64()).to_numpy(), nan=0.0)
        return np.bincount(edge[here], values[here], len(sites)).astype(np.float64)

    events = {name: summed(name) for name in EVENTS}
    return Fleet(summed("km"), summed("reports"), events, max(days, 1 / 24))
