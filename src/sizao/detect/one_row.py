"""A row of a batch as numbers, for what kernels call of each.

To hand on all columns counts references to 33 arrays up and down again, 0.4 us a call: more than
anything that is done with one row.
"""

from __future__ import annotations

from typing import NamedTuple

from numba import njit


class OneRow(NamedTuple):
    """Fields of ``stage.Columns``, of one row."""

    slot: int
    time_us: int
    received_us: int
    lat: float
    lon: float
    stake_m: float
    segment: int
    driver: int
    speed_kmh: float
    recorder_speed_kmh: float
    measure: int
    limit_default: bool
    prev_fix_us: int
    prev_lat: float
    prev_lon: float


# Inlined: else it would be handed the columns itself. What nobody asks of it is not read then.
@njit(cache=True, inline="always")
def one_row(c, i):  # type: ignore[no-untyped-def]  # numba
    """Row ``i`` of ``Columns``."""
    return OneRow(
        c.slot[i],
        c.time_us[i],
        c.received_us[i],
        c.lat[i],
        c.lon[i],
        c.stake_m[i],
        c.segment[i],
        c.driver[i],
        c.speed_kmh[i],
        c.recorder_speed_kmh[i],
        c.measure[i],
        c.limit_default[i],
        c.prev_fix_us[i],
        c.prev_lat[i],
        c.prev_lon[i],
    )
