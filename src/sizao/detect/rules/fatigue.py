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
  nor, of itself, rest: it is taken off the elapsed time. If both ends have a place (the first end:
  the last place known, if not older than the last usable sample) and they are
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
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect import sparse
from sizao.detect.distance import packed, unpacked, within
from sizao.detect.emit import FINDING, GAP, findings, no_findings
from sizao.detect.params import Book, Params, number
from sizao.detect.runs import FIRED, LEFT, RUN, change_driver, drive, end_run, fire, too_long
from sizao.detect.stage import Columns, Findings, Memory, RuleBase, World

CODE_VERSION = 1

STATE = np.dtype(
    [
        *RUN,
        ("prev_us", "i8"),
        ("stop_us", "i8"),
        ("stop_lat_e7", "i4"),
        ("stop_lon_e7", "i4"),
        ("seen", "i1"),
        ("prev_moving", "i1"),
        ("stopping", "i1"),
        ("doubt", "i1"),
    ],
    align=True,
)
"""Every vehicle: its run and the stop in progress."""

FEW = sparse.episodes(
    [
        *FIRED,
        *LEFT,
        ("doubt_us", "i8"),
        ("doubt_lat", "f8"),
        ("doubt_lon", "f8"),
        ("doubt_stake_m", "f8"),
        ("doubt_segment", "i4"),
    ]
)
"""A run that has fired, one that another driver left, and a moving sample in ``doubt`` (perhaps a
speed spike of a parked vehicle)."""


class _Numbers(NamedTuple):
    """Parameters as the kernel takes them."""

    max_us: int
    min_rest_us: int
    moving_above_kmh: float
    max_gap_us: int
    rest_m: float
    spike_m: float
    forget_us: int


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
def _rest(st, few, slot, out, count):  # type: ignore[no-untyped-def]
    """The stop in progress has lasted long enough: nobody's run goes on."""
    if st.running:
        out, count = end_run(st, few, slot, out, count)
        st.driver = 0
    _forget_left(st, few, slot)
    return out, count


@njit(cache=True)
def _forget_left(st, few, slot):  # type: ignore[no-untyped-def]
    if st.open:
        few[sparse.find(few, slot, 0)].left_running = 0


@njit(cache=True)
def _stop(st, us, lat, lon):  # type: ignore[no-untyped-def]
    st.stopping = 1
    st.stop_us = us
    st.stop_lat_e7 = packed(lat)
    st.stop_lon_e7 = packed(lon)


@njit(cache=True)
def _at_stop(st, lat, lon, metres):  # type: ignore[no-untyped-def]
    return within(unpacked(st.stop_lat_e7), unpacked(st.stop_lon_e7), lat, lon, metres)


@njit(cache=True)
def _resolve_doubt(st, few, slot, spike):  # type: ignore[no-untyped-def]
    """The next sample has come: the moving one before was a spike at rest, or the rest is over."""
    st.doubt = 0
    if not spike:
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
def _doubt(st, few, c, i):  # type: ignore[no-untyped-def]
    st.doubt = 1
    st.open = 1
    few, at = sparse.add(few, c.slot[i], 0)
    ep = few[at]
    ep.doubt_us = c.time_us[i]
    ep.doubt_lat = c.lat[i]
    ep.doubt_lon = c.lon[i]
    ep.doubt_stake_m = c.stake_m[i]
    ep.doubt_segment = c.segment[i]
    return few


@njit(cache=True)
def _gap(st, few, c, i, gap_us, stood, forget_us, out, count):  # type: ignore[no-untyped-def]
    own = c.slot[i]
    st.gap = 1
    if st.open:
        few[sparse.find(few, own, 0)].left_gap = 1
    if stood:
        if not st.stopping:
            _stop(st, st.prev_us, c.prev_lat[i], c.prev_lon[i])
    else:
        st.stopping = 0
        if gap_us > forget_us:
            out, count = end_run(st, few, own, out, count)
            _forget_left(st, few, own)
    st.gaps_us += gap_us
    if st.open:
        few[sparse.find(few, own, 0)].left_gaps_us += gap_us
    st.prev_moving = 0
    return out, count


@njit(cache=True)
def _drives_on(st, moving, now, code, numbers):  # type: ignore[no-untyped-def]
    """A short way for most rows: nothing happens but that the run gets longer.

    What else may happen is decided in the kernel; the two must agree. A kernel that touches its
    tables on every row is ten times slower.
    """
    return (
        moving
        and st.running
        and st.prev_moving
        and not (st.stopping or st.open)
        and (code <= 0 or code == st.driver)
        and now - st.prev_us <= numbers.max_gap_us
        and now - st.start_us - st.gaps_us <= numbers.max_us
    )


