"""A run of continuous driving in 38 bytes, for nearly every vehicle.

What ``continuous.DRIVING`` holds has three ordinary cases: the vehicle drives, it has stopped
inside a run, it rests outside of one. Each needs less than half of the fields, and some follow
from others. Here they share places; whatever does not fit, a run that has fired, a doubt, a long
gap, stands in the table of the few in full, and :func:`pack` says so.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sizao.detect.runs import at_end, longer

BRIEF = [
    ("prev_us", "i8"),
    ("start_us", "i8"),
    ("span_us", "u4"),
    ("stop_lat_e7", "i4"),
    ("stop_lon_e7", "i4"),
    ("driver", "i4"),
    ("rest_s", "u2"),
    ("unknown_s", "u2"),
    ("phase", "u1"),
    ("open", "u1"),
]
"""``prev_us`` is the last usable sample, ``span_us`` the gaps inside the run of one who drives and
the time since the stop of all others; ``open``: the vehicle is in the table of the few instead."""

DRIVES, STOPPED, RESTS = 1, 2, 3
"""Phases; 0 is never seen."""

LONGEST_US = 2**32 - 1


@njit(cache=True)
def goes_on(st, moving, now, code, numbers):  # type: ignore[no-untyped-def]  # numba
    """A short way for most rows: nothing happens but that a run or a stop gets longer.

    True if that was all. What else may happen is decided in ``continuous.sample``; the two must
    agree.

    code : the driver's index plus one, 0 unknown
    """
    since_us = now - st.prev_us
    if st.open or since_us > numbers.max_gap_us or (code > 0 and code != st.driver):
        return False
    phase = st.phase
    span_us = np.int64(st.span_us)
    if moving:
        if phase != DRIVES or now - st.start_us - span_us > numbers.max_us:
            return False
        if code == 0:
            st.unknown_s = longer(st.unknown_s, since_us)
    else:
        if phase < STOPPED:
            return False
        span_us += since_us
        if phase == STOPPED and span_us >= numbers.min_rest_us:
            return False
        if span_us > LONGEST_US:
            if phase == STOPPED or numbers.min_rest_us > LONGEST_US:
                return False
            # Long enough to be a rest: how long does not matter.
            span_us = np.int64(LONGEST_US)
        st.span_us = span_us
    st.prev_us = now
    return True


@njit(cache=True)
def goes_on_apart(ep, moving, now, code, lat, lon, stake_m, segment, numbers):  # type: ignore[no-untyped-def]  # numba
    """The same for a vehicle in the table of the few, with its row there: true only where
    :func:`pack` would leave it there as well.

    Who has come through a gap, as a whole platform may, stands there until he rests.
    """
    if ep.doubt or now - ep.prev_us > numbers.max_gap_us or (code > 0 and code != ep.driver):
        return False
    if ep.seen == 0:
        return False
    if not moving:
        if not ep.stopping or ep.prev_moving or now - ep.stop_us >= numbers.min_rest_us:
            return False
    else:
        ordinary = ep.running and ep.prev_moving and not ep.stopping and ep.end_us == ep.prev_us
        if not ordinary or (not ep.fired and now - ep.start_us - ep.gaps_us > numbers.max_us):
            return False
        if code == 0:
            ep.unknown_s = longer(ep.unknown_s, now - ep.prev_us)
        ep.end_us = now
        if ep.fired:
            at_end(ep, ep, lat, lon, stake_m, segment)
    ep.prev_us = now
    return True


@njit(cache=True)
def rests_on(ep, moving, now, code, numbers):  # type: ignore[no-untyped-def]  # numba
    """The same for a vehicle in the table that rests, without a run of its own or one left.

    Apart because ``fatigue`` has nobody there who does.
    """
    if moving or ep.doubt or ep.seen == 0 or now - ep.prev_us > numbers.max_gap_us:
        return False
    if ep.running or ep.left_running or not ep.stopping or ep.prev_moving:
        return False
    if code > 0 and code != ep.driver:
        return False
    ep.prev_us = now
    return True


@njit(cache=True)
def unpack(st, row):  # type: ignore[no-untyped-def]  # numba
    """Write a vehicle's memory into a row of the few, all zero but for its key."""
    phase = st.phase
    row.open = 1
    if phase == 0:
        return
    row.seen = 1
    row.prev_us = st.prev_us
    row.driver = st.driver
    if phase == DRIVES:
        row.prev_moving = 1
        row.end_us = st.prev_us
        row.gaps_us = st.span_us
    else:
        row.stopping = 1
        row.stop_us = st.prev_us - np.int64(st.span_us)
        row.stop_lat_e7 = st.stop_lat_e7
        row.stop_lon_e7 = st.stop_lon_e7
        row.end_us = row.stop_us
    if phase != RESTS:
        row.running = 1
        row.start_us = st.start_us
        row.rest_s = st.rest_s
        row.unknown_s = st.unknown_s


@njit(cache=True)
def pack(st, row, min_rest_us):  # type: ignore[no-untyped-def]  # numba
    """Take a vehicle's memory out of its row of the few; False if it needs that row."""
    if row.doubt or row.left_running or (row.running and row.fired):
        return False
    if not row.stopping:
        span_us = row.gaps_us
        if not (row.running and row.prev_moving) or row.end_us != row.prev_us:
            return False
        phase = DRIVES
    else:
        span_us = row.prev_us - row.stop_us
        if row.prev_moving or (row.running and (row.end_us != row.stop_us or row.gaps_us != 0)):
            return False
        phase = STOPPED if row.running else RESTS
        if phase == RESTS and span_us > LONGEST_US and min_rest_us <= LONGEST_US:
            span_us = np.int64(LONGEST_US)
    if not 0 <= span_us <= LONGEST_US:
        return False
    st.phase = phase
    st.span_us = span_us
    st.prev_us = row.prev_us
    st.start_us = row.start_us
    st.stop_lat_e7 = row.stop_lat_e7
    st.stop_lon_e7 = row.stop_lon_e7
    st.driver = row.driver
    st.rest_s = row.rest_s
    st.unknown_s = row.unknown_s
    return True
