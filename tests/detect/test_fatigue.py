"""Continuous driving, on both sides of every edge of its definition."""

from __future__ import annotations

import pytest

from sizao.core.ids import observation_id
from tests.detect.tracks import Track, at, begin, detect, episodes, minutes


def fatigue(track: Track, **changes):
    return episodes(detect(track, "fatigue", **changes))


@pytest.mark.parametrize("every_s", [1, 15, 30, 60])
@pytest.mark.parametrize(("length_min", "count"), [(239, 0), (240, 0), (241, 1), (242, 1)])
def test_four_hours_exactly_are_lawful(every_s, length_min, count):
    track = Track(every_s=every_s).stand(5).drive(length_min).stand(60)
    assert len(fatigue(track)) == count


@pytest.mark.parametrize("start", ["21:59", "22:00", "1 06:00"])
def test_neither_night_nor_midnight_is_anything(start):
    """Four hours across 22:00 and 24:00; from 06:00 across 08:00, midnight at Greenwich."""
    assert fatigue(begin(start, every_s=60).drive(240).stand(30)) == []
    (episode,) = fatigue(begin(start, every_s=60).drive(241).stand(30))
    assert episode["measured"] == 241


def test_fires_as_soon_as_it_is_known_and_again_when_rest_is():
    rows = detect(Track().stand(5).drive(300).stand(60), "fatigue")
    first, last = rows
    assert first["id"] == last["id"]
    assert (first["revision"], first["final"]) == (0, False)
    assert (first["start"], first["fired"]) == (minutes(5), minutes(245.25))
    assert first["measured"] == 240.25
    assert (last["revision"], last["final"]) == (1, True)
    assert (last["start"], last["end"]) == (minutes(5), minutes(305))
    assert (last["measured"], last["limit"], last["measured_unit"]) == (300, 240, "min")
    assert last["fired"] == first["fired"]
    assert last["severity"] == "over_limit"
    assert last["evidence"][0] == observation_id(last["vehicle"], minutes(5))
    assert last["evidence"][2] == observation_id(last["vehicle"], minutes(305))


@pytest.mark.parametrize(("rest_min", "count"), [(1, 1), (15, 1), (19, 1), (20, 0), (21, 0)])
@pytest.mark.parametrize("every_s", [15, 30, 60])
def test_only_twenty_minutes_are_a_rest(rest_min, count, every_s):
    track = Track(every_s=every_s).drive(150).stand(rest_min).drive(150).stand(60)
    assert len(fatigue(track)) == count


@pytest.mark.parametrize(("rest_min", "count"), [(71, 1), (72, 1), (99, 1), (100, 0), (300, 0)])
def test_rests_longer_than_what_the_memory_counts(rest_min, count):
    """It counts a stop up to 71.6 min: enough for the law's 20, kept elsewhere if more is asked."""
    track = Track(every_s=60).drive(150).stand(rest_min).drive(150).stand(200)
    assert len(fatigue(track, min_rest_min=100)) == count


@pytest.mark.parametrize(("minutes_driven", "count"), [(240, 0), (241, 1)])
def test_a_day_of_rest_is_one(minutes_driven, count):
    track = Track(every_s=60).drive(239).stand(24 * 60).drive(minutes_driven).stand(60)
    assert len(fatigue(track)) == count


def test_short_stops_count_as_elapsed_time():
    # 230 min at the wheel in 248 min without a rest of 20.
    (episode,) = fatigue(Track().drive(115).stand(18).drive(115).stand(60))
    assert episode["measured"] == 248


def test_a_stop_never_makes_it_fire():
    assert fatigue(Track().drive(239.5).stand(120)) == []
    assert fatigue(Track().drive(130).stand(19).drive(80).stand(19)) == []
    assert fatigue(Track().drive(239).stand(120)) == []


def test_driving_on_after_a_short_stop_does():
    track = Track().drive(235).stand(19).drive(5).stand(60)
    (episode,) = fatigue(track)
    assert episode["fired"] == minutes(254.25)
    assert episode["measured"] == 259


def test_rest_of_many_stops_is_not_added_up():
    track = Track()
    for _ in range(10):
        track.drive(20).stand(10)
    assert len(fatigue(track.drive(20).stand(60))) == 1


def test_one_run_is_reported_once_however_long():
    assert len(detect(Track().drive(600), "fatigue", end=False)) == 1


def test_two_runs_with_a_rest_between_are_two_episodes():
    found = fatigue(Track().drive(250).stand(30).drive(260).stand(30))
    assert [row["measured"] for row in found] == [250, 260]


@pytest.mark.parametrize(("kmh", "count"), [(5.0, 0), (5.1, 1)])
def test_standing_is_five_and_below(kmh, count):
    assert len(fatigue(Track().drive(250, kmh).stand(60))) == count


