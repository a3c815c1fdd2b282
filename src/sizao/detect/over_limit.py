"""An episode over a speed limit, inside a kernel's state: begin, go on, fire, end.

What ``rules/speeding.py`` defines, for every rule that is the same with another limit. The last
usable sample of a vehicle stands in ``st`` (fields of ``SEEN``), its episode in ``ep`` (fields of
``EPISODE``); both may be one row of the table of the few.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect import sparse
from sizao.detect.emit import (
    FINDING,
    GPS_ONLY,
    LIMIT_DEFAULT,
    LIMIT_DOUBTFUL,
    RECORDER_DIFFERS,
    findings,
    room,
)
from sizao.detect.emit import NOTHING as NO_FINDINGS
from sizao.detect.params import Book, Params, number
from sizao.detect.stage import Findings, Memory, RuleBase

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
    ("measure", "i4"),
]

SEEN = [
    ("prev_us", "i8"),
    ("prev_ratio", "f4"),
    ("prev_limit", "f4"),
    ("seen", "i1"),
]
"""A vehicle's last usable sample."""

EPISODE = [
    ("start_us", "i8"),
    ("last_over_us", "i8"),
    ("fired_us", "i8"),
    ("received_us", "i8"),
    *[(f"worst_{name}", kind) for name, kind in _SAMPLE],
    *[(f"held_{name}", kind) for name, kind in _SAMPLE],
    ("held_jump", "f8"),
    ("below", "i4"),
    ("phase", "i1"),
    ("held", "i1"),
]
"""A vehicle that is too fast, or was; ``held``: an over sample not yet believed."""


class Numbers(NamedTuple):
    """Parameters as kernels take them."""

    factor: float
    margin_kmh: float
    min_duration_us: int
    max_gap_us: int
    end_samples: int
    end_below_us: int
    jump: float
    jump_contradicted: float
    agrees_kmh: float


def params_from(book: Book) -> Params:
    """How an episode is told from samples, out of a rule book: ``detect.speeding``."""
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


def numbers_of(params: Params) -> Numbers:
    """Parameters of :func:`params_from` for a kernel."""
    return Numbers(
        1 + params["tolerance_percent"] / 100,
        float(params["margin_kmh"]),
        round(params["min_duration_s"] * 1e6),
        round(params["max_gap_s"] * 1e6),
        int(params["end_below_samples"]),
        round(params["end_below_s"] * 1e6),
        float(params["jump_ratio"]),
        float(params["jump_contradicted_ratio"]),
        float(params["recorder_agrees_kmh"]),
    )


def band(measured: float, limit: float, edges_percent: Sequence[float]) -> str:
    """Reporting band of an excess, lower edge inclusive.

    Compared as products, because 96 / 80 is a little less than 1.2 in floating point.

    >>> [band(v, 80, [0, 10, 20, 50, 70]) for v in (87.9, 88, 96, 136)]
    ['lt10', '10-20', '20-50', 'ge70']
    """
    return bands([measured], [limit], edges_percent)[0]


def bands(
    measured: npt.ArrayLike, limit: npt.ArrayLike, edges_percent: Sequence[float]
) -> list[str]:
    """The same of many at once."""
    hundredfold, limits = np.asarray(measured, np.float64) * 100, np.asarray(limit, np.float64)
    reached = np.zeros(len(limits), np.int64)
    for k, edge in enumerate(edges_percent):
        reached |= (hundredfold >= limits * (100 + edge) - 1e-6).astype(np.int64) << k
    each = reached.tolist()
    names = {bits: _band(bits, edges_percent) for bits in set(each)}
    return [names[bits] for bits in each]


def _band(bits: int, edges_percent: Sequence[float]) -> str:
    """What it is called if these edges, by place, are reached."""
    reached = [edge for k, edge in enumerate(edges_percent) if bits >> k & 1]
    above = [edge for k, edge in enumerate(edges_percent) if not bits >> k & 1]
    if not above:
        return f"ge{reached[-1]:g}"
    if len(reached) <= 1:
        return f"lt{above[0]:g}"
    return f"{reached[-1]:g}-{above[0]:g}"


def bands_of(rows: npt.NDArray[Any], edges_percent: Sequence[float]) -> list[str]:
    """Of rows of FINDING, by what is written of them."""
    measured, limit = (np.round(rows[name], 3) for name in ("measured", "limit"))
    return bands(measured, limit, edges_percent)


