"""Continuous driving: more than 4 h without a stop of at least 20 min (连续驾驶).

Definition (the simulated city's ground truth computes the same from true 1 s speeds)
-----------------------------------------------------------------------------------
"连续驾驶机动车超过4小时未停车休息或者停车休息时间少于20分钟": a stop shorter than 20 min does not
interrupt continuous driving, so what counts is the time *elapsed* since driving began after the
last qualifying rest, short stops included. It is not the sum of the minutes at the wheel.

- Speed of a sample: the satellite's if there is a fix, else the tachograph's. A sample with
  neither is treated as if it had not come. *Moving* is above ``moving_above_kmh`` (5), else
  *standing*. What a sample shows holds until the next one.
- A run begins at the first moving sample ever seen, after a qualifying rest, or of another driver.
- A stop begins at its first standing sample and lasts until the latest standing one, or the first
  moving one that ends it. It is a *qualifying rest* as soon as it has lasted ``min_rest_min``
  (20) or more: 19 min is none, 20 min is one. The run then ends where the stop began.
- A single moving sample between two standing ones, all within ``spike_displacement_m`` (100 m) of
  where the stop began, does not break the stop: it is a speed spike of a parked vehicle. Whether
  it was one shows at the next sample, so the first moving sample after a stop never fires.
- A *gap* is more than ``max_gap_s`` (300) without a usable sample. Its length is neither driving
  nor, of itself, rest: it is taken off the elapsed time. If both ends have a place and they are
  less than ``rest_displacement_m`` (500 m) apart, the vehicle stood (device off at rest): the gap
  is a stop, joined with the standing before and after it, and so a rest if that makes 20 min. If
  the vehicle went elsewhere, or nobody knows, no stop reaches across it; a gap of that sort longer
  than ``forget_gap_min`` (120) ends the run, because nothing is known about it.
- Driver change: a known driver code followed, at once or after unknown ones, by a different known
  code ends the run, and the new driver's begins with his first moving sample. "Unknown" is a state
  of its own: it neither ends a run nor stands for a person. A driver who returns after less than
  ``min_rest_min`` takes up the run he left, as if the other's time were a short stop: swapping
  cards for a moment is no rest. If that run had fired, its end is then reported again, with the
  next revision.

The rule fires (revision 0) at the first sample at which

    elapsed = time - start of the run - gaps inside the run  >  max_continuous_min (240)

and the vehicle was driving until that sample: it moves, or it is the first standing one after
moving. A stop can therefore never make the rule fire, only driving on can. Exactly 4 h is lawful.
Revision 1 follows when the run ends, as soon as that is known: ``end`` is the last moment of
driving (where the resting stop began, or the last sample before the change of driver or the
forgotten gap).

``measured`` is the elapsed time in minutes at ``end``, ``limit`` is 240; the place is that of the
last driving sample. ``driver`` is the last known code of the run, null if none was known. Severity
is ``over_limit``: the law knows one step, points depend on the vehicle (``fatigue.points``).
``quality`` says ``gap`` if the run contains one.

Source: 中华人民共和国道路交通安全法实施条例 (2004) art. 62(7), ``fatigue.continuous_any`` (found);
the numbers for reading samples ``detect.fatigue`` (proposed) in the rule book. The coach rules
(night 2 h, day and week totals) are not part of this rule.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.rulebook import rulebook
from sizao.detect.distance import within
from sizao.detect.emit import FINDING, GAP, findings, no_findings
from sizao.detect.params import Book, Params, number, version_of
from sizao.detect.runs import RUN, change_driver, drive, end_run, fire
from sizao.detect.stage import Columns, Findings

CODE_VERSION = 1

STATE = np.dtype(
    [
        *RUN,
        *[(f"left_{name}", kind) for name, kind in RUN],
        ("prev_us", "i8"),
        ("prev_lat", "f8"),
        ("prev_lon", "f8"),
        ("stop_us", "i8"),
        ("stop_lat", "f8"),
        ("stop_lon", "f8"),
        ("doubt_us", "i8"),
        ("doubt_lat", "f8"),
        ("doubt_lon", "f8"),
        ("doubt_stake_m", "f8"),
        ("doubt_segment", "i4"),
        ("seen", "i1"),
        ("prev_moving", "i1"),
        ("stopping", "i1"),
        ("doubt", "i1"),
    ],
    align=True,
)
"""One vehicle: its run, the run another driver ``left``, the stop in progress, and a moving
sample in ``doubt`` (perhaps a speed spike of a parked vehicle)."""

CLOSED = (
    "start_us",
    "end_us",
    "fired_us",
    "received_us",
    "quality",
    "lat",
    "lon",
    "stake_m",
    "segment",
)


def params_from(book: Book) -> Params:
    """The rule's parameters out of a rule book."""
    law, own = "fatigue.continuous_any", "detect.fatigue"
    return {
        "max_continuous_min": number(book, law, "max_continuous", "min"),
        "min_rest_min": number(book, law, "min_rest", "min"),
        "moving_above_kmh": number(book, own, "moving_above", "km/h"),
        "max_gap_s": number(book, own, "max_gap", "s"),
        "rest_displacement_m": number(book, own, "rest_displacement", "m"),
        "spike_displacement_m": number(book, own, "spike_displacement", "m"),
        "forget_gap_min": number(book, own, "forget_gap", "min"),
    }


@njit(cache=True)
def _rest(st, slot, us, min_rest_us, out, count):  # type: ignore[no-untyped-def]
    """If the stop in progress has lasted long enough at ``us``, nobody's run goes on."""
    if st.stopping and us - st.stop_us >= min_rest_us:
        if st.running:
            out, count = end_run(st, slot, out, count)
            st.driver = 0
        st.left_running = 0
    return out, count