def test_what_lies_inside_the_run_is_said_in_minutes():
    """Stops of 10 and 15 min, the card out for the last 70 of driving."""
    track = Track(driver="A").drive(100).stand(10).drive(100)
    known = Track(driver="A").drive(100).stand(10).drive(100).stand(15).drive(70).stand(60)
    track.driver = None
    track.stand(15).drive(70).stand(60)
    assert [row["quality"] for row in fatigue(known)] == ["rest_min=25"]
    assert [row["quality"] for row in fatigue(track)] == ["rest_min=25,driver_unknown_min=70"]
    # The rest that ends a run, and what was before it, is no part of the next.
    again = known.drive(250).stand(60)
    assert [row["quality"] for row in fatigue(again)] == ["rest_min=25", None]


class TestSpeed:
    def test_in_a_tunnel_the_tachograph_tells(self):
        dark = {"positioned": False, "recorder_speed_kmh": 60.0}
        (episode,) = fatigue(Track().drive(120).drive(30, 0, **dark).drive(100).stand(60))
        assert (episode["measured"], episode["quality"]) == (250, "driver_unknown_min=250")

    def test_a_sample_without_any_speed_is_as_if_it_had_not_come(self):
        track = Track().drive(150).drive(4, positioned=False).drive(100).stand(60)
        assert fatigue(track)[0]["quality"] == "driver_unknown_min=254"
        track = Track().drive(150).drive(40, positioned=False).drive(60).stand(60)
        assert fatigue(track) == []

    def test_a_receiver_that_hangs_is_not_believed_to_drive(self):
        # It hangs at 60 km/h while the vehicle rests for half an hour.
        track = Track().drive(150)
        hung_at = track.rows[-1]["lon"]
        track.drive(30, 60, lon=hung_at).drive(150).stand(60)
        assert [row["quality"] for row in fatigue(track)] == [
            "gap,unknown_min=30,driver_unknown_min=300"
        ]
        assert fatigue(track)[0]["measured"] == 299.75
        told = Track().drive(150)
        told.drive(30, 60, lon=hung_at, recorder_speed_kmh=0.0).drive(150).stand(60)
        assert fatigue(told) == []

    def test_a_spike_at_rest_does_not_break_the_rest(self):
        track = Track().drive(150).stand(12)
        track.sample(90).silence(0.25).stand(12).drive(150).stand(60)
        assert fatigue(track) == []

    def test_moving_on_does_break_it_however_short(self):
        track = Track(every_s=30).drive(150).stand(12).drive(0.5, 30).stand(12).drive(100).stand(60)
        assert len(fatigue(track)) == 1

    def test_two_moving_samples_break_it_even_within_the_yard(self):
        track = Track().drive(150).stand(12).drive(0.5, 6).stand(12).drive(100).stand(60)
        assert len(fatigue(track)) == 1


class TestGap:
    @pytest.mark.parametrize("gap_min", [20, 21, 60, 600])
    def test_off_at_rest_for_twenty_minutes_is_a_rest(self, gap_min):
        assert fatigue(Track().drive(150).silence(gap_min, 200).drive(150).stand(60)) == []

    def test_the_end_says_gap_only_if_one_lies_inside(self):
        found = fatigue(Track().drive(250).silence(60).drive(250).stand(60))
        assert [row["measured"] for row in found] == [249.75, 250]
        assert [row["quality"] for row in found] == ["driver_unknown_min=250"] * 2
        inside = fatigue(Track().drive(150).silence(10, 9000).drive(150).stand(60))
        assert [row["quality"] for row in inside] == ["gap,unknown_min=10,driver_unknown_min=300"]

    def test_nineteen_minutes_are_none_and_are_not_driving_either(self):
        (episode,) = fatigue(Track().drive(150).silence(19).drive(150).stand(60))
        # The gap runs from the last sample, 15 s before its length begins.
        assert episode["measured"] == 299.75
        assert episode["quality"] == "gap,unknown_min=19,rest_min=19,driver_unknown_min=300"

    def test_standing_before_and_after_joins_it(self):
        assert fatigue(Track().drive(150).stand(8).silence(8).stand(5).drive(150).stand(60)) == []
        found = fatigue(Track().drive(150).stand(6).silence(8).stand(5).drive(150).stand(60))
        assert len(found) == 1

    @pytest.mark.parametrize("gap_min", [19, 21, 60])
    def test_elsewhere_afterwards_it_is_no_rest(self, gap_min):
        (episode,) = fatigue(Track().drive(150).silence(gap_min, 20_000).drive(150).stand(60))
        assert episode["measured"] == 299.75
        assert fatigue(Track().drive(110).silence(gap_min, 20_000).drive(110).stand(60)) == []

    @pytest.mark.parametrize(("metres", "count"), [(499, 0), (501, 1)])
    def test_elsewhere_is_five_hundred_metres(self, metres, count):
        # The last sample before the gap moved on for 15 s.
        track = Track().drive(150).silence(60, metres - 250).drive(150).stand(60)
        assert len(fatigue(track)) == count

    def test_an_unknown_place_proves_nothing(self):
        dark = {"positioned": False, "recorder_speed_kmh": 60.0}
        track = Track().drive(150, **dark).silence(60).drive(150, **dark).stand(60)
        assert len(fatigue(track)) == 1

    @pytest.mark.parametrize(("gap_min", "count"), [(119, 1), (121, 0)])
    def test_a_long_one_elsewhere_is_forgotten(self, gap_min, count):
        track = Track().drive(150).silence(gap_min, 50_000).drive(150).stand(60)
        assert len(fatigue(track)) == count

    def test_nobody_knows_who_drove_on_after_a_forgotten_one(self):
        track = Track().drive(10, driver="A").silence(121, 50_000).drive(250).stand(60)
        assert [row["driver"] for row in fatigue(track)] == [None]

    def test_half_a_minute_of_it_goes_up(self):
        for gap_min, told in ((10.5, 11), (11.5, 12), (12.25, 12)):
            track = Track().drive(150).silence(gap_min - 0.25, 9000).drive(150).stand(60)
            assert f"gap,unknown_min={told}," in fatigue(track)[0]["quality"]

    def test_a_stop_behind_the_end_is_not_inside(self):
        track = Track().drive(250).stand(6).silence(10, 9000).stand(25)
        assert [row["quality"] for row in fatigue(track)] == ["driver_unknown_min=250"]

    @pytest.mark.parametrize(("gap_s", "measured"), [(300, 304.75), (315, 299.75)])
    def test_up_to_five_minutes_are_none(self, gap_s, measured):
        track = Track().drive(150)
        track.now_s += gap_s - 15
        track.east_m += 4000
        (episode,) = fatigue(track.drive(150).stand(60))
        assert episode["measured"] == measured


