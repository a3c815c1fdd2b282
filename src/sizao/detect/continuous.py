"""Continuous driving out of samples, inside a kernel's state.

What ``rules/fatigue.py`` defines, for every rule that is the same with other numbers or for some
hours of the day only. ``st`` has the fields of ``DRIVING``; what only a report needs stands in the
table of the few (fields of ``DETAILS``), and both may be one row of it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect import sparse
from sizao.detect.distance import packed, unpacked, within
from sizao.detect.emit import FINDING, GAP, findings
from sizao.detect.one_row import one_row
from sizao.detect.params import Book, Params, number
from sizao.detect.runs import (
    FIRED,
    LEFT,
    MINUTES,
    RUN,
    change_driver,
    drive,
    end_run,
    fire,
    longer,
    minutes_code,
    too_long,
)
from sizao.detect.stage import Findings

DRIVING = [
    *RUN,
    ("prev_us", "i8"),
    ("stop_us", "i8"),
    ("stop_lat_e7", "i4"),
    ("stop_lon_e7", "i4"),
    ("seen", "i1"),
    ("prev_moving", "i1"),
    ("stopping", "i1"),
    ("doubt", "i1"),
    *MINUTES,
]
"""A vehicle's run and the stop in progress."""

DETAILS = [
    *FIRED,
    *LEFT,
    ("doubt_us", "i8"),
    ("doubt_lat", "f8"),
    ("doubt_lon", "f8"),
    ("doubt_stake_m", "f8"),
    ("doubt_segment", "i4"),
]
"""A run that has fired, one that another driver left, and a moving sample in ``doubt`` (perhaps a
speed spike of a parked vehicle)."""


class Numbers(NamedTuple):
    """Parameters as kernels take them."""

    max_us: int
    min_rest_us: int
    moving_above_kmh: float
    max_gap_us: int
    rest_m: float
    spike_m: float
    forget_us: int


def samples_from(book: Book) -> Params:
    """How driving and rest are told from samples, out of a rule book: ``detect.fatigue``."""
    own = "detect.fatigue"
    return {
        "moving_above_kmh": number(book, own, "moving_above", "km/h"),
        "max_gap_s": number(book, own, "max_gap", "s"),
        "rest_displacement_m": number(book, own, "rest_displacement", "m"),
        "spike_displacement_m": number(book, own, "spike_displacement", "m"),
        "forget_gap_min": number(book, own, "forget_gap", "min"),
    }


def numbers_of(params: Params) -> Numbers:
    """Parameters of a rule for its kernel."""
    return Numbers(
        round(params["max_continuous_min"] * 60e6),
        round(params["min_rest_min"] * 60e6),
        float(params["moving_above_kmh"]),
        round(params["max_gap_s"] * 1e6),
        float(params["rest_displacement_m"]),
        float(params["spike_displacement_m"]),
        round(params["forget_gap_min"] * 60e6),
    )


@njit(cache=True)
def speed_of(lat, speed_kmh, recorder_speed_kmh):  # type: ignore[no-untyped-def]  # numba
    """A sample's speed, km/h: the satellite's if there is a fix, else the tachograph's, or NaN."""
    speed = math.nan if math.isnan(lat) else float(speed_kmh)
    return float(recorder_speed_kmh) if math.isnan(speed) else speed


@njit(cache=True)
def _rest(st, few, slot, out, count):  # type: ignore[no-untyped-def]  # numba
    """The stop in progress has lasted long enough: nobody's run goes on."""
    if st.running:
        out, count = end_run(st, few, slot, out, count)
        st.driver = 0
    _forget_left(st, few, slot)
    return out, count


@njit(cache=True)
def _forget_left(st, few, slot):  # type: ignore[no-untyped-def]  # numba
    if st.open:
        few[sparse.find(few, slot, 0)].left_running = 0


@njit(cache=True)
def _stop(st, us, lat, lon):  # type: ignore[no-untyped-def]  # numba
    st.stopping = 1
    st.stop_us = us
    st.stop_lat_e7 = packed(lat)
    st.stop_lon_e7 = packed(lon)


@njit(cache=True)
def _at_stop(st, lat, lon, metres):  # type: ignore[no-untyped-def]  # numba
    return within(unpacked(st.stop_lat_e7), unpacked(st.stop_lon_e7), lat, lon, metres)


@njit(cache=True)
def _stopped(st, until_us):  # type: ignore[no-untyped-def]  # numba
    """A stop inside the run is over: it was no rest."""
    if st.stopping and st.running:
        st.rest_s = longer(st.rest_s, until_us - st.stop_us)


@njit(cache=True)
def _unknown(st, code, us):  # type: ignore[no-untyped-def]  # numba
    """Driving, or a stop before it, of the run that goes on: nobody's if there is no code."""
    if code == 0 and st.running:
        st.unknown_s = longer(st.unknown_s, us)


@njit(cache=True)
def _resolve_doubt(st, few, slot, spike):  # type: ignore[no-untyped-def]  # numba
    """The next sample has come: the moving one before was a spike at rest, or the rest is over."""
    st.doubt = 0
    if not spike:
        ep = few[sparse.find(few, slot, 0)]
        _unknown(st, st.driver, ep.doubt_us - st.stop_us)
        _stopped(st, ep.doubt_us)
        st.stopping = 0
        ep = few[sparse.find(few, slot, 0)]
        drive(
            st,
            few,
            slot,
            ep.doubt_us,
            ep.doubt_lat,
            ep.doubt_lon,
            ep.doubt_stake_m,
            ep.doubt_segment,
        )


