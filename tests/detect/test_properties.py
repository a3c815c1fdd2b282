"""Both rules against plain restatements of the law, on made-up days without bad samples.

The restatements look at the whole day at once and know nothing of samples or state.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.app.benches import detect as bench
from sizao.detect import engine
from sizao.detect.engine import Context, EngineState
from sizao.detect.rules.fatigue import Fatigue
from tests.detect.tracks import Track, batch_of, detect, episodes, minutes

QUARTER_MIN = 0.25
legs = st.lists(st.tuples(st.integers(1, 600), st.integers(1, 120)), min_size=1, max_size=14)
"""(quarter minutes driven, quarter minutes stood) one after the other."""


def lawful_reading(day: list[tuple[int, int]]) -> list[tuple[float, float, float]]:
    """(start, end, elapsed) in minutes of each spell over 4 h between rests of 20 min."""
    found, now, start, end = [], 0.0, 0.0, 0.0
    for driven, stood in [*day, (0, 10**6)]:
        if driven:
            now += driven * QUARTER_MIN
            end = now
        if stood * QUARTER_MIN >= 20:
            if end - start > 240:
                found.append((start, end, end - start))
            start = now + stood * QUARTER_MIN
            end = start
        now += stood * QUARTER_MIN
    return found


@settings(max_examples=40, deadline=None)
@given(legs)
def test_continuous_driving_is_elapsed_time_between_rests(day):
    track = Track(every_s=15)
    for driven, stood in day:
        track.drive(driven * QUARTER_MIN).stand(stood * QUARTER_MIN)
    rows = episodes(detect(track.stand(30), "fatigue"))
    found = [(row["start"], row["end"], row["measured"]) for row in rows]
    assert found == [
        (minutes(start), minutes(end), elapsed) for start, end, elapsed in lawful_reading(day)
    ]


@settings(max_examples=25, deadline=None)
@given(legs, st.integers(0, 2**32 - 1))
def test_a_rest_more_never_makes_a_run_longer(day, seed):
    """More standing somewhere never gives more minutes over the limit."""
    at = seed % len(day)
    rested = [*day]
    rested[at] = (day[at][0], day[at][1] + 80)
    longest = [
        max((elapsed for _, _, elapsed in lawful_reading(one)), default=0.0)
        for one in (day, rested)
    ]
    assert longest[1] <= longest[0]
    track = Track(every_s=15)
    for driven, stood in rested:
        track.drive(driven * QUARTER_MIN).stand(stood * QUARTER_MIN)
    rows = episodes(detect(track.stand(30), "fatigue"))
    assert max((row["measured"] for row in rows), default=0.0) == longest[1]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 90), st.sampled_from([60, 78, 82, 95])), max_size=20),
    st.sampled_from([1, 5, 15]),
)
def test_speeding_is_what_a_plain_loop_finds(day, every_s):
    track = Track(every_s=every_s)
    for seconds, kmh in day:
        track.leg(seconds, kmh)
    context = Context.build(only=frozenset({"speeding"}))
    batch = track.batch()
    found, _ = engine.step(
        batch, EngineState(), context, np.full(len(batch), bench.LIMIT_KMH, np.float32)
    )
    plain = bench.plain_speeding(batch, {}, context.params["speeding"])
    assert len(found) == plain


def test_the_plain_loop_is_no_yes_man():
    """A control: with another minimum duration the two differ."""
    track = Track(every_s=1).leg(60, 60).leg(40, 95).leg(60, 60)
    params = Context.build().params["speeding"]
    assert bench.plain_speeding(batch_of(track.rows), {}, params) == 2
    assert bench.plain_speeding(batch_of(track.rows), {}, {**params, "min_duration_s": 60}) == 0


@pytest.mark.parametrize("length_min", [3 * 60 + 59, 4 * 60 + 1])
def test_the_edge_in_the_words_of_the_law(length_min):
    found = detect(Track(every_s=10).drive(length_min).stand(30), "fatigue")
    assert bool(found) is (length_min > Fatigue().default_params()["max_continuous_min"])
