"""Speeding: faster than the limit of the matched road, for this vehicle kind, for a while.

Definition (the simulated city's ground truth computes the same from true 1 s speeds)
-----------------------------------------------------------------------------------
A sample is *usable* if it has a satellite fix, a satellite speed and a known limit; any other
sample is treated as if it had not come. A usable sample is *over* if

    speed_kmh > limit_kmh * (1 + tolerance_percent / 100) + margin_kmh

with tolerance 0 % and margin 1 km/h by default: the margin covers the receiver's own error
(0.2 m/s) and nothing else. Each sample is judged by the limit where it was taken, so an episode
may run across a change of limit or road.

An episode

- starts at the first of two consecutive usable over samples, at most ``max_gap_s`` (90 s) apart;
- fires (revision 0) at the first over sample, itself preceded by an over sample, that is
  ``min_duration_s`` (30 s) or more after the start. Duration is event time from sample to sample:
  what lies before the first and after the last over sample is not counted;
- goes on through a single sample that is not over. Before it has fired, two such samples in a row
  end it; afterwards, two or more in a row that reach ``end_below_s`` (20 s) past the last over
  sample end it;
- ends when more than ``max_gap_s`` passes without a usable sample;
- on ending is reported once more (revision 1), if it had fired. ``end`` is the last over sample.

``measured`` and ``limit`` are the speed and the limit at the worst ratio of the two, the earliest
if equal; place, road and severity go with them. Severity is the band of ``measured`` over
``limit`` in percent, lower edge inclusive (``speed.enforcement_codes``): ``lt10``, ``10-20``,
``20-50``, ``50-70``, ``ge70``.

One bad sample makes no episode (two consecutive are needed) and breaks none (one is bridged).
To keep it out of ``measured`` too, an over sample whose ratio of speed to limit jumps up against
the sample before is held until the next usable one shows at least the same ratio less the jump
allowed, and dropped if that does not. The jump allowed is 0.5 (half the limit), 0.15 if the
tachograph's speed contradicts the satellite's by more than ``recorder_agrees_kmh``, and unlimited
if the tachograph agrees and the limit is the same as at the sample before. A road matched wrongly
for one sample is caught in the same way.

Source: 中华人民共和国道路交通安全法 art. 42 (recalled); bands ``speed.enforcement_codes``; the
numbers of this page ``detect.speeding`` (proposed) in the rule book.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.rulebook import rulebook
from sizao.detect.emit import (
    FINDING,
    GPS_ONLY,
    LIMIT_DEFAULT,
    RECORDER_DIFFERS,
    findings,
    no_findings,
    room,
)
from sizao.detect.params import Book, Params, number, version_of
from sizao.detect.stage import Columns, Findings

CODE_VERSION = 1

NOTHING, FIRST, LASTING, FIRED = range(4)
"""Phases: no over sample; one; two or more in a row; long enough and reported."""

_SAMPLE = [
    ("us", "i8"),
    ("ratio", "f8"),
    ("speed", "f8"),
    ("limit", "f8"),
    ("lat", "f8"),
    ("lon", "f8"),
    ("stake_m", "f8"),
    ("segment", "i4"),
    ("driver", "i4"),
    ("quality", "i4"),
]

STATE = np.dtype(
    [
        ("prev_us", "i8"),
        ("prev_ratio", "f8"),
        ("prev_limit", "f8"),
        ("start_us", "i8"),
        ("last_over_us", "i8"),
        ("fired_us", "i8"),
        ("received_us", "i8"),
        *[(f"worst_{name}", kind) for name, kind in _SAMPLE],
        *[(f"held_{name}", kind) for name, kind in _SAMPLE],
        ("held_jump", "f8"),
        ("below", "i4"),
        ("phase", "i1"),
        ("seen", "i1"),
        ("held", "i1"),
    ],
    align=True,
)
"""One vehicle. ``prev``: the last usable sample; ``held``: an over sample not yet believed."""


def params_from(book: Book) -> Params:
    """The rule's parameters out of a rule book."""
    own = "detect.speeding"
    return {
        "tolerance_percent": number(book, own, "tolerance", "percent_over_limit"),
        "margin_kmh": number(book, own, "margin", "km/h"),
        "min_duration_s": number(book, own, "min_duration", "s"),
        "max_gap_s": number(book, own, "max_gap", "s"),
        "end_below_samples": number(book, own, "end_below_samples", "sample"),
        "end_below_s": number(book, own, "end_below", "s"),
        "jump_ratio": number(book, own, "jump", "percent_of_limit") / 100,
        "jump_contradicted_ratio": number(book, own, "jump_contradicted", "percent_of_limit") / 100,
        "recorder_agrees_kmh": number(book, own, "recorder_agrees", "km/h"),
        "band_edges_percent": list(book["speed.enforcement_codes"].value("edges")),
    }