@njit(cache=True)
def _stop(st, us, lat, lon):  # type: ignore[no-untyped-def]
    st.stopping = 1
    st.stop_us = us
    st.stop_lat = lat
    st.stop_lon = lon


@njit(cache=True)
def _kernel(  # type: ignore[no-untyped-def]
    slot,
    time_us,
    received_us,
    lat,
    lon,
    speed_kmh,
    recorder_kmh,
    stake_m,
    segment,
    driver,
    state,
    max_us,
    min_rest_us,
    moving_above,
    max_gap_us,
    rest_m,
    spike_m,
    forget_us,
    out,
):
    count = 0
    for i in range(len(slot)):
        fix = not math.isnan(lat[i])
        speed = float(speed_kmh[i]) if fix else math.nan
        if math.isnan(speed):
            speed = float(recorder_kmh[i])
        if math.isnan(speed):
            continue
        moving = speed > moving_above
        own = slot[i]
        st = state[own]
        now = time_us[i]

        gap_us = now - st.prev_us if st.seen else 0
        is_gap = gap_us > max_gap_us
        stood = is_gap and within(st.prev_lat, st.prev_lon, lat[i], lon[i], rest_m)

        if st.doubt:
            st.doubt = 0
            if is_gap:
                spike = stood
            else:
                spike = not moving and within(st.stop_lat, st.stop_lon, lat[i], lon[i], spike_m)
            if not spike:
                st.stopping = 0
                drive(
                    st, st.doubt_us, st.doubt_lat, st.doubt_lon, st.doubt_stake_m, st.doubt_segment
                )
        if is_gap:
            st.quality |= GAP
            st.left_quality |= GAP
            if stood:
                if not st.stopping:
                    _stop(st, st.prev_us, st.prev_lat, st.prev_lon)
            else:
                st.stopping = 0
                if gap_us > forget_us:
                    out, count = end_run(st, own, out, count)
                    st.left_running = 0
            st.gaps_us += gap_us
            st.left_gaps_us += gap_us
            st.prev_moving = 0
        out, count = _rest(st, own, now, min_rest_us, out, count)

        # Index plus one, 0 unknown: all-zero state must mean "never seen".
        code = driver[i] + 1
        if code > 0:
            if st.driver > 0 and st.driver != code:
                out, count = change_driver(st, own, now, code, min_rest_us, out, count)
            st.driver = code

        if not moving:
            if not st.stopping:
                _stop(st, now, lat[i], lon[i])
                if st.running and st.prev_moving:
                    drive(st, now, lat[i], lon[i], stake_m[i], segment[i])
                    out, count = fire(st, own, now, received_us[i], max_us, out, count)
            st.prev_moving = 0
        elif st.stopping and within(st.stop_lat, st.stop_lon, lat[i], lon[i], spike_m):
            st.doubt = 1
            st.doubt_us = now
            st.doubt_lat = lat[i]
            st.doubt_lon = lon[i]
            st.doubt_stake_m = stake_m[i]
            st.doubt_segment = segment[i]
            st.prev_moving = 1
        else:
            st.stopping = 0
            drive(st, now, lat[i], lon[i], stake_m[i], segment[i])
            out, count = fire(st, own, now, received_us[i], max_us, out, count)
            st.prev_moving = 1
        st.seen = 1
        st.prev_us = now
        st.prev_lat = lat[i]
        st.prev_lon = lon[i]
    return out[:count]


class Fatigue:
    """The rule; the module's docstring is its definition."""

    id = "fatigue"
    measured_unit = "min"
    state_dtype = STATE

    def version(self, params: Params) -> str:
        return version_of(CODE_VERSION, params)

    def params_from(self, book: Book) -> Params:
        return params_from(book)

    def default_params(self) -> Params:
        return params_from(rulebook())

    def active(self, state: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        return (state["running"] != 0) & (state["fired"] != 0)

    def step(
        self, columns: Columns, state: npt.NDArray[Any], params: Params
    ) -> tuple[Findings, npt.NDArray[Any]]:
        rows = _kernel(
            columns.slot,
            columns.time_us,
            columns.received_us,
            columns.lat,
            columns.lon,
            columns.speed_kmh,
            columns.recorder_speed_kmh,
            columns.stake_m,
            columns.segment,
            columns.driver,
            state,
            round(params["max_continuous_min"] * 60e6),
            round(params["min_rest_min"] * 60e6),
            float(params["moving_above_kmh"]),
            round(params["max_gap_s"] * 1e6),
            float(params["rest_displacement_m"]),
            float(params["spike_displacement_m"]),
            round(params["forget_gap_min"] * 60e6),
            no_findings(),
        )
        return self._findings(rows, params), state

    def close(self, state: npt.NDArray[Any], params: Params) -> Findings:
        open_slots = np.flatnonzero(self.active(state))
        rows = np.zeros(len(open_slots), FINDING)
        ended = state[open_slots]
        rows["slot"] = open_slots
        rows["revision"] = ended["revision"] + 1
        elapsed_us = ended["end_us"] - ended["start_us"] - ended["gaps_at_end_us"]
        rows["measured"] = elapsed_us / 60e6
        rows["worst_us"] = ended["end_us"]
        rows["driver"] = ended["driver"] - 1
        for name in CLOSED:
            rows[name] = ended[name]
        return self._findings(rows, params)

    def _findings(self, rows: npt.NDArray[Any], params: Params) -> Findings:
        rows["limit"] = params["max_continuous_min"]
        return findings(rows, lambda row: "over_limit")