@njit(cache=True)
def _doubt(st, few, row):  # type: ignore[no-untyped-def]  # numba
    st.doubt = 1
    st.open = 1
    few, at = sparse.add(few, row.slot, 0)
    ep = few[at]
    ep.doubt_us = row.time_us
    ep.doubt_lat = row.lat
    ep.doubt_lon = row.lon
    ep.doubt_stake_m = row.stake_m
    ep.doubt_segment = row.segment
    return few


@njit(cache=True)
def _gap(st, few, row, gap_us, stood, forget_us, out, count):  # type: ignore[no-untyped-def]  # numba
    own = row.slot
    if stood:
        if not st.stopping:
            _stop(st, st.prev_us, row.prev_lat, row.prev_lon)
    else:
        _stopped(st, st.prev_us)
        st.stopping = 0
        if gap_us > forget_us:
            out, count = end_run(st, few, own, out, count)
            _forget_left(st, few, own)
            # Nobody knows who drove on: the card of before says nothing.
            st.driver = 0
    st.gaps_us += gap_us
    if st.open:
        few[sparse.find(few, own, 0)].left_gaps_us += gap_us
    st.prev_moving = 0
    return out, count


# Inlined, because a call that takes and gives arrays costs more than all else of a row.
@njit(cache=True, inline="always")
def sample(st, few, c, i, speed, numbers, out, count):  # type: ignore[no-untyped-def]  # numba
    """Row ``i`` with its speed (not NaN), the next of its vehicle. Returns the table anew."""
    moving = speed > numbers.moving_above_kmh
    row = one_row(c, i)
    own, now, lat, lon = row.slot, row.time_us, row.lat, row.lon

    gap_us = now - st.prev_us if st.seen else 0
    is_gap = gap_us > numbers.max_gap_us
    stood = (
        is_gap
        and row.prev_fix_us >= st.prev_us
        and within(row.prev_lat, row.prev_lon, lat, lon, numbers.rest_m)
    )
    if st.doubt:
        spike = stood if is_gap else not moving and _at_stop(st, lat, lon, numbers.spike_m)
        _resolve_doubt(st, few, own, spike)
    if is_gap:
        out, count = _gap(st, few, row, gap_us, stood, numbers.forget_us, out, count)
    if st.stopping and now - st.stop_us >= numbers.min_rest_us:
        out, count = _rest(st, few, own, out, count)

    # Index plus one, 0 unknown: all-zero state must mean "never seen".
    code = row.driver + 1
    if code > 0:
        if st.driver > 0 and st.driver != code:
            few, out, count = change_driver(
                st, few, own, now, code, numbers.min_rest_us, out, count
            )
        st.driver = code

    if not moving:
        if not st.stopping:
            _stop(st, now, lat, lon)
            if st.running and st.prev_moving:
                _unknown(st, code, now - st.prev_us)
                drive(st, few, own, now, lat, lon, row.stake_m, row.segment)
                if too_long(st, now, numbers.max_us):
                    few, out, count = fire(st, few, row, out, count)
        st.prev_moving = 0
    elif st.stopping and _at_stop(st, lat, lon, numbers.spike_m):
        few = _doubt(st, few, row)
        st.prev_moving = 1
    else:
        if not is_gap:
            # A stop is nobody's only if no card was ever in.
            if st.stopping:
                _unknown(st, st.driver, now - st.stop_us)
            else:
                _unknown(st, code, now - st.prev_us)
        _stopped(st, now)
        st.stopping = 0
        drive(st, few, own, now, lat, lon, row.stake_m, row.segment)
        if too_long(st, now, numbers.max_us):
            few, out, count = fire(st, few, row, out, count)
        st.prev_moving = 1
    st.seen = 1
    st.prev_us = now
    return few, out, count


def closed(slots: npt.NDArray[np.int32], runs: npt.NDArray[Any], details: Any) -> npt.NDArray[Any]:
    """Last revisions (FINDING) of runs that have fired, each with its row of the few."""
    rows = np.zeros(len(slots), FINDING)
    rows["slot"] = slots
    rows["revision"] = details["revision"] + 1
    rows["measured"] = (runs["end_us"] - runs["start_us"] - details["gaps_at_end_us"]) / 60e6
    rows["worst_us"] = rows["end_us"] = runs["end_us"]
    rows["start_us"] = runs["start_us"]
    rows["driver"] = runs["driver"] - 1
    rows["quality"] = np.where(details["gaps_at_end_us"] > 0, GAP, 0)
    rows["code"] = [
        minutes_code(own["rest_at_end_s"], run["unknown_s"])
        for run, own in zip(runs, details, strict=True)
    ]
    for name in ("fired_us", "received_us", "lat", "lon", "stake_m", "segment"):
        rows[name] = details[name]
    return rows


def findings_of(rows: npt.NDArray[Any], params: Params) -> Findings:
    """The kernel's rows with limit and severity: the law knows one step."""
    rows["limit"] = params["max_continuous_min"]
    return findings(rows, "over_limit", note=notes)


def notes(row: Any) -> str:
    """What the elapsed time holds beside driving, as qualities: minutes without data, which are
    taken off it, of stops that were no rest, and without a driver's card."""
    # By seconds, so that half a minute goes up in all three and not as the division happens to end.
    unknown_s = round((row["end_us"] - row["start_us"]) / 1e6 - 60 * float(row["measured"]))
    unknown = (unknown_s + 30) // 60
    rest, nobody = int(row["code"]) % 65_536, int(row["code"]) // 65_536
    words = (("unknown_min", unknown), ("rest_min", rest), ("driver_unknown_min", nobody))
    return ",".join(f"{name}={minutes}" for name, minutes in words if minutes > 0)