def band(measured: float, limit: float, edges_percent: Sequence[float]) -> str:
    """Reporting band of an excess, lower edge inclusive.

    Compared as products, because 96 / 80 is a little less than 1.2 in floating point.

    >>> [band(v, 80, [0, 10, 20, 50, 70]) for v in (87.9, 88, 96, 136)]
    ['lt10', '10-20', '20-50', 'ge70']
    """
    reached = [edge for edge in edges_percent if measured * 100 >= limit * (100 + edge) - 1e-6]
    above = [edge for edge in edges_percent if edge not in reached]
    if not above:
        return f"ge{reached[-1]:g}"
    if len(reached) <= 1:
        return f"lt{above[0]:g}"
    return f"{reached[-1]:g}-{above[0]:g}"


@njit(cache=True)
def _report(st, slot, revision, out, count):  # type: ignore[no-untyped-def]
    out = room(out, count)
    row = out[count]
    row.slot = slot
    row.revision = revision
    row.start_us = st.start_us
    row.end_us = st.last_over_us
    row.fired_us = st.fired_us
    row.received_us = st.received_us
    row.worst_us = st.worst_us
    row.measured = st.worst_speed
    row.limit = st.worst_limit
    row.lat = st.worst_lat
    row.lon = st.worst_lon
    row.stake_m = st.worst_stake_m
    row.segment = st.worst_segment
    row.driver = st.worst_driver
    row.quality = st.worst_quality
    row.code = 0
    return out, count + 1


@njit(cache=True)
def _held_is_worst(st):  # type: ignore[no-untyped-def]
    st.worst_us = st.held_us
    st.worst_ratio = st.held_ratio
    st.worst_speed = st.held_speed
    st.worst_limit = st.held_limit
    st.worst_lat = st.held_lat
    st.worst_lon = st.held_lon
    st.worst_stake_m = st.held_stake_m
    st.worst_segment = st.held_segment
    st.worst_driver = st.held_driver
    st.worst_quality = st.held_quality


@njit(cache=True)
def _over(st, slot, now_us, received_us, min_duration_us, out, count):  # type: ignore[no-untyped-def]
    """Take the sample in ``held_*`` as over; ``now_us`` is the sample that made us believe it."""
    us = st.held_us
    if st.phase == NOTHING:
        st.phase = FIRST
        st.start_us = us
        _held_is_worst(st)
    else:
        if st.phase == FIRST:
            st.phase = LASTING
        if st.held_ratio > st.worst_ratio:
            _held_is_worst(st)
    follows_over = st.below == 0
    st.below = 0
    st.last_over_us = us
    st.seen = 1
    st.prev_us = us
    st.prev_ratio = st.held_ratio
    st.prev_limit = st.held_limit
    if st.phase == LASTING and follows_over and us - st.start_us >= min_duration_us:
        st.phase = FIRED
        st.fired_us = now_us
        st.received_us = received_us
        out, count = _report(st, slot, 0, out, count)
    return out, count


@njit(cache=True)
def _end(st, slot, out, count):  # type: ignore[no-untyped-def]
    if st.phase == FIRED:
        out, count = _report(st, slot, 1, out, count)
    st.phase = NOTHING
    st.below = 0
    return out, count


