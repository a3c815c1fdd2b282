"""A run of continuous driving, inside a kernel's state: begin, go on, fire, end, change driver.

``st`` is one vehicle's state, a record with the fields of ``RUN`` and the same again, prefixed
``left_``: the run that another driver left and may come back to.
"""

from __future__ import annotations

from numba import njit

from sizao.detect.emit import room

RUN = [
    ("start_us", "i8"),
    ("end_us", "i8"),
    ("gaps_us", "i8"),
    ("gaps_at_end_us", "i8"),
    ("fired_us", "i8"),
    ("received_us", "i8"),
    ("lat", "f8"),
    ("lon", "f8"),
    ("stake_m", "f8"),
    ("segment", "i4"),
    ("driver", "i4"),
    ("quality", "i4"),
    ("revision", "i2"),
    ("running", "i1"),
    ("fired", "i1"),
]
"""A run of continuous driving. ``end_us`` is the last moment of driving so far,
``gaps_at_end_us`` the gaps before it. ``driver`` is the index plus one, so that 0 is unknown."""


@njit(cache=True)
def report(st, slot, out, count):  # type: ignore[no-untyped-def]
    out = room(out, count)
    row = out[count]
    row.slot = slot
    row.revision = st.revision
    row.start_us = st.start_us
    row.end_us = st.end_us
    row.fired_us = st.fired_us
    row.received_us = st.received_us
    row.worst_us = st.end_us
    row.measured = (st.end_us - st.start_us - st.gaps_at_end_us) / 60e6
    row.limit = 0.0
    row.lat = st.lat
    row.lon = st.lon
    row.stake_m = st.stake_m
    row.segment = st.segment
    row.driver = st.driver - 1
    row.quality = st.quality
    row.code = 0
    return out, count + 1


@njit(cache=True)
def end_run(st, slot, out, count):  # type: ignore[no-untyped-def]
    if st.running and st.fired:
        st.revision += 1
        out, count = report(st, slot, out, count)
    st.running = 0
    return out, count


@njit(cache=True)
def drive(st, us, lat, lon, stake_m, segment):  # type: ignore[no-untyped-def]
    """The vehicle is known to have been driven at (or until) this sample."""
    if not st.running:
        st.running = 1
        st.start_us = us
        st.gaps_us = 0
        st.quality = 0
        st.fired = 0
        st.revision = 0
    st.end_us = us
    st.gaps_at_end_us = st.gaps_us
    st.lat = lat
    st.lon = lon
    st.stake_m = stake_m
    st.segment = segment


@njit(cache=True)
def fire(st, slot, us, received_us, max_us, out, count):  # type: ignore[no-untyped-def]
    if st.running and not st.fired and us - st.start_us - st.gaps_us > max_us:
        st.fired = 1
        st.fired_us = us
        st.received_us = received_us
        out, count = report(st, slot, out, count)
    return out, count


@njit(cache=True)
def swap_runs(st):  # type: ignore[no-untyped-def]
    """Exchange the present run with the one another driver left."""
    st.start_us, st.left_start_us = st.left_start_us, st.start_us
    st.end_us, st.left_end_us = st.left_end_us, st.end_us
    st.gaps_us, st.left_gaps_us = st.left_gaps_us, st.gaps_us
    st.gaps_at_end_us, st.left_gaps_at_end_us = st.left_gaps_at_end_us, st.gaps_at_end_us
    st.fired_us, st.left_fired_us = st.left_fired_us, st.fired_us
    st.received_us, st.left_received_us = st.left_received_us, st.received_us
    st.lat, st.left_lat = st.left_lat, st.lat
    st.lon, st.left_lon = st.left_lon, st.lon
    st.stake_m, st.left_stake_m = st.left_stake_m, st.stake_m
    st.segment, st.left_segment = st.left_segment, st.segment
    st.driver, st.left_driver = st.left_driver, st.driver
    st.quality, st.left_quality = st.left_quality, st.quality
    st.revision, st.left_revision = st.left_revision, st.revision
    st.running, st.left_running = st.left_running, st.running
    st.fired, st.left_fired = st.left_fired, st.fired


@njit(cache=True)
def change_driver(st, slot, us, driver, min_rest_us, out, count):  # type: ignore[no-untyped-def]
    """Another known driver: leave this run, take up the one he left if that is fresh."""
    was_running = st.running
    out, count = end_run(st, slot, out, count)
    st.running = was_running
    swap_runs(st)
    if not (st.driver == driver and us - st.end_us < min_rest_us):
        st.running = 0
        st.driver = driver
    return out, count
