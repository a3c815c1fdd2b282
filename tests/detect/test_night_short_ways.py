"""The short ways of the coach rules of the night through most rows are those the long one takes.

A coach's rows that follow one that is looked at closely are so too in the same batch; rows that
come alone go the short way wherever it leads.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.core.vehicles import KIND_CODES
from sizao.detect import sparse
from sizao.detect.revisions import report_of
from sizao.detect.rules import coach_night_fatigue, coach_night_speed
from sizao.detect.rules.coach_night_fatigue import CoachNightFatigue
from sizao.detect.rules.coach_night_speed import CoachNightSpeed
from sizao.detect.stage import Columns, Memory, Rule, World
from sizao.detect.window_rows import columns_of
from tests.detect.test_brief_runs import rows_of

HALF_PAST_NINE_US = 1_772_458_200_000_000
"""2026-03-02 21:30 in Shanghai."""

LEG = st.tuples(
    st.sampled_from([20, 60, 60, 240, 240, 600, 1300, 4000]),
    st.sampled_from([True, True, False]),
    st.sampled_from([-1, -1, 0, 0, 0, 1]),
    st.sampled_from([0, 1]),
)
PACE = st.tuples(
    st.sampled_from([0.0, 50.0, 63.0, 70.0, 90.0, 150.0, np.nan]),
    st.sampled_from([80.0, 80.0, 80.0, 60.0, np.nan]),
)


def columns(legs: list[tuple[int, bool, int, int]]) -> tuple[Any, int]:
    rows = rows_of(legs)
    shift_us = HALF_PAST_NINE_US - int(rows["time_us"][0])
    for name in ("time_us", "received_us"):
        rows[name] += shift_us
    for name in ("prev_us", "prev_fix_us"):
        rows[name][1:] += shift_us
    rows["kind"] = KIND_CODES["line_coach"]
    return rows, len(rows)


def taken(
    rule: Rule, params: Any, every: Columns, n: int, cuts: list[int]
) -> tuple[list[object], bytes, bytes]:
    """Findings and memory; batches end at ``cuts``."""
    memory = Memory(np.zeros(1, rule.state_dtype), sparse.new(rule.few_dtype))
    reports: list[object] = []
    for begin, end in pairwise([0, *cuts, n]):
        some = Columns._make([column[begin:end] for column in every[:-2]] + list(every[-2:]))
        found, memory = rule.step(some, memory, params, World())
        reports += [report_of(found, at) for at in range(len(found.slot))]
    return reports, memory.each.tobytes(), sparse.rows(memory.few).tobytes()


@settings(max_examples=200, deadline=None)
@given(st.lists(LEG, min_size=8, max_size=80))
def test_hours_at_the_wheel_at_night(legs):
    rule = CoachNightFatigue()
    params = {**rule.default_params(), "max_continuous_min": 30.0}
    rows, n = columns(legs)
    every = columns_of(rows)
    alone = taken(rule, params, every, n, list(range(1, n)))
    assert repr(alone) == repr(taken(rule, params, every, n, []))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(LEG, PACE), min_size=8, max_size=80))
def test_speed_at_night(legs):
    rule = CoachNightSpeed()
    params = rule.default_params()
    rows, n = columns([leg for leg, _ in legs])
    speed, usual = (
        np.array(column, np.float32) for column in zip(*(own for _, own in legs), strict=True)
    )
    every = columns_of(rows)._replace(speed_kmh=speed, usual_kmh=usual, sure_usual_kmh=usual)
    alone = taken(rule, params, every, n, list(range(1, n)))
    assert repr(alone) == repr(taken(rule, params, every, n, []))


def test_a_coach_that_drives_and_then_rests_goes_the_short_way():
    """The control of the first: the row to begin with, the one that stops and the one that makes
    the rest long enough are looked at closely, of the others none."""
    rule = CoachNightFatigue()
    params = rule.default_params()
    legs = [(1800, True, 0, 0), (60, True, 0, 0)]
    legs += [(60, True, 0, 0)] * 5 + [(60, False, 0, 0)] + [(60, False, 0, 1)] * 30
    rows, n = columns(legs)
    rows["time_us"] += 1_800_000_000
    rows["prev_us"][1:] += 1_800_000_000
    every = columns_of(rows)
    memory = Memory(np.zeros(1, rule.state_dtype), sparse.new(rule.few_dtype))
    closely = []
    for at in range(n):
        some = Columns._make([column[at : at + 1] for column in every[:-2]] + list(every[-2:]))
        numbers = coach_night_fatigue.numbers_of(params)
        night = coach_night_fatigue.hours_us(22 * 60.0, 6 * 60.0)
        before = Memory(memory.each.copy(), memory.few.copy())
        close = coach_night_fatigue._rows(
            some.slot, some.time_us, some.lat, some.lon, some.speed_kmh, some.recorder_speed_kmh,
            some.driver, some.stake_m, some.segment, np.arange(1), before.each, before.few, night,
            numbers,
        )  # fmt: skip
        closely += [at] * len(close)
        _, memory = rule.step(some, memory, params, World())
    assert closely == [0, 7, 27]


@pytest.mark.parametrize(("speed", "short"), [(60.0, True), (63.9, True), (75.0, False)])
def test_a_coach_within_the_limit_of_the_night_goes_the_short_way(speed, short):
    rule = CoachNightSpeed()
    rows, n = columns([(60, True, 0, 0)] * 3)
    rows["time_us"] += 3_600_000_000
    rows["prev_us"][1:] += 3_600_000_000
    limit = np.full(n, 80, np.float32)
    every = columns_of(rows)._replace(
        speed_kmh=np.array([50, 50, speed], np.float32), usual_kmh=limit, sure_usual_kmh=limit
    )
    params = rule.default_params()
    memory = Memory(np.zeros(1, rule.state_dtype), sparse.new(rule.few_dtype))
    some = Columns._make([column[:2] for column in every[:-2]] + list(every[-2:]))
    _, memory = rule.step(some, memory, params, World())
    close = coach_night_speed._rows(
        every.slot, every.time_us, every.lat, every.speed_kmh, every.usual_kmh,
        every.sure_usual_kmh, np.array([2]), memory.each, memory.few, 0.8,
        coach_night_speed.hours_us(22 * 60.0, 6 * 60.0), coach_night_speed.numbers_of(params),
    )  # fmt: skip
    assert len(close) == (0 if short else 1)
