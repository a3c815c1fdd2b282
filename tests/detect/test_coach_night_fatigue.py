"""Two hours of one night without a rest, on both sides of every edge."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.detect.tracks import Track, at, begin, detect, episodes, shanghai

RULE = "coach_night_fatigue"


def night(track: Track, kind: str = "tour_coach", **changes):
    return episodes(detect(track, RULE, kind=kind, **changes))


@pytest.mark.parametrize("every_s", [1, 15, 30, 60])
@pytest.mark.parametrize(("length_min", "count"), [(119, 0), (120, 0), (121, 1), (122, 1)])
def test_two_hours_exactly_are_lawful(every_s, length_min, count):
    track = begin("22:30", every_s=every_s).stand(5).drive(length_min).stand(60)
    assert len(night(track)) == count


def test_fires_as_soon_as_it_is_known_and_again_when_rest_is():
    rows = detect(begin("23:00").drive(150).stand(60), RULE, kind="line_coach")
    first, last = rows
    assert (first["revision"], first["fired"]) == (0, at(shanghai("1 01:00:15")))
    assert (first["measured"], first["limit"], first["measured_unit"]) == (120.25, 120, "min")
    assert (last["revision"], last["final"], last["measured"]) == (1, True, 150)
    assert (last["start"], last["end"]) == (at(shanghai("23:00")), at(shanghai("1 01:30")))


def test_only_the_night_counts():
    # At the wheel since 20:30: two hours of the night are full at 24:00 and not at 22:30.
    assert night(begin("20:30").drive(210).stand(60)) == []
    (episode,) = night(begin("20:30").drive(211).stand(60))
    assert episode["start"] == at(shanghai("22:00"))
    assert episode["fired"] == at(shanghai("1 00:00:15"))
    assert episode["measured"] == 121


@pytest.mark.parametrize(("start", "count"), [("21:59", 0), ("22:00", 1)])
def test_the_night_begins_at_ten(start, count):
    """At the wheel for 121 min: from 21:59 on, 120 of them are of the night."""
    assert len(night(begin(start, every_s=60).drive(121).stand(60))) == count


@pytest.mark.parametrize(
    ("start", "count"), [("1 03:58", 1), ("1 03:59", 1), ("1 04:00", 0), ("1 05:59", 0)]
)
def test_the_night_ends_at_six(start, count):
    # From 03:59 the night holds 121 min, less the last sample's quarter of a minute.
    found = night(begin(start).drive(300).stand(60))
    assert len(found) == count
    if found:
        assert found[0]["end"] == at(shanghai("1 05:59:45"))


def test_a_run_ends_with_its_night():
    rows = detect(begin("1 02:00").drive(300), RULE, kind="line_coach", end=False)
    assert [row["revision"] for row in rows] == [0, 1]
    assert (rows[1]["end"], rows[1]["measured"]) == (at(shanghai("1 05:59:45")), 239.75)


def test_the_next_night_begins_anew():
    track = begin("1 04:30").drive(60)
    track.now_s = shanghai("1 22:30")
    assert night(track.drive(100).stand(30)) == []
    # No sample between the nights, and a gap that may be forgotten only after a week.
    track = begin("1 04:30").drive(89.75)
    track.now_s = shanghai("1 22:00")
    track.east_m += 9000
    assert night(track.drive(100).stand(30), forget_gap_min=10_000.0) == []


@pytest.mark.parametrize(("rest_min", "count"), [(19, 1), (20, 0), (21, 0)])
def test_only_twenty_minutes_are_a_rest(rest_min, count):
    track = begin("22:00").drive(70).stand(rest_min).drive(70).stand(60)
    assert len(night(track)) == count


def test_a_rest_may_begin_before_ten():
    track = begin("20:00").drive(110).stand(20).drive(120).stand(60)
    assert night(track) == []
    (episode,) = night(begin("20:00").drive(110).stand(20).drive(121).stand(60))
    assert episode["start"] == at(shanghai("22:10"))


@pytest.mark.parametrize(("gap_min", "count"), [(19, 1), (19.75, 0), (21, 0)])
def test_a_gap_on_the_spot_is_a_stop(gap_min, count):
    # A gap begins at the last sample, 15 s before the silence: 19.75 min of it are 20.
    track = begin("22:00").drive(70).silence(gap_min, 200).drive(75).stand(60)
    assert len(night(track)) == count


@pytest.mark.parametrize("gap_min", [19, 21])
def test_a_gap_elsewhere_is_neither_driving_nor_rest(gap_min):
    track = begin("22:00").drive(70).silence(gap_min, 9000).drive(75).stand(60)
    (episode,) = night(track)
    assert episode["measured"] == 144.75
    assert "gap" in episode["quality"].split(",")
    assert night(begin("22:00").drive(55).silence(gap_min, 9000).drive(55).stand(60)) == []


class TestDriver:
    def test_another_driver_begins_anew(self):
        track = begin("22:00").drive(70, driver="A").drive(70, driver="B").stand(60)
        assert night(track) == []

    def test_swapping_cards_for_a_moment_is_no_rest(self):
        track = begin("22:00").drive(70, driver="A").drive(10, driver="B")
        (episode,) = night(track.drive(70, driver="A").stand(60))
        assert (episode["driver"], episode["measured"]) == ("A", 150)

    def test_unknown_is_nobody_else(self):
        (episode,) = night(begin("22:00").drive(70, driver="A").drive(70).stand(60))
        assert episode["driver"] == "A"


@pytest.mark.parametrize("kind", ["heavy_truck", "hazmat", "school_bus", "other"])
def test_only_coaches_are_bound(kind):
    assert night(begin("22:00").drive(240).stand(60), kind) == []


QUARTER_MIN = 0.25


def plain_nights(start_s: float, day: list[tuple[int, int]]) -> list[tuple[float, float, float]]:
    """(start, end, minutes) of each spell over 2 h of a night between rests of 20 min.

    Second by quarter minute, looked at as a whole: which quarters are driven, which are night, and
    which lie in a stop of 20 min.
    """
    driven: list[bool] = []
    rest: list[bool] = []
    for drive, stand in [*day, (0, 120)]:
        driven += [True] * drive + [False] * stand
    n = len(driven)
    rest = [False] * n
    at = 0
    while at < n:
        if driven[at]:
            at += 1
            continue
        stop = at
        while stop < n and not driven[stop]:
            stop += 1
        if (stop - at) * QUARTER_MIN >= 20:
            rest[at:stop] = [True] * (stop - at)
        at = stop

    def is_night(quarter: int) -> bool:
        hour = ((start_s + quarter * 15) / 3600 + 8) % 24
        return hour >= 22 or hour < 6

    spells: list[list[int]] = [[]]
    for quarter in range(n):
        if rest[quarter] or not is_night(quarter):
            spells.append([])
        elif driven[quarter]:
            spells[-1].append(quarter)
    found = []
    for spell in filter(None, spells):
        if len(spell) > 1 and spell[-1] - spell[-2] > 1 and not is_night(spell[-1] + 1):
            # It may have been a spike: what comes next is not looked at any more.
            spell.pop()
        first, last = spell[0], spell[-1] + 1
        # The moment of stopping is a sample of the night too, unless the night is over.
        if last >= n or not is_night(last):
            last -= 1
        if (last - first) * QUARTER_MIN > 120:
            found.append((start_s + first * 15, start_s + last * 15, (last - first) * QUARTER_MIN))
    return found


@settings(max_examples=60, deadline=None)
@example([(1, 1), (1, 51), (600, 120), (600, 120), (600, 79), (1, 1)], 3106)
@given(
    st.lists(st.tuples(st.integers(1, 600), st.integers(1, 120)), min_size=1, max_size=14),
    st.integers(shanghai("18:00") // 15, shanghai("1 05:00") // 15),
)
def test_it_is_what_the_plain_reading_finds(day, start):
    track = Track(every_s=15, now_s=start * 15.0)
    for driven, stood in day:
        track.drive(driven * QUARTER_MIN).stand(stood * QUARTER_MIN)
    rows = night(track.stand(30))
    found = [(row["start"], row["end"], row["measured"]) for row in rows]
    assert found == [
        (at(first), at(last), length) for first, last, length in plain_nights(start * 15.0, day)
    ]


def test_the_plain_reading_is_no_yes_man():
    assert len(plain_nights(shanghai("22:00"), [(484, 0)])) == 1
    assert night(begin("22:00").drive(121).stand(30), max_continuous_min=130.0) == []