@njit(cache=True)
def _kernel(  # type: ignore[no-untyped-def]
    slot,
    time_us,
    received_us,
    lat,
    lon,
    speed_kmh,
    recorder_kmh,
    limit_kmh,
    limit_default,
    stake_m,
    segment,
    driver,
    state,
    factor,
    margin,
    min_duration_us,
    max_gap_us,
    end_samples,
    end_below_us,
    jump,
    jump_contradicted,
    agrees,
    out,
):
    count = 0
    for i in range(len(slot)):
        speed = float(speed_kmh[i])
        limit = float(limit_kmh[i])
        if math.isnan(lat[i]) or math.isnan(speed) or not limit > 0.0:
            continue
        own = slot[i]
        st = state[own]
        now = time_us[i]
        ratio = speed / limit

        if st.held:
            near = now - st.held_us <= max_gap_us
            if near and ratio >= st.held_ratio - st.held_jump:
                out, count = _over(st, own, now, received_us[i], min_duration_us, out, count)
            st.held = 0
        if st.seen and now - st.prev_us > max_gap_us:
            out, count = _end(st, own, out, count)
            st.seen = 0

        if speed > limit * factor + margin:
            recorder = float(recorder_kmh[i])
            quality = LIMIT_DEFAULT if limit_default[i] else 0
            allowed = jump
            if math.isnan(recorder):
                quality |= GPS_ONLY
            elif abs(recorder - speed) > agrees:
                quality |= RECORDER_DIFFERS
                allowed = jump_contradicted
            elif st.seen and st.prev_limit == limit:
                allowed = math.inf
            st.held_us = now
            st.held_ratio = ratio
            st.held_speed = speed
            st.held_limit = limit
            st.held_lat = lat[i]
            st.held_lon = lon[i]
            st.held_stake_m = stake_m[i]
            st.held_segment = segment[i]
            st.held_driver = driver[i]
            st.held_quality = quality
            st.held_jump = allowed
            if ratio > max(1.0, st.prev_ratio if st.seen else 1.0) + allowed:
                st.held = 1
                continue
            out, count = _over(st, own, now, received_us[i], min_duration_us, out, count)
        else:
            st.seen = 1
            st.prev_us = now
            st.prev_ratio = ratio
            st.prev_limit = limit
            if st.phase == FIRST:
                st.phase = NOTHING
            elif st.phase != NOTHING:
                st.below += 1
                if st.phase == LASTING:
                    if st.below >= 2:
                        st.phase = NOTHING
                        st.below = 0
                elif st.below >= end_samples and now - st.last_over_us >= end_below_us:
                    out, count = _end(st, own, out, count)
    return out[:count]


class Speeding:
    """The rule; the module's docstring is its definition."""

    id = "speeding"
    measured_unit = "km/h"
    state_dtype = STATE

    def version(self, params: Params) -> str:
        return version_of(CODE_VERSION, params)

    def params_from(self, book: Book) -> Params:
        return params_from(book)

    def default_params(self) -> Params:
        return params_from(rulebook())

    def active(self, state: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        return state["phase"] == FIRED

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
            columns.limit_kmh,
            columns.limit_default,
            columns.stake_m,
            columns.segment,
            columns.driver,
            state,
            1 + params["tolerance_percent"] / 100,
            float(params["margin_kmh"]),
            round(params["min_duration_s"] * 1e6),
            round(params["max_gap_s"] * 1e6),
            int(params["end_below_samples"]),
            round(params["end_below_s"] * 1e6),
            float(params["jump_ratio"]),
            float(params["jump_contradicted_ratio"]),
            float(params["recorder_agrees_kmh"]),
            no_findings(),
        )
        return self._findings(rows, params), state

    def close(self, state: npt.NDArray[Any], params: Params) -> Findings:
        open_slots = np.flatnonzero(self.active(state))
        rows = np.zeros(len(open_slots), FINDING)
        ended = state[open_slots]
        rows["slot"] = open_slots
        rows["revision"] = 1
        rows["end_us"] = ended["last_over_us"]
        rows["measured"] = ended["worst_speed"]
        for name in ("start_us", "fired_us", "received_us"):
            rows[name] = ended[name]
        for name in ("limit", "lat", "lon", "stake_m", "segment", "driver", "quality"):
            rows[name] = ended[f"worst_{name}"]
        rows["worst_us"] = ended["worst_us"]
        return self._findings(rows, params)

    def _findings(self, rows: npt.NDArray[Any], params: Params) -> Findings:
        edges = params["band_edges_percent"]

        def severity(row: Any) -> str:
            return band(round(float(row["measured"]), 3), round(float(row["limit"]), 3), edges)

        return findings(rows, severity)
