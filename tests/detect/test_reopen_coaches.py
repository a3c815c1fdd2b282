"""Late points re-open what coaches are judged by: the hours of people, and 02:00 to 05:00."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.detect.context import Context
from sizao.detect.engine import EngineState, close, step
from tests.detect.test_reopen import (
    delivered,
    final,
    hours,
    in_order,
    late_at_night,
    opens,
    play,
)
from tests.detect.tracks import Row, Track, at, batch_of, begin, minutes

DAY, WEEK, CURFEW = "coach_day_total", "coach_week_total", "coach_curfew"


def merged(*parts: list[Row]) -> list[Row]:
    """Rows of several vehicles as they arrive."""
    return sorted((row for part in parts for row in part), key=lambda row: row["received"])


class TestDay:
    def test_a_gap_that_was_driving_fires_late(self):
        """510 min at the wheel, 42 of them told late: 468 known ones fire nothing."""
        track = Track(every_s=60, driver="A").drive(511).stand(40)
        rows = delivered(track, (hours(360), hours(401)), hours(100))
        found = play(rows, rule=DAY, end=False)
        assert [(row["revision"], row["start"], row["measured"]) for row in found] == [
            (0, minutes(481), 481)
        ]
        assert found[0]["quality"] == "corrected"
        assert found[0]["received"] > minutes(500), "known only when the last late point came"
        assert final(play(rows, rule=DAY)) == final(play(track.rows, rule=DAY)) != {}
        assert play(rows, rule=DAY, reopen_within_min=0) == [], "the control"

    def test_what_fired_too_late_begins_where_it_began(self):
        """It was told at 523 min, when 480 known ones were full; then 42 more turn up."""
        track = Track(every_s=60, driver="A").drive(560).stand(40)
        rows = delivered(track, (hours(420), hours(461)), hours(80))
        found = play(rows, rule=DAY, end=False)
        assert [(row["revision"], row["severity"], row["start"]) for row in found] == [
            (0, "over_limit", minutes(481)),
            (0, "over_limit", minutes(523)),
            (1, "withdrawn", minutes(523)),
        ]
        assert final(play(rows, rule=DAY)) == final(play(track.rows, rule=DAY))

    def test_what_may_have_been_driving_and_was_rest_is_unknown_no_more(self):
        track = Track(every_s=60, driver="A").drive(251).stand(30).drive(20).drive(251).stand(5)
        rows = delivered(track, (hours(250), hours(300)), hours(60))
        assert "unknown_min=51" in play(rows, rule=DAY, reopen_within_min=0)[-1]["quality"]
        assert play(rows, rule=DAY)[-1]["quality"] is None

    def test_a_driver_of_whom_only_late_points_know(self):
        """B had the wheel inside the gap: his minutes are his, not A's."""
        track = Track(every_s=60).drive(300, driver="A").drive(60, driver="B")
        track.drive(240, driver="A").stand(40, driver="A")
        rows = delivered(track, (hours(301), hours(359)), hours(60))
        assert final(play(rows, rule=DAY)) == final(play(track.rows, rule=DAY)) != {}

    @pytest.mark.parametrize("waited", [60, 200])
    def test_who_has_gone_on_in_another_coach_has_his_hours_right_from_then_on(self, waited):
        """300 min with 60 in a dead zone, then another coach; 240 known ones and 241 more."""
        one = Track("13900000001", every_s=60, driver="A").drive(300).stand(100)
        other = Track("13900000002", every_s=60, driver="A", now_s=hours(310))
        other.drive(300).stand(5)
        rows = merged(delivered(one, (hours(200), hours(261)), hours(waited)), other.rows)
        found = final(play(rows, rule=DAY))
        late = final(play(rows, rule=DAY, reopen_within_min=0))
        (mended,), (told,) = found.values(), late.values()
        # In both the total at the end is the highest one.
        assert (mended[2], told[2]) == ((598, 536) if waited == 60 else (536, 536))

    def test_what_another_coach_s_rows_ended_is_not_withdrawn(self):
        """A has had his eight hours and goes on in another coach, while the first one, B at the
        wheel, is in a dead zone and sends what it stored."""
        one = Track("13900000001", every_s=60, driver="A").drive(490).stand(5, driver="B")
        one.drive(100, driver="B")
        other = Track("13900000002", every_s=60, driver="A", now_s=hours(525) + 7)
        rows = merged(delivered(one, (hours(500), hours(520)), hours(20)), other.drive(30).rows)
        found = play(rows, rule=DAY)
        assert [(row["vehicle"][-1], row["revision"], row["severity"]) for row in found] == [
            ("1", 0, "over_limit"),
            ("1", 1, "over_limit"),
            ("2", 0, "over_limit"),
            ("2", 1, "over_limit"),
        ]

    def test_trucks_take_no_windows(self):
        track = Track(every_s=60).drive(100).silence(30, 9000).drive(60)
        kept = {}
        for kind in ("tour_coach", "heavy_truck"):
            context = Context.build(only=frozenset({DAY}), kinds={track.vehicle: kind})
            _, state = step(track.batch(), EngineState(), context)
            kept[kind] = len(state.windows.get(DAY, ()))
        assert kept == {"tour_coach": 1, "heavy_truck": 0}


def test_a_week_of_coach_driving_is_judged_again_too():
    """Five days of eight hours, then 241 min, of which 61 are told late."""
    track = Track(every_s=60, driver="A")
    for number in range(5):
        track.now_s = number * 86_400.0
        track.drive(481).stand(1)
    track.now_s = 5 * 86_400.0
    track.drive(242).stand(40)
    first = 5 * 1440
    rows = delivered(track, (hours(first + 100), hours(first + 161)), hours(50))
    assert final(play(rows, rule=WEEK)) == final(play(track.rows, rule=WEEK)) != {}
    assert play(rows, rule=WEEK, reopen_within_min=0) == [], "the control"


