"""Drivers who are gone are forgotten: memory stays flat, and no cut of the rows matters."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.detect import engine, forgetting, sparse
from sizao.detect.engine import Context, EngineState
from tests.detect.tracks import Row, Track, batch_of

TOTALS = ("coach_day_total", "coach_week_total")
DAY_S = 86_400


def context_of(rows: list[Row], **changes: Any) -> Context:
    return Context.build(
        only=frozenset(TOTALS),
        kinds={row["vehicle"]: "line_coach" for row in rows},
        changes=dict.fromkeys(TOTALS, changes),
    )


def run(
    rows: list[Row], cuts: Iterable[int] = (), **changes: Any
) -> tuple[list[Row], EngineState, Context]:
    """Detections over rows in this order, saved at each cut."""
    context = context_of(rows, **changes)
    state, found = EngineState(), []
    for start, stop in pairwise([0, *sorted(cuts), len(rows)]):
        some, state = engine.step(batch_of(rows[start:stop]), state, context)
        found += some.to_pylist()
        state = EngineState.from_bytes(state.to_bytes())
    return sorted(found, key=lambda row: (row["id"], row["revision"])), state, context


def in_order(tracks: list[Track]) -> list[Row]:
    rows = [row for track in tracks for row in track.rows]
    return sorted(rows, key=lambda row: (row["received"], row["vehicle"]))


def known(state: EngineState, rule: str) -> int:
    """Rows of a rule's table."""
    return int(state.rules[rule].few["key"][0])


def months(days: int) -> list[Row]:
    """A coach that two people drive each day who never come back."""
    track = Track(every_s=60)
    for day in range(days):
        for shift in range(2):
            track.now_s = day * DAY_S + shift * 3 * 3600
            track.drive(5, driver=f"D{day}-{shift}")
    return track.rows


@pytest.mark.parametrize(("rule", "days_kept"), [("coach_day_total", 9), ("coach_week_total", 15)])
def test_over_months_memory_stays_flat(rule, days_kept, monkeypatch):
    rows = months(60)
    state, context, held = EngineState(), context_of(rows), []
    for day in range(60):
        _, state = engine.step(batch_of(rows[10 * day : 10 * day + 10]), state, context)
        held.append(known(state, rule))
    assert max(held) == held[20] == held[-1] <= 2 * (days_kept + 1) + 1
    # The control: with nobody forgotten there are all of them.
    monkeypatch.setattr(forgetting, "KEPT_S", 10**10)
    _, state, _ = run(rows)
    assert known(state, rule) >= 2 * 60


@pytest.mark.parametrize(("begin_min", "is_known"), [(0, False), (15, True)])
def test_a_week_after_the_window_is_empty(begin_min, is_known):
    """Driven in a day's first quarter of an hour, the window is empty when the next day begins,
    and the eighth from then forgets; driven in the second, it takes one more."""
    driver = Track("10001", driver="D1", every_s=60, now_s=60.0 * begin_min).drive(10)
    other = Track("10002", driver="D2", every_s=60, now_s=8 * DAY_S - 60).drive(3)
    rows = in_order([driver, other])
    for cuts in ((), range(len(rows))):
        _, state, _ = run(rows, cuts)
        assert known(state, "coach_day_total") == 2 + is_known, "the day itself is a row, too"


def test_an_episode_of_who_is_gone_ends():
    driver = Track("10001", driver="D1", every_s=60).drive(500)
    other = Track("10002", driver="D2", every_s=60, now_s=20 * DAY_S).drive(3)
    found, state, context = run(in_order([driver, other]))
    assert [(row["revision"], row["final"], row["driver"]) for row in found] == [
        (0, False, "D1"),
        (1, True, "D1"),
    ]
    assert found[1]["measured"] == 499
    assert engine.active(state, context) == ["", ""]
    alone, state, context = run(driver.rows)
    assert engine.active(state, context) == ["coach_day_total"]
    assert [*alone, *engine.close(state, context).to_pylist()] == found


@st.composite
def years(draw: Any) -> list[Row]:
    """Three coaches and four drivers over weeks, with gaps behind which they are elsewhere."""
    tracks = []
    for number in range(3):
        track = Track(f"1000{number}", every_s=120, now_s=float(60 * number))
        for _ in range(draw(st.integers(1, 6))):
            track.now_s += 3600 * draw(st.sampled_from([1, 20, 24, 100, 190, 230, 400]))
            track.east_m += draw(st.sampled_from([0, 9000]))
            driver = draw(st.sampled_from(["A", "B", "C", None]))
            track.drive(draw(st.sampled_from([4, 30, 100])), driver=driver)
        tracks.append(track)
    return in_order(tracks)


@settings(max_examples=25, deadline=None)
@given(years(), st.data())
def test_where_a_batch_is_cut_does_not_matter(rows, data):
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=8))
    numbers = {"max_driving_min": 60.0}
    whole, state, _ = run(rows, **numbers)
    found, again, _ = run(rows, cuts, **numbers)
    assert found == whole
    for rule in TOTALS:
        one, other = (sparse.rows(each.rules[rule].few) for each in (state, again))
        assert one.tobytes() == other.tobytes()