@njit(cache=True)
def _kernel(c, each, few, numbers, out):  # type: ignore[no-untyped-def]
    count = 0
    for i in range(len(c.slot)):
        speed = math.nan if math.isnan(c.lat[i]) else float(c.speed_kmh[i])
        if math.isnan(speed):
            speed = float(c.recorder_speed_kmh[i])
        if math.isnan(speed):
            continue
        moving = speed > numbers.moving_above_kmh
        own = c.slot[i]
        st = each[own]
        now = c.time_us[i]
        # Index plus one, 0 unknown: all-zero state must mean "never seen".
        code = c.driver[i] + 1
        if _drives_on(st, moving, now, code, numbers):
            st.end_us = now
            st.prev_us = now
            continue

        lat, lon = c.lat[i], c.lon[i]
        gap_us = now - st.prev_us if st.seen else 0
        is_gap = gap_us > numbers.max_gap_us
        stood = (
            is_gap
            and c.prev_fix_us[i] >= st.prev_us
            and within(c.prev_lat[i], c.prev_lon[i], lat, lon, numbers.rest_m)
        )
        if st.doubt:
            spike = stood if is_gap else not moving and _at_stop(st, lat, lon, numbers.spike_m)
            _resolve_doubt(st, few, own, spike)
        if is_gap:
            out, count = _gap(st, few, c, i, gap_us, stood, numbers.forget_us, out, count)
        if st.stopping and now - st.stop_us >= numbers.min_rest_us:
            out, count = _rest(st, few, own, out, count)

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
                    drive(st, few, own, now, lat, lon, c.stake_m[i], c.segment[i])
                    if too_long(st, now, numbers.max_us):
                        few, out, count = fire(st, few, c, i, out, count)
            st.prev_moving = 0
        elif st.stopping and _at_stop(st, lat, lon, numbers.spike_m):
            few = _doubt(st, few, c, i)
            st.prev_moving = 1
        else:
            st.stopping = 0
            drive(st, few, own, now, lat, lon, c.stake_m[i], c.segment[i])
            # Asked here: a call that hands arrays back costs more than all else of a row.
            if too_long(st, now, numbers.max_us):
                few, out, count = fire(st, few, c, i, out, count)
            st.prev_moving = 1
        st.seen = 1
        st.prev_us = now
        if st.open and not st.doubt and not (st.running and st.fired):
            at = sparse.find(few, own, 0)
            if not few[at].left_running:
                sparse.drop(few, at)
                st.open = 0
    return out[:count], few


class Fatigue(RuleBase):
    """The rule; the module's docstring is its definition."""

    id = "fatigue"
    code_version = CODE_VERSION
    measured_unit = "min"
    state_dtype = STATE
    few_dtype = FEW

    def params_from(self, book: Book) -> Params:
        return params_from(book)

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        return np.flatnonzero(memory.each["running"] & memory.each["fired"]).astype(np.int32)

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        rows, few = _kernel(columns, memory.each, memory.few, _numbers(params), no_findings())
        return self._findings(rows, params), Memory(memory.each, few)

    def close(self, memory: Memory, params: Params) -> Findings:
        open_slots = self.active(memory)
        rows = np.zeros(len(open_slots), FINDING)
        ended = memory.each[open_slots]
        used = sparse.rows(memory.few)
        fired = used[np.searchsorted(sparse.slots(used), open_slots)]
        rows["slot"] = open_slots
        rows["revision"] = fired["revision"] + 1
        elapsed_us = ended["end_us"] - ended["start_us"] - fired["gaps_at_end_us"]
        rows["measured"] = elapsed_us / 60e6
        rows["worst_us"] = rows["end_us"] = ended["end_us"]
        rows["start_us"] = ended["start_us"]
        rows["driver"] = ended["driver"] - 1
        rows["quality"] = np.where(ended["gap"] != 0, GAP, 0)
        for name in ("fired_us", "received_us", "lat", "lon", "stake_m", "segment"):
            rows[name] = fired[name]
        return self._findings(rows, params)

    def _findings(self, rows: npt.NDArray[Any], params: Params) -> Findings:
        rows["limit"] = params["max_continuous_min"]
        return findings(rows, lambda row: "over_limit")


def _numbers(params: Params) -> _Numbers:
    return _Numbers(
        round(params["max_continuous_min"] * 60e6),
        round(params["min_rest_min"] * 60e6),
        float(params["moving_above_kmh"]),
        round(params["max_gap_s"] * 1e6),
        float(params["rest_displacement_m"]),
        float(params["spike_displacement_m"]),
        round(params["forget_gap_min"] * 60e6),
    )
