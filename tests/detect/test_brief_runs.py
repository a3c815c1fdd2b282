"""The short ways of ``fatigue`` through most rows are those that the long one takes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.detect import sparse
from sizao.detect.brief_runs import goes_on_apart
from sizao.detect.continuous import numbers_of
from sizao.detect.revisions import report_of
from sizao.detect.rules.fatigue import FEW, Fatigue
from sizao.detect.stage import Memory, World
from sizao.detect.window_rows import ROW, columns_of

RULE = Fatigue()
PARAMS = {**RULE.default_params(), "max_continuous_min": 30.0}


def rows_of(legs: list[tuple[int, bool, int, int]]) -> np.ndarray:
    """ROWs of a vehicle: seconds since the one before, whether it moves, its driver, and whether
    it is where it stopped, for each."""
    rows = np.zeros(len(legs), ROW)
    since_s, moves, driver, near = (np.array(column) for column in zip(*legs, strict=True))
    rows["time_us"] = (1_000_000 + np.cumsum(since_s)) * 1_000_000
    rows["received_us"] = rows["time_us"] + 1
    rows["lat"], rows["lon"] = 28.0 + 0.1 * np.cumsum(1 - near), 104.0
    rows["stake_m"], rows["segment"] = np.arange(len(legs)), np.arange(len(legs))
    rows["speed_kmh"], rows["recorder_speed_kmh"] = np.where(moves, 60.0, 0.0), np.nan
    rows["driver"] = driver
    for before, row in pairwise(rows):
        row["prev_us"] = row["prev_fix_us"] = before["time_us"]
        row["prev_lat"], row["prev_lon"] = before["lat"], before["lon"]
    return rows


LEG = st.tuples(
    st.sampled_from([20, 60, 240, 600, 1300, 4000]),
    st.sampled_from([True, True, True, False]),
    st.sampled_from([-1, -1, 0, 0, 0, 1]),
    st.sampled_from([0, 0, 1]),
)
"""Gaps and another driver often enough for most vehicles to stand in the table of the few."""


def taken(rows: np.ndarray, cuts: list[int]) -> tuple[list[object], bytes, bytes]:
    """Findings and memory; batches end at ``cuts``."""
    memory = Memory(np.zeros(1, RULE.state_dtype), sparse.new(FEW))
    reports: list[object] = []
    for begin, end in pairwise([0, *cuts, len(rows)]):
        found, memory = RULE.step(columns_of(rows[begin:end]), memory, PARAMS, World())
        reports += [report_of(found, at) for at in range(len(found.slot))]
    return reports, memory.each.tobytes(), sparse.rows(memory.few).tobytes()


@settings(max_examples=200, deadline=None)
@given(st.lists(LEG, min_size=8, max_size=60))
def test_rows_that_come_alone_are_remembered_as_those_that_are_looked_at_closely(legs):
    """A vehicle's first row ever is looked at closely, and so are all that follow it in a batch."""
    rows = rows_of(legs)
    assert repr(taken(rows, list(range(1, len(rows))))) == repr(taken(rows, []))


def test_who_came_through_a_gap_and_stopped_goes_on_the_short_way():
    """The control of the above: he stands in the table, and what is short there does something."""
    rows = rows_of([(20, True, 0, 0), (600, True, 0, 0), (60, False, 0, 0), (60, False, 0, 1)])
    memory = Memory(np.zeros(1, RULE.state_dtype), sparse.new(FEW))
    _, memory = RULE.step(columns_of(rows[:3]), memory, PARAMS, World())
    own = sparse.rows(memory.few)[0]
    assert memory.each["open"][0] == 1
    assert own["stopping"] == 1
    args = (0, 28.0, 104.0, 0.0, 0, numbers_of(PARAMS))
    assert goes_on_apart(own, False, int(rows[3]["time_us"]), *args)
    assert own["prev_us"] == rows[3]["time_us"]
    assert not goes_on_apart(own, True, int(rows[3]["time_us"]) + 1, *args)
