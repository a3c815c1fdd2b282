"""A run of continuous driving, inside a kernel's state: begin, go on, fire, end, change driver.

Of every vehicle (``st``, fields of ``RUN``) the run itself is kept; what only a report needs, and
the run that another driver left and may come back to, stand in the table of the few (``ep``,
fields of ``FIRED`` and ``LEFT``).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sizao.detect import sparse
from sizao.detect.emit import GAP, room

RUN = [
    ("start_us", "i8"),
    ("end_us", "i8"),
    ("gaps_us", "i8"),
    ("driver", "i4"),
    ("running", "i1"),
    ("fired", "i1"),
    ("open", "i1"),
]
"""A run of continuous driving. ``end_us`` is the last moment of driving so far; ``driver`` is the
index plus one, so that 0 is unknown; ``open`` says that the vehicle is in the table of the few."""

MINUTES = [("rest_s", "u2"), ("unknown_s", "u2")]
"""Seconds inside the run: stops that were no rest, and driving without a known driver; both end at
65 535. Apart from ``RUN`` because they fill what is left of its last eight bytes."""

LONGEST_S = 65_535

FIRED = [
    ("gaps_at_end_us", "i8"),
    ("fired_us", "i8"),
    ("received_us", "i8"),
    ("lat", "f8"),
    ("lon", "f8"),
    ("stake_m", "f8"),
    ("segment", "i4"),
    ("revision", "i2"),
    ("rest_at_end_s", "u2"),
]
"""Kept once it has fired: gaps and stops before the last moment of driving, and where that was."""

LEFT = [(f"left_{name}", kind) for name, kind in [*RUN, *FIRED, *MINUTES] if name != "open"]


@njit(cache=True)
def minutes_code(rest_s, unknown_s):  # type: ignore[no-untyped-def]  # numba
    """Minutes of both in one number, as ``continuous.notes`` takes it apart."""
    return np.int32((np.int64(rest_s) + 30) // 60 + (np.int64(unknown_s) + 30) // 60 * 65_536)


@njit(cache=True)
def longer(seconds, us):  # type: ignore[no-untyped-def]  # numba
    """Seconds with a span in microseconds added, as far as they go."""
    return np.uint16(min(LONGEST_S, np.int64(seconds) + (us + 500_000) // 1_000_000))


@njit(cache=True)
def report(st, ep, slot, out, count):  # type: ignore[no-untyped-def]  # numba
    out = room(out, count)
    row = out[count]
    row.slot = slot
    row.revision = ep.revision
    row.start_us = st.start_us
    row.end_us = st.end_us
    row.fired_us = ep.fired_us
    row.received_us = ep.received_us
    row.worst_us = st.end_us
    row.measured = (st.end_us - st.start_us - ep.gaps_at_end_us) / 60e6
    row.limit = 0.0
    row.lat = ep.lat
    row.lon = ep.lon
    row.stake_m = ep.stake_m
    row.segment = ep.segment
    row.driver = st.driver - 1
    row.quality = GAP if ep.gaps_at_end_us > 0 else 0
    row.code = minutes_code(ep.rest_at_end_s, st.unknown_s)
    return out, count + 1


@njit(cache=True)
def end_run(st, few, slot, out, count):  # type: ignore[no-untyped-def]  # numba
    if st.running and st.fired:
        ep = few[sparse.find(few, slot, 0)]
        ep.revision += 1
        out, count = report(st, ep, slot, out, count)
    st.running = 0
    return out, count


@njit(cache=True)
def drive(st, few, slot, us, lat, lon, stake_m, segment):  # type: ignore[no-untyped-def]  # numba
    """The vehicle is known to have been driven at (or until) this sample."""
    if not st.running:
        st.running = 1
        st.start_us = us
        st.gaps_us = 0
        st.fired = 0
        st.rest_s = 0
        st.unknown_s = 0
    st.end_us = us
    if st.fired:
        at_end(st, few[sparse.find(few, slot, 0)], lat, lon, stake_m, segment)


@njit(cache=True)
def at_end(st, ep, lat, lon, stake_m, segment):  # type: ignore[no-untyped-def]  # numba
    """Note where a run that has fired has been driven to so far."""
    ep.gaps_at_end_us = st.gaps_us
    ep.rest_at_end_s = st.rest_s
    ep.lat = lat
    ep.lon = lon
    ep.stake_m = stake_m
    ep.segment = segment


@njit(cache=True)
def too_long(st, us, max_us):  # type: ignore[no-untyped-def]  # numba
    """Whether the run, driven until ``us``, has now to be reported."""
    return st.running and not st.fired and us - st.start_us - st.gaps_us > max_us


@njit(cache=True)
def fire(st, few, row, out, count):  # type: ignore[no-untyped-def]  # numba
    """Report the run, just driven at a row (OneRow). Returns the table anew."""
    st.fired = 1
    st.open = 1
    few, at = sparse.add(few, row.slot, 0)
    ep = few[at]
    ep.fired_us = row.time_us
    ep.received_us = row.received_us
    ep.revision = 0
    at_end(st, ep, row.lat, row.lon, row.stake_m, row.segment)
    out, count = report(st, ep, row.slot, out, count)
    return few, out, count


@njit(cache=True)
def _swap(st, ep):  # type: ignore[no-untyped-def]  # numba
    """Exchange the present run with the one another driver left."""
    st.start_us, ep.left_start_us = ep.left_start_us, st.start_us
    st.end_us, ep.left_end_us = ep.left_end_us, st.end_us
    st.gaps_us, ep.left_gaps_us = ep.left_gaps_us, st.gaps_us
    st.driver, ep.left_driver = ep.left_driver, st.driver
    st.running, ep.left_running = ep.left_running, st.running
    st.fired, ep.left_fired = ep.left_fired, st.fired
    st.rest_s, ep.left_rest_s = ep.left_rest_s, st.rest_s
    st.unknown_s, ep.left_unknown_s = ep.left_unknown_s, st.unknown_s
    ep.gaps_at_end_us, ep.left_gaps_at_end_us = ep.left_gaps_at_end_us, ep.gaps_at_end_us
    ep.rest_at_end_s, ep.left_rest_at_end_s = ep.left_rest_at_end_s, ep.rest_at_end_s
    ep.fired_us, ep.left_fired_us = ep.left_fired_us, ep.fired_us
    ep.received_us, ep.left_received_us = ep.left_received_us, ep.received_us
    ep.lat, ep.left_lat = ep.left_lat, ep.lat
    ep.lon, ep.left_lon = ep.left_lon, ep.lon
    ep.stake_m, ep.left_stake_m = ep.left_stake_m, ep.stake_m
    ep.segment, ep.left_segment = ep.left_segment, ep.segment
    ep.revision, ep.left_revision = ep.left_revision, ep.revision


@njit(cache=True)
def change_driver(st, few, slot, us, driver, min_rest_us, out, count):  # type: ignore[no-untyped-def]  # numba
    """Another known driver: leave this run, take up the one he left if that is fresh.

    Returns the table anew.
    """
    was_running = st.running
    out, count = end_run(st, few, slot, out, count)
    st.running = was_running
    st.open = 1
    few, at = sparse.add(few, slot, 0)
    _swap(st, few[at])
    if not (st.driver == driver and us - st.end_us < min_rest_us):
        st.running = 0
        st.driver = driver
    return few, out, count
