"""Coach on the road between 02:00 and 05:00 (长途客运凌晨2时至5时停运).

Definition
----------
From 02:00:00 inclusive to 05:00:00 exclusive local time, coaches (``kinds``) stop or hand their
passengers over. Looked at are pairs of successive samples of a vehicle, both inside these hours:

- A pair is *driven* if both samples show it moving, faster than ``moving_above_kmh`` (5; the
  satellite's speed if there is a fix, else the tachograph's), and lie at most ``max_gap_s`` (300)
  apart. Nothing else counts, so the driving found is the least there can have been: a single
  moving sample is a speed spike of a parked coach, and a gap may have been rest.
- The rule fires (revision 0) at the sample with which the driven pairs of one night reach
  ``min_driving_min`` (5): so long may it take to leave the road.
- There is one episode a night: it starts with the first sample of the first driven pair, its end
  is the last of the last, and it is reported once more (revision 1) at the vehicle's first sample
  outside these hours. A stop in between does not end it; curfew is curfew.

``measured`` is the driven time in minutes, ``limit`` 0. ``driver`` is the last one known of the
samples that end a driven pair. The place is that of the last driven sample. ``quality`` says
``gap`` if, once it has begun, more than ``max_gap_s`` passed between two samples inside these
hours.

Points that come late, from after the beginning of such a gap that ended elsewhere, re-open it for
``reopen_within_min`` (120) after its end: see ``reopen.py``.

Exemptions are data of the register, its column ``service``: ``exempt_services`` names those that
may drive (lines of at most 100 km one way, airport lines, rail express, the short leg of a relay).
Severity is ``curfew`` if the register says that the coach runs another service, and
``service_unknown`` if it says nothing: then a person has to look before anything is said.

Source: 道路旅客运输企业安全管理规范 (2018) art. 38(5), ``fatigue.coach_curfew`` (found); kinds
``detect.coaches`` (recalled); five minutes' grace ``detect.coach_curfew`` and the numbers for
reading samples ``detect.fatigue`` (proposed) in the rule book.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.errors import ConfigError
from sizao.core.vehicles import SERVICE_CODES
from sizao.detect import sparse
from sizao.detect.coaches import kinds_from, rows_of
from sizao.detect.continuous import speed_of
from sizao.detect.emit import FINDING, GAP, NOTHING, findings, no_findings, room
from sizao.detect.local_time import day_of, hours_us, is_within
from sizao.detect.params import Book, Params, local_min, number
from sizao.detect.stage import Columns, Findings, Memory, RuleBase, World

STATE = np.dtype([("moving", "i1"), ("open", "i1")])
"""Every vehicle: whether its last row showed it moving, and whether it is in the table."""

FEW = sparse.episodes(
    [
        ("start_us", "i8"),
        ("end_us", "i8"),
        ("driven_us", "i8"),
        ("fired_us", "i8"),
        ("received_us", "i8"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("stake_m", "f8"),
        ("segment", "i4"),
        ("driver", "i4"),
        ("night", "i4"),
        ("code", "i4"),
        ("quality", "i4"),
        ("revision", "i2"),
        ("fired", "i1"),
    ]
)
"""A coach that has driven in these hours. ``driver``: index plus one; ``code``: service;
``revision``: the last one given out."""


@njit(cache=True)
def _report(ep, slot, out, count):  # type: ignore[no-untyped-def]  # numba
    out = room(out, count)
    row = out[count]
    row.slot = slot
    row.revision = ep.revision
    row.start_us = ep.start_us
    row.end_us = ep.end_us
    row.fired_us = ep.fired_us
    row.received_us = ep.received_us
    row.worst_us = ep.end_us
    row.measured = ep.driven_us / 60e6
    row.limit = 0.0
    row.lat = ep.lat
    row.lon = ep.lon
    row.stake_m = ep.stake_m
    row.segment = ep.segment
    row.driver = ep.driver - 1
    row.quality = ep.quality
    row.code = ep.code
    return out, count + 1


@njit(cache=True, nogil=True)
def _rows(  # type: ignore[no-untyped-def]  # numba
    slot, time_us, lat, speed_kmh, recorder_kmh, rows, each, curfew, moving_above_kmh
):
    """Of ``rows`` those in these hours, and those of coaches in the table; of others, whether they
    move is remembered here: see ``concern.py``."""
    some = np.empty(len(rows), np.int64)
    count = 0
    chosen = -1
    for i in rows:
        own = slot[i]
        if own != chosen and each[own].open == 0 and not is_within(time_us[i], curfew):
            each[own].moving = speed_of(lat[i], speed_kmh[i], recorder_kmh[i]) > moving_above_kmh
            continue
        chosen = own
        some[count] = i
        count += 1
    return some[:count]


@njit(cache=True, nogil=True)
def _kernel(  # type: ignore[no-untyped-def]  # numba
    c, rows, each, few, curfew, exempt, moving_above_kmh, max_gap_us, min_us, out
):
    count = np.int64(0)
    for i in rows:
        own = c.slot[i]
        now = c.time_us[i]
        st = each[own]
        speed = speed_of(c.lat[i], c.speed_kmh[i], c.recorder_speed_kmh[i])
        moved = st.moving
        st.moving = speed > moving_above_kmh
        dark = is_within(now, curfew)
        if st.open:
            at = sparse.find(few, own, 0)
            if not dark or few[at].night != day_of(now, curfew):
                if few[at].fired:
                    few[at].revision += 1
                    out, count = _report(few[at], own, out, count)
                sparse.drop(few, at)
                st.open = 0
        if not dark or exempt[c.service[i]]:
            continue
        before = c.prev_us[i]
        if st.open and now - before > max_gap_us:
            few[sparse.find(few, own, 0)].quality = GAP
        if not (moved and st.moving and is_within(before, curfew)) or now - before > max_gap_us:
            continue
        few, at = sparse.add(few, own, 0)
        ep = few[at]
        if not st.open:
            st.open = 1
            ep.start_us = before
            ep.night = day_of(now, curfew)
        ep.driven_us += now - before
        ep.end_us = now
        ep.lat = c.lat[i]
        ep.lon = c.lon[i]
        ep.stake_m = c.stake_m[i]
        ep.segment = c.segment[i]
        ep.code = c.service[i]
        if c.driver[i] >= 0:
            ep.driver = c.driver[i] + 1
        if not ep.fired and ep.driven_us >= min_us:
            ep.fired = 1
            ep.fired_us = now
            ep.received_us = c.received_us[i]
            out, count = _report(ep, own, out, count)
    return out[:count], few


class CoachCurfew(RuleBase):
    """The rule; the module's docstring is its definition."""

    id = "coach_curfew"
    code_version = 1
    measured_unit = "min"
    state_dtype = STATE
    few_dtype = FEW

    def params_from(self, book: Book) -> Params:
        law, own, samples = "fatigue.coach_curfew", "detect.coach_curfew", "detect.fatigue"
        # A short line is one of at most this length; the register says which lines are.
        number(book, law, "exempt_max_one_way", "km")
        return {
            "curfew_start_min": local_min(book, law, "start"),
            "curfew_end_min": local_min(book, law, "end"),
            "exempt_services": ["short_line", *book[law].value("exempt_services")],
            "min_driving_min": number(book, own, "min_driving", "min"),
            "moving_above_kmh": number(book, samples, "moving_above", "km/h"),
            "max_gap_s": number(book, samples, "max_gap", "s"),
            "kinds": kinds_from(book),
            "reopen_within_min": number(book, "detect.reopen", "within", "min"),
        }

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        return sparse.slots(_fired(memory))

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        curfew = hours_us(params["curfew_start_min"], params["curfew_end_min"])
        moving_above_kmh = float(params["moving_above_kmh"])
        rows = _rows(
            columns.slot,
            columns.time_us,
            columns.lat,
            columns.speed_kmh,
            columns.recorder_speed_kmh,
            rows_of(columns, params["kinds"]),
            memory.each,
            curfew,
            moving_above_kmh,
        )
        if not len(rows):
            return NOTHING, memory
        found, few = _kernel(
            columns,
            rows,
            memory.each,
            memory.few,
            curfew,
            _exempt(params["exempt_services"]),
            moving_above_kmh,
            round(params["max_gap_s"] * 1e6),
            round(params["min_driving_min"] * 60e6),
            no_findings(),
        )
        return findings(found, _severity), Memory(memory.each, few)

    def close(self, memory: Memory, params: Params) -> Findings:
        open_ones = _fired(memory)
        rows = np.zeros(len(open_ones), FINDING)
        rows["slot"] = sparse.slots(open_ones)
        rows["revision"] = open_ones["revision"] + 1
        rows["measured"] = open_ones["driven_us"] / 60e6
        rows["worst_us"] = open_ones["end_us"]
        rows["driver"] = open_ones["driver"] - 1
        for name in ("start_us", "end_us", "fired_us", "received_us", "lat", "lon", "stake_m"):
            rows[name] = open_ones[name]
        for name in ("segment", "code", "quality"):
            rows[name] = open_ones[name]
        return findings(rows, _severity)


def _severity(row: Any) -> str:
    return "curfew" if row["code"] else "service_unknown"


def _exempt(services: list[str]) -> npt.NDArray[np.bool_]:
    """By service code, 0 unknown. Raises ConfigError for a service that does not exist."""
    exempt = np.zeros(len(SERVICE_CODES) + 1, np.bool_)
    for service in services:
        if service not in SERVICE_CODES:
            known = ", ".join(SERVICE_CODES)
            raise ConfigError(f"rule coach_curfew: no service {service!r}; there are: {known}")
        exempt[SERVICE_CODES[service]] = True
    return exempt


def _fired(memory: Memory) -> npt.NDArray[Any]:
    return sparse.rows(memory.few, memory.few["fired"] != 0)