class TestDriver:
    def run(self, *legs, **changes):
        """Legs of (driver, minutes driven)."""
        track = Track()
        for driver, length_min in legs:
            track.drive(length_min, driver=driver)
        return fatigue(track.stand(60), **changes)

    def test_another_driver_begins_anew(self):
        assert self.run(("A", 150), ("B", 150)) == []
        found = self.run(("A", 250), ("B", 260))
        assert [(row["driver"], row["measured"]) for row in found] == [("A", 249.75), ("B", 260)]

    def test_the_same_card_put_in_again_does_not(self):
        assert len(self.run(("A", 150), ("A", 150))) == 1

    @pytest.mark.parametrize(
        "legs", [(("A", 150), (None, 150)), ((None, 150), ("A", 150)), (("A", 125), ("", 125))]
    )
    def test_unknown_is_nobody_else(self, legs):
        (episode,) = self.run(*legs)
        assert episode["driver"] == "A"

    def test_unknown_throughout(self):
        (episode,) = self.run((None, 250))
        assert episode["driver"] is None

    def test_a_stop_is_nobody_s_only_if_no_card_was_ever_in(self):
        for first, told in (("A", 150), (None, 260)):
            track = Track().drive(100, driver=first).stand(10).silence(0, 150).drive(150).stand(60)
            assert f"driver_unknown_min={told}" in fatigue(track)[0]["quality"].split(",")

    def test_unknown_in_between_does_not_hide_a_change(self):
        assert self.run(("A", 150), (None, 30), ("B", 150)) == []

    def test_a_card_swapped_for_a_moment_is_no_rest(self):
        (episode,) = self.run(("A", 150), ("B", 10), ("A", 150))
        assert (episode["driver"], episode["measured"]) == ("A", 310)

    def test_who_rested_twenty_minutes_begins_anew(self):
        assert self.run(("A", 150), ("B", 20), ("A", 150)) == []

    def test_a_run_taken_up_again_after_it_fired_is_the_same_episode(self):
        track = Track().drive(250, driver="A").drive(10, driver="B").drive(20, driver="A")
        rows = detect(track.stand(60), "fatigue")
        assert [row["revision"] for row in rows] == [0, 1, 2]
        assert len({row["id"] for row in rows}) == 1
        assert [row["measured"] for row in rows] == [240.25, 249.75, 280]

    def test_a_change_during_a_short_stop(self):
        track = Track().drive(150, driver="A").stand(5, driver="A").stand(5, driver="B")
        assert fatigue(track.drive(239, driver="B").stand(60, driver="B")) == []
        track = Track().drive(150, driver="A").stand(5, driver="A").stand(5, driver="B")
        (episode,) = fatigue(track.drive(241, driver="B").stand(60, driver="B"))
        assert episode["start"] == at(160 * 60)
        assert episode["driver"] == "B"

    def test_rest_is_everybodys(self):
        track = Track().drive(150, driver="A").stand(10, driver="A").stand(10, driver="B")
        assert fatigue(track.drive(150, driver="A").stand(60)) == []


def test_parameters_decide():
    track = Track().drive(130).stand(60)
    (episode,) = fatigue(track, max_continuous_min=120.0)
    assert episode["limit"] == 120
    assert fatigue(Track().drive(150).stand(10).drive(150).stand(60), min_rest_min=10.0) == []
