"""What the road says about matched rows: its class and stake, and the limits that hold there."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect.fleet import Fleet
from sizao.roads.limits import limits_on
from sizao.roads.limits_in_force import LimitsInForce
from sizao.roads.matching import Matched
from sizao.roads.network import Network

DOUBT_M = 15.0
"""A temporary limit counts from so far within it: one and a half deviations of a position."""


class OnRoads(NamedTuple):
    """Columns of ``stage.Columns``, shape (n,) each."""

    segment: npt.NDArray[np.int32]
    match: npt.NDArray[np.int8]
    offset_m: npt.NDArray[np.float64]
    road_class: npt.NDArray[np.int8]
    stake_m: npt.NDArray[np.float64]
    limit_kmh: npt.NDArray[np.float32]
    usual_kmh: npt.NDArray[np.float32]
    sure_kmh: npt.NDArray[np.float32]
    sure_usual_kmh: npt.NDArray[np.float32]
    measure: npt.NDArray[np.int32]
    limit_default: npt.NDArray[np.bool_]


@lru_cache(maxsize=2)
def without_roads(n: int) -> OnRoads:
    """Rows of which nothing is known. Columns do not change: batches of one length share these."""
    nowhere = np.full(n, np.nan)
    none = np.full(n, np.nan, np.float32)
    return OnRoads(
        segment=np.full(n, -1, np.int32),
        match=np.zeros(n, np.int8),
        offset_m=nowhere,
        road_class=np.full(n, -1, np.int8),
        stake_m=nowhere,
        limit_kmh=none,
        usual_kmh=none,
        sure_kmh=none,
        sure_usual_kmh=none,
        measure=np.zeros(n, np.int32),
        limit_default=np.zeros(n, np.bool_),
    )


def on_roads(
    network: Network,
    matched: Matched,
    kind: npt.NDArray[np.int8],
    time_us: npt.NDArray[np.int64],
    temporary: LimitsInForce,
    fleet: Fleet,
) -> OnRoads:
    """Of rows as matched, and their vehicles' kinds."""
    segment, offset_m = matched.segment, matched.offset_m
    road_class, stake_m = _road(
        segment,
        offset_m,
        network.road_class,
        network.length_m,
        network.stake_start_m,
        network.stake_end_m,
    )
    usual, default = limits_on(network, segment, kind)
    limit = usual
    sure = sure_usual = _highest(network, matched, kind, limit)
    measure = np.zeros(len(segment), np.int32)
    if len(temporary):
        which, low = temporary.at(segment, offset_m, time_us)
        lower = low < limit
        sure = _surely_lower(temporary, network, matched, time_us, lower, sure)
        limit = np.where(lower, low, limit).astype(np.float32)
        default = default & ~lower
        measure = np.where(lower, _measures(temporary, fleet)[which], 0).astype(np.int32)
    return OnRoads(
        segment=segment,
        match=matched.quality,
        offset_m=offset_m,
        road_class=road_class,
        stake_m=stake_m,
        limit_kmh=limit,
        usual_kmh=usual,
        sure_kmh=sure,
        sure_usual_kmh=sure_usual,
        measure=measure,
        limit_default=default,
    )


def given(roads: OnRoads | None, limit_kmh: npt.NDArray[np.float32]) -> OnRoads:
    """The same with limits known beforehand, a value a row; NaN is none. Without roads these are
    all that is known."""
    if roads is None:
        return without_roads(len(limit_kmh))._replace(
            limit_kmh=limit_kmh, usual_kmh=limit_kmh, sure_kmh=limit_kmh, sure_usual_kmh=limit_kmh
        )
    limit, usual, sure, sure_usual, measure, default = _given(
        limit_kmh,
        roads.limit_kmh,
        roads.usual_kmh,
        roads.sure_kmh,
        roads.sure_usual_kmh,
        roads.measure,
        roads.limit_default,
    )
    return roads._replace(
        limit_kmh=limit,
        usual_kmh=usual,
        sure_kmh=sure,
        sure_usual_kmh=sure_usual,
        measure=measure,
        limit_default=default,
    )


@njit(cache=True, nogil=True)
def _given(own, limit, usual, sure, sure_usual, measure, default):  # type: ignore[no-untyped-def]  # numba
    limit, usual = limit.copy(), usual.copy()
    sure, sure_usual = sure.copy(), sure_usual.copy()
    measure, default = measure.copy(), default.copy()
    for i in range(len(own)):
        if not np.isnan(own[i]):
            limit[i] = usual[i] = sure[i] = sure_usual[i] = own[i]
            measure[i] = 0
            default[i] = False
    return limit, usual, sure, sure_usual, measure, default


@njit(cache=True, nogil=True)
def _road(segment, offset_m, classes, length_m, stake_start_m, stake_end_m):  # type: ignore[no-untyped-def]  # numba
    """Road class and, as ``Network.stake_at``, stake of each row."""
    n = len(segment)
    road_class = np.full(n, -1, np.int8)
    stake_m = np.full(n, np.nan)
    for i in range(n):
        own = segment[i]
        if own >= 0:
            road_class[i] = classes[own]
            start, end = stake_start_m[own], stake_end_m[own]
            stake_m[i] = start + (end - start) * offset_m[i] / length_m[own]
    return road_class, stake_m


def _highest(
    network: Network,
    matched: Matched,
    kind: npt.NDArray[np.int8],
    limit_kmh: npt.NDArray[np.float32],
) -> npt.NDArray[np.float32]:
    """The highest limit of the road of each row and of those that it may be on as well."""
    if not len(matched.rival_row):
        return limit_kmh
    rival_kmh, _ = limits_on(network, matched.rival_segment, kind[matched.rival_row])
    highest = limit_kmh.copy()
    np.maximum.at(highest, matched.rival_row, rival_kmh)
    return highest


def _surely_lower(
    temporary: LimitsInForce,
    network: Network,
    matched: Matched,
    time_us: npt.NDArray[np.int64],
    lower: npt.NDArray[np.bool_],
    sure_kmh: npt.NDArray[np.float32],
) -> npt.NDArray[np.float32]:
    """``sure_kmh`` with the temporary limits of rows (``lower``) that hold a little before and
    after as well; where a rival's limit is the higher one it stays."""
    at = np.flatnonzero(lower)
    segment, offset_m = matched.segment[at], matched.offset_m[at]
    last_m = np.nextafter(network.length_m[segment], 0.0)
    spots = [offset_m, np.maximum(offset_m - DOUBT_M, 0.0), np.minimum(offset_m + DOUBT_M, last_m)]
    kmh = [temporary.at(segment, spot, time_us[at])[1] for spot in spots]
    # A spot without a limit is NaN and makes the row unsure.
    highest = np.maximum(np.maximum(kmh[0], kmh[1]), kmh[2])
    alone = ~np.isin(at, matched.rival_row)
    sure = sure_kmh.copy()
    holds = alone & (highest < sure[at])
    sure[at[holds]] = highest[holds]
    return sure


def _measures(temporary: LimitsInForce, fleet: Fleet) -> npt.NDArray[np.int32]:
    """Number of each temporary limit, and 0 last, where place -1 finds it."""
    known = fleet.measures
    numbers = [known.setdefault(limit.id, len(known) + 1) for limit in temporary.limits]
    return np.array([*numbers, 0], np.int32)
