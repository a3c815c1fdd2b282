"""What the supervised fleet did on every edge: kilometres, harsh braking, speeding, fatigue.

Supervised vehicles report all day where they are, on roads that nobody counts. Each report stands
for the way driven until the next one (speed times time), which lands on the edge nearest to it:
too rough for one trip, without bias over many. Kilometres over length are passages.

Vehicles are told apart only to pair one's reports; nothing here is kept by vehicle or driver.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.errors import ConfigError
from sizao.risk import snapping, tables
from sizao.risk.sites import Sites
from sizao.risk.snapping import AMBIGUOUS

Floats = npt.NDArray[np.float64]

LONGEST_S = 60.0
"""A report stands for no more time than this: after it the vehicle may have gone anywhere."""

MOVING_KMH = 3.0
BRAKING_MPS2, BRAKING_S = 3.0, 5.0
"""Deceleration between two reports at most BRAKING_S apart that counts as harsh; proposed (ADAS
devices alarm on their own and have better eyes: their alarms can be given as ``harsh_braking``)."""

EVENTS = ("harsh_braking", "speeding", "fatigue")
"""Surrogate safety measures: episodes or reports of them on each edge."""


@dataclass(frozen=True, eq=False)
class Fleet:
    """What the fleet did on e edges, arrays of shape (e,).

    km : driven on the edge; reports : how many reports that rests on
    events : counts by name of EVENTS; only what was looked for is there
    days : length of the record
    """

    km: Floats
    reports: Floats
    events: dict[str, Floats]
    days: float

    def passages(self, sites: Sites) -> Floats:
        """Passages of the fleet a day, (e,)."""
        found: Floats = self.km / sites.length_km / self.days
        return found


def from_positions(
    sites: Sites,
    vehicle: npt.NDArray[np.str_] | npt.NDArray[np.integer],
    time_s: Floats,
    lat: Floats,
    lon: Floats,
    speed_kmh: Floats,
    limit_kmh: Floats | None = None,
) -> Fleet:
    """From reports in any order, arrays of shape (n,), degrees WGS-84.

    limit_kmh : limit in force, NaN unknown; without it speeding is not looked for

    Reports of the same vehicle and second count once; those farther than 50 m from every edge, or
    as near to another that is no neighbour, are left aside.
    """
    _, number = np.unique(vehicle, return_inverse=True)
    order = np.lexsort((time_s, number))
    again = (np.diff(number[order]) == 0) & (np.diff(time_s[order]) == 0)
    order = order[np.append(True, ~again)] if len(order) else order
    number, time, speed = number[order], time_s[order], speed_kmh[order]
    same = number[1:] == number[:-1]
    gap = np.append(np.where(same, np.diff(time), LONGEST_S), LONGEST_S)[: len(order)]
    snapped = snapping.snap(snapping.build_index(sites), lat[order], lon[order])
    edge = snapped.edge
    use = (edge >= 0) & (snapped.quality != AMBIGUOUS)
    moving = use & (speed >= MOVING_KMH)
    n = len(sites)
    km = np.bincount(
        edge[moving], speed[moving] * np.clip(gap[moving], 0, LONGEST_S) / 3600.0, minlength=n
    )
    drop_mps = np.append(0.0, np.where(same, -np.diff(speed), 0.0))[: len(order)] / 3.6
    since = np.append(np.inf, np.where(same, np.diff(time), np.inf))[: len(order)]
    braking = use & (since <= BRAKING_S) & (drop_mps >= BRAKING_MPS2 * since)
    events = {"harsh_braking": np.bincount(edge[braking], minlength=n).astype(np.float64)}
    if limit_kmh is not None:
        limit = limit_kmh[order]
        fast = moving & (speed > 1.1 * limit)
        events["speeding"] = np.bincount(edge[fast], minlength=n).astype(np.float64)
    days = max((float(np.ptp(time)) if len(time) else 0.0) / 86400.0, 1 / 24)
    reports = np.bincount(edge[moving], minlength=n).astype(np.float64)
    return Fleet(km.astype(np.float64), reports, events, days)


COLUMNS = {"u": pa.int64(), "v": pa.int64(), "km": pa.float64()}
OPTIONAL = {"reports": pa.float64(), "days": pa.float64(), **dict.fromkeys(EVENTS, pa.float64())}
REASONS = {
    "unknown_edge": "the network has no edge between u and v",
    "impossible_number": "a number below 0, or days not above 0",
}


def read_fleet(path: Path, sites: Sites) -> tuple[Fleet, list[tables.Rejected]]:
    """A .csv or .csv.gz file with a row an edge: u, v, km, and what else of OPTIONAL it has.

    Rows of both directions are added up. Without ``reports`` every 0.25 km counts as one (30 s at
    30 km/h). Raises ConfigError if the file cannot be read or nothing of it can be used.
    """
    table = tables.read(path, COLUMNS, OPTIONAL)
    number = {
        pair: i for i, pair in enumerate(zip(sites.u.tolist(), sites.v.tolist(), strict=True))
    }
    ends = np.sort(np.column_stack((table.ints("u"), table.ints("v"))), axis=1)
    edge = np.array([number.get((u, v), -1) for u, v in ends.tolist()], np.int64)
    given = [name for name in ("km", "reports", *EVENTS) if name in table.columns]
    wrong = np.logical_or.reduce([table.floats(name) < 0 for name in given])
    wrong |= ~(np.nan_to_num(table.floats("days"), nan=1.0) > 0)
    bad = {"unknown_edge": edge < 0, "impossible_number": wrong}
    edge = edge[~(bad["unknown_edge"] | wrong)]
    table = table.reject(bad)
    if not len(table):
        raise ConfigError(f"{path}: no usable row of an edge of this network")
    sums = {
        name: np.bincount(edge, np.nan_to_num(table.floats(name)), len(sites)).astype(np.float64)
        for name in given
    }
    days = table.floats("days")
    return (
        Fleet(
            sums["km"],
            sums.get("reports", sums["km"] / 0.25),
            {name: sums[name] for name in EVENTS if name in sums},
            float(np.nanmax(days)) if not np.isnan(days).all() else 1.0,
        ),
        table.rejected,
    )
