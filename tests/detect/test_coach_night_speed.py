"""Coach at night faster than 80 % of the limit, on both sides of every edge."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detect.plain.reading import differences
from tests.detect.tracks import Track, at, begin, detect, episodes, shanghai

RULE = "coach_night_speed"
DAY_S = 86_400


def night_speed(track: Track, kind: str = "line_coach", **changes):
    return episodes(detect(track, RULE, kind=kind, **changes))


def test_eighty_percent_at_night():
    # The limit is 100, so 80 at night. 81 is the margin, 81.1 is over it.
    assert night_speed(begin("23:00", limit_kmh=100).leg(120, 81.0)) == []
    (episode,) = night_speed(begin("23:00", limit_kmh=100).leg(120, 81.1))
    assert (episode["measured"], episode["limit"]) == (81.1, 80)
    assert episode["measured_unit"] == "km/h"
    assert (episode["start"], episode["end"]) == (at(shanghai("23:00")), at(shanghai("23:01:45")))


@pytest.mark.parametrize("kind", ["line_coach", "tour_coach", "highway_passenger"])
def test_coaches_are_bound(kind):
    assert night_speed(begin("23:00").leg(120, 75), kind)


@pytest.mark.parametrize("kind", ["heavy_truck", "hazmat", "school_bus", "police", "other"])
def test_nobody_else_is(kind):
    assert night_speed(begin("23:00").leg(120, 75), kind) == []


@pytest.mark.parametrize(
    ("first", "found"),
    [("21:59:29", False), ("21:59:30", True), ("21:59:59", True), ("22:00:00", True)],
)
def test_night_begins_at_ten(first, found):
    # 75 km/h where 80 is the day's limit and 64 the night's; one sample a second, 61 in all. 30 s
    # from 22:00:00 on are needed: the last is at 22:00:29 from a start at 21:59:29.
    track = begin(first, every_s=1).leg(61, 75)
    assert bool(night_speed(track)) is found
    if found:
        (episode,) = night_speed(track)
        assert episode["start"] == at(max(shanghai(first), shanghai("22:00:00")))


def test_the_last_second_of_the_day_is_day():
    lone = begin("21:59:59", every_s=31).leg(62, 75)  # samples at 21:59:59 and 22:00:30
    assert night_speed(lone) == []
    lone = begin("22:00:00", every_s=30).leg(60, 75)  # samples at 22:00:00 and 22:00:30
    assert len(night_speed(lone)) == 1


@pytest.mark.parametrize(
    ("first", "found"),
    [("1 05:59:28", True), ("1 05:59:29", True), ("1 05:59:30", False), ("1 06:00:00", False)],
)
def test_night_ends_at_six(first, found):
    # 05:59:59 is the last second of the night: 30 s before it is 05:59:29.
    (*episode,) = night_speed(begin(first, every_s=1).leg(120, 75))
    assert bool(episode) is found
    if found:
        assert episode[0]["end"] == at(shanghai("1 05:59:59"))


def test_six_oclock_ends_an_episode_though_nobody_slows_down():
    rows = detect(begin("1 05:55").leg(600, 75), RULE, kind="line_coach", end=False)
    assert [(row["revision"], row["final"]) for row in rows] == [(0, False), (1, True)]
    assert rows[1]["end"] == at(shanghai("1 05:59:45"))


def test_midnight_does_not_cut_an_episode():
    (episode,) = night_speed(begin("23:58").leg(240, 75).leg(60, 50))
    assert (episode["start"], episode["end"]) == (at(shanghai("23:58")), at(shanghai("1 00:01:45")))


def test_each_sample_by_the_limit_where_it_was_taken():
    # 70 is over 64 (80 % of 80) and lawful under 80 (of 100): the change ends it in mid-segment.
    track = begin("23:00").leg(60, 70, limit_kmh=80).leg(90, 70, limit_kmh=100)
    (episode,) = night_speed(track)
    assert episode["end"] == at(shanghai("23:00:45"))


def test_two_nights_are_two_episodes():
    track = begin("1 05:58").leg(240, 75)
    track.now_s = shanghai("1 21:58")
    found = night_speed(track.leg(240, 75))
    assert [row["start"] for row in found] == [at(shanghai("1 05:58")), at(shanghai("1 22:00"))]


def test_the_days_limit_is_another_rules():
    # 90 where 80 is allowed and 64 at night: both rules, each with its own limit and band.
    track = begin("23:00").leg(120, 90)
    (night,) = night_speed(track)
    (day,) = episodes(detect(track, "speeding", kind="line_coach"))
    assert (night["limit"], night["severity"]) == (64, "20-50")
    assert (day["limit"], day["severity"]) == (80, "10-20")


def test_the_ratio_and_the_hours_are_parameters():
    assert night_speed(begin("23:00").leg(120, 75), ratio=1.0) == []
    assert night_speed(begin("21:00").leg(120, 75), night_start_min=20 * 60.0)


legs = st.lists(
    st.tuples(
        st.integers(1, 100),
        st.sampled_from([40, 60, 64, 66, 75, 82, 96, 130]),
        st.sampled_from([80.0, 100.0, 60.0, float("nan")]),
        st.sampled_from([None, 60.0, 75.0, 96.0]),
        st.sampled_from([0.0, 0.0, 0.0, 40.0, 95.0]),
    ),
    max_size=25,
)


def told(start: str, every_s: int, day) -> Track:
    track = begin(start, every_s=every_s)
    for seconds, kmh, limit, recorder, pause_s in day:
        track.now_s += pause_s
        track.leg(seconds, kmh, limit_kmh=limit, recorder_speed_kmh=recorder)
    return track


@settings(max_examples=80, deadline=None)
@given(legs, st.sampled_from(["21:50", "1 05:50", "12:00"]), st.sampled_from([1, 10, 15, 30]))
def test_it_is_what_the_plain_reading_finds(day, start, every_s):
    track = told(start, every_s, day)
    assert differences(track, RULE, kinds={track.vehicle: "line_coach"}) == []


@settings(max_examples=80, deadline=None)
@given(legs, st.sampled_from([1, 10, 15, 30]))
def test_speeding_too_is_what_the_plain_reading_finds(day, every_s):
    track = told("12:00", every_s, day)
    assert differences(track, "speeding") == []