@njit(cache=True)
def _report(ep, slot, revision, out, count):  # type: ignore[no-untyped-def]  # numba
    out = room(out, count)
    row = out[count]
    row.slot = slot
    row.revision = revision
    row.start_us = ep.start_us
    row.end_us = ep.last_over_us
    row.fired_us = ep.fired_us
    row.received_us = ep.received_us
    row.worst_us = ep.worst_us
    row.measured = ep.worst_speed
    row.limit = ep.worst_limit
    row.lat = ep.worst_lat
    row.lon = ep.worst_lon
    row.stake_m = ep.worst_stake_m
    row.segment = ep.worst_segment
    row.driver = ep.worst_driver
    row.quality = ep.worst_quality
    row.code = ep.worst_measure
    return out, count + 1


@njit(cache=True)
def _held_is_worst(ep):  # type: ignore[no-untyped-def]  # numba
    ep.worst_us = ep.held_us
    ep.worst_ratio = ep.held_ratio
    ep.worst_speed = ep.held_speed
    ep.worst_limit = ep.held_limit
    ep.worst_lat = ep.held_lat
    ep.worst_lon = ep.held_lon
    ep.worst_stake_m = ep.held_stake_m
    ep.worst_segment = ep.held_segment
    ep.worst_driver = ep.held_driver
    ep.worst_quality = ep.held_quality
    ep.worst_measure = ep.held_measure


@njit(cache=True)
def _over(st, ep, slot, now_us, received_us, min_duration_us, out, count):  # type: ignore[no-untyped-def]  # numba
    """Take the sample in ``held_*`` as over; ``now_us`` is the sample that made us believe it."""
    us = ep.held_us
    if ep.phase == NOTHING:
        ep.phase = FIRST
        ep.start_us = us
        _held_is_worst(ep)
    else:
        if ep.phase == FIRST:
            ep.phase = LASTING
        if ep.held_ratio > ep.worst_ratio:
            _held_is_worst(ep)
    follows_over = ep.below == 0
    ep.below = 0
    ep.last_over_us = us
    st.seen = 1
    st.prev_us = us
    st.prev_ratio = ep.held_ratio
    st.prev_limit = ep.held_limit
    if ep.phase == LASTING and follows_over and us - ep.start_us >= min_duration_us:
        ep.phase = FIRED
        ep.fired_us = now_us
        ep.received_us = received_us
        out, count = _report(ep, slot, np.int64(0), out, count)
    return out, count


@njit(cache=True)
def _end(ep, slot, out, count):  # type: ignore[no-untyped-def]  # numba
    if ep.phase == FIRED:
        out, count = _report(ep, slot, np.int64(1), out, count)
    ep.phase = NOTHING
    ep.below = 0
    return out, count


@njit(cache=True)
def _below(ep, slot, now, numbers, out, count):  # type: ignore[no-untyped-def]  # numba
    """A usable sample that is not over, while something is remembered."""
    if ep.phase == FIRST:
        ep.phase = NOTHING
    elif ep.phase != NOTHING:
        ep.below += 1
        if ep.phase == LASTING:
            if ep.below >= 2:
                ep.phase = NOTHING
                ep.below = 0
        elif ep.below >= numbers.end_samples and now - ep.last_over_us >= numbers.end_below_us:
            out, count = _end(ep, slot, out, count)
    return out, count


@njit(cache=True)
def counted(speed, limit, sure, numbers):  # type: ignore[no-untyped-def]  # numba
    """The limit that a sample is judged by; NaN if it proves neither.

    Within the error of a position there may be a higher limit (``sure``): over that one is over
    for certain, not over the lower one is lawful for certain, and between them nobody can tell.
    """
    if not is_over(speed, limit, numbers) or not sure > limit:
        return limit
    return sure if is_over(speed, sure, numbers) else math.nan