class TestCurfew:
    def test_a_gap_that_was_driving_fires_late(self):
        """Three minutes before the dead zone, two behind it: too few by themselves."""
        track = begin("1 01:40", every_s=60).drive(23).drive(20).drive(2).stand(60)
        rows = late_at_night(track, (hours(23), hours(43)), 600)
        found = play(rows, rule=CURFEW)
        assert final(found) == final(play(track.rows, rule=CURFEW)) != {}
        assert play(rows, rule=CURFEW, reopen_within_min=0) == [], "the control"

    def test_an_ended_night_gets_its_next_revision(self):
        track = begin("1 02:10", every_s=60).drive(140).stand(40).drive(10)
        rows = late_at_night(track, (hours(60), hours(90)), hours(100))
        found = play(rows, rule=CURFEW)
        assert [(row["revision"], row["measured"]) for row in found] == [
            (0, 5),
            (1, 108),
            (2, 139),
        ]
        assert "corrected" in found[-1]["quality"].split(",")
        assert final(found) == final(play(track.rows, rule=CURFEW))

    def test_services_that_may_drive_may_do_so_late(self):
        track = begin("1 01:40", every_s=60).drive(45).stand(60)
        rows = late_at_night(track, (hours(23), hours(43)), 600)
        context = Context.build(
            only=frozenset({CURFEW}),
            kinds={track.vehicle: "line_coach"},
            services={track.vehicle: "short_line"},
        )
        found, _ = step(batch_of(rows), EngineState(), context)
        assert found.num_rows == 0


def test_rules_that_share_windows_end_as_each_alone():
    """And so they do from a checkpoint; windows of a rule that is gone begin anew."""
    track = begin("21:30", every_s=60, driver="A").drive(160).stand(30).drive(270).stand(60)
    rows = late_at_night(track, (hours(270), hours(300)), 600)
    rules = {
        DAY: {"max_driving_min": 260.0},
        WEEK: {"max_driving_min": 265.0},
        CURFEW: {},
        "coach_night_fatigue": {"max_continuous_min": 100.0},
    }
    alone = [row for rule, own in rules.items() for row in play(rows, rule=rule, **own)]
    kinds = {track.vehicle: "tour_coach"}
    context = Context.build(only=frozenset(rules), changes=rules, kinds=kinds)
    state, found = EngineState(), []
    for start in range(0, len(rows), 50):
        part, state = step(batch_of(rows[start : start + 50]), state, context)
        found += part.to_pylist()
        state = EngineState.from_bytes(state.to_bytes())
        assert state.restarted == []
        assert len(state.windows) == 1
        if start == 300:
            assert [len(windows) for windows in state.windows.values()] == [1]
            less = EngineState.from_bytes(state.to_bytes())
            Context.build(only=frozenset({DAY}), kinds=kinds).adopt(less)
            assert less.windows == {}
    found += close(state, context).to_pylist()
    assert in_order(found) == in_order(alone)
    assert {row["rule"] for row in found if "corrected" in (row["quality"] or "")} == set(rules)


@settings(max_examples=25, deadline=None)
@given(
    parts=st.lists(
        st.tuples(
            st.integers(5, 300),
            st.sampled_from([0, 5, 21, 40]),
            st.sampled_from(["A", "A", "B", None]),
        ),
        min_size=2,
        max_size=5,
    ),
    share=st.floats(0.05, 0.95),
    span=st.integers(6, 110),
    after=st.integers(0, 110),
    rule=st.sampled_from([DAY, CURFEW]),
    cuts=st.lists(st.floats(0, 1), max_size=3),
)
def test_late_delivery_ends_as_delivery_in_order_does(
    parts: Any, share: float, span: int, after: int, rule: str, cuts: list[float]
) -> None:
    track = begin("16:00", every_s=60)
    for driving, standing, driver in parts:
        track.drive(driving, driver=driver)
        track.stand(standing, driver=driver)
    track.drive(290, driver="A").stand(125)
    first = (track.rows[0]["time"] - at(0)).total_seconds()
    start = first + hours(int(share * len(track.rows)))
    hidden = (start, start + hours(span))
    rows = delivered(track, hidden, hours(after))
    changes = {"max_driving_min": 300.0} if rule == DAY else {}
    whole = play(rows, rule=rule, **changes)
    if opens(rows, hidden):
        assert final(whole) == final(play(track.rows, rule=rule, **changes))
    places = [int(cut * len(rows)) for cut in cuts]
    assert in_order(play(rows, places, rule=rule, **changes)) == in_order(whole)


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 240),
    st.integers(6, 100),
    st.integers(0, 110),
    st.integers(0, 500),
    st.lists(st.floats(0, 1), max_size=4),
)
def test_where_a_batch_is_cut_does_not_matter_to_shared_drivers(gap, span, after, second, cuts):
    one = Track("13900000001", every_s=60, driver="A").drive(300).stand(100)
    other = Track("13900000002", every_s=60, driver="A", now_s=hours(second) + 7)
    other.drive(120, driver="B").drive(200).stand(30)
    rows = merged(
        delivered(one, (hours(gap), hours(gap + span)), hours(after)),
        delivered(other, (hours(second + 130), hours(second + 170)), hours(20)),
    )
    whole = play(rows, rule=DAY, max_driving_min=200.0)
    places = [int(cut * len(rows)) for cut in cuts]
    assert in_order(play(rows, places, rule=DAY, max_driving_min=200.0)) == in_order(whole)
    keys = [(row["id"], row["revision"]) for row in whole]
    assert len(keys) == len(set(keys))