@njit(cache=True)
def _hold(st, ep, row, limit, doubtful, ratio, numbers):  # type: ignore[no-untyped-def]  # numba
    """Put a row (OneRow) into ``held_*``; whether it jumps up so far that the next must confirm
    it."""
    speed = float(row.speed_kmh)
    recorder = float(row.recorder_speed_kmh)
    quality = LIMIT_DEFAULT if row.limit_default else 0
    if doubtful:
        quality |= LIMIT_DOUBTFUL
    allowed = numbers.jump
    if math.isnan(recorder):
        quality |= GPS_ONLY
    elif abs(recorder - speed) > numbers.agrees_kmh:
        quality |= RECORDER_DIFFERS
        allowed = numbers.jump_contradicted
    elif st.seen and st.prev_limit == limit:
        allowed = math.inf
    ep.held_us = row.time_us
    ep.held_ratio = ratio
    ep.held_speed = speed
    ep.held_limit = limit
    ep.held_lat = row.lat
    ep.held_lon = row.lon
    ep.held_stake_m = row.stake_m
    ep.held_segment = row.segment
    ep.held_driver = row.driver
    ep.held_quality = quality
    ep.held_measure = 0 if doubtful else row.measure
    ep.held_jump = allowed
    return ratio > max(1.0, float(st.prev_ratio) if st.seen else 1.0) + allowed


@njit(cache=True)
def seen(st, now, ratio, limit):  # type: ignore[no-untyped-def]  # numba
    """Remember a usable sample that is not over."""
    st.seen = 1
    st.prev_us = now
    st.prev_ratio = ratio
    st.prev_limit = limit


@njit(cache=True)
def judge(st, ep, row, limit, doubtful, numbers, out, count):  # type: ignore[no-untyped-def]  # numba
    """A usable row (OneRow) of a vehicle that is over, or of which an episode is remembered.

    ``doubtful``: ``limit`` is the higher of two within the error of the position.
    Afterwards the episode may be forgotten if :func:`idle`.
    """
    own = row.slot
    now = row.time_us
    speed = float(row.speed_kmh)
    ratio = speed / limit
    if ep.held:
        near = now - ep.held_us <= numbers.max_gap_us
        if near and ratio >= ep.held_ratio - ep.held_jump:
            out, count = _over(
                st, ep, own, now, row.received_us, numbers.min_duration_us, out, count
            )
        ep.held = 0
    if st.seen and now - st.prev_us > numbers.max_gap_us:
        out, count = _end(ep, own, out, count)
        st.seen = 0
    if is_over(speed, limit, numbers):
        if _hold(st, ep, row, limit, doubtful, ratio, numbers):
            ep.held = 1
            return out, count
        return _over(st, ep, own, now, row.received_us, numbers.min_duration_us, out, count)
    seen(st, now, ratio, limit)
    return _below(ep, own, now, numbers, out, count)


@njit(cache=True)
def is_over(speed, limit, numbers):  # type: ignore[no-untyped-def]  # numba
    """Whether a speed is over a limit; false if either is NaN."""
    return speed > limit * numbers.factor + numbers.margin_kmh


@njit(cache=True)
def idle(ep):  # type: ignore[no-untyped-def]  # numba
    """Whether nothing is remembered of an episode."""
    return ep.phase == NOTHING and not ep.held


class OverLimit(RuleBase):
    """What rules share whose memory of the few holds ``EPISODE``."""

    measured_unit = "km/h"

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        return sparse.slots(_fired(memory))

    def close(self, memory: Memory, params: Params) -> Findings:
        ended = _fired(memory)
        rows = np.zeros(len(ended), FINDING)
        rows["slot"] = sparse.slots(ended)
        rows["revision"] = 1
        rows["end_us"] = ended["last_over_us"]
        rows["measured"] = ended["worst_speed"]
        for name in ("start_us", "fired_us", "received_us"):
            rows[name] = ended[name]
        for name in ("limit", "lat", "lon", "stake_m", "segment", "driver", "quality"):
            rows[name] = ended[f"worst_{name}"]
        rows["worst_us"] = ended["worst_us"]
        rows["code"] = ended["worst_measure"]
        return self.findings_of(rows, params)

    def findings_of(self, rows: npt.NDArray[Any], params: Params) -> Findings:
        """The kernel's rows with their severity, the band of the excess."""
        if not len(rows):
            return NO_FINDINGS
        found = findings(rows, bands_of(rows, params["band_edges_percent"]))
        return replace(found, measure=rows["code"].tolist())


def _fired(memory: Memory) -> npt.NDArray[Any]:
    return sparse.rows(memory.few, memory.few["phase"] == FIRED)
