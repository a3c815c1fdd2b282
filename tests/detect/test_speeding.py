"""Speeding, on both sides of every edge of its definition."""

from __future__ import annotations

import itertools

import pytest

from sizao.core.ids import observation_id
from sizao.detect.over_limit import band
from tests.detect.tracks import Track, at, detect, episodes


def speeding(track: Track, **changes):
    return episodes(detect(track, "speeding", **changes))


def burst(seconds: float, every_s: float = 1.0, kmh: float = 100.0) -> Track:
    """Lawful, over for so long from first to last sample over, lawful."""
    return Track(every_s=every_s).leg(60, 70).leg(seconds + every_s, kmh).leg(120, 70)


@pytest.mark.parametrize(("seconds", "count"), [(29, 0), (30, 1), (31, 1)])
def test_minimum_duration_at_one_second(seconds, count):
    assert len(speeding(burst(seconds))) == count


@pytest.mark.parametrize("every_s", [5, 10, 15, 30])
def test_minimum_duration_at_terminal_intervals(every_s):
    assert len(speeding(burst(30, every_s))) == 1
    assert speeding(burst(30 - every_s, every_s)) == []


def test_fires_when_long_enough_and_reports_the_end():
    rows = detect(burst(45), "speeding")
    assert [(row["revision"], row["final"]) for row in rows] == [(0, False), (1, True)]
    first, last = rows
    assert first["id"] == last["id"]
    assert (first["start"], first["end"], first["fired"]) == (at(60), at(90), at(90))
    assert (last["start"], last["end"], last["fired"]) == (at(60), at(105), at(90))
    assert last["received"] == at(91)
    assert (last["measured"], last["limit"], last["measured_unit"]) == (100, 80, "km/h")
    vehicle = "13912345678"
    assert last["evidence"] == [observation_id(vehicle, at(s)) for s in (60, 60, 105)]


@pytest.mark.parametrize(
    ("kmh", "found"), [(80.0, False), (81.0, False), (81.1, True), (84.0, True)]
)
def test_margin_of_the_receiver(kmh, found):
    assert bool(speeding(burst(60, kmh=kmh))) is found


def test_tolerance_is_a_parameter():
    assert speeding(burst(60, kmh=88), tolerance_percent=10.0) == []
    assert speeding(burst(60, kmh=90), tolerance_percent=10.0)


@pytest.mark.parametrize(
    ("kmh", "severity"),
    [
        (87.9, "lt10"),
        (88, "10-20"),
        (95.9, "10-20"),
        (96, "20-50"),
        (119.9, "20-50"),
        (120, "50-70"),
        (135.9, "50-70"),
        (136, "ge70"),
    ],
)
def test_bands_include_their_lower_edge(kmh, severity):
    (episode,) = speeding(burst(60, kmh=kmh))
    assert episode["severity"] == severity
    assert episode["measured"] == kmh


@pytest.mark.parametrize("limit", [20, 30, 40, 44, 50, 60, 64, 70, 90, 100, 120])
def test_bands_are_exact_for_every_limit(limit):
    edges = [0, 10, 20, 50, 70]
    for edge, name in ((10, "10-20"), (20, "20-50"), (50, "50-70"), (70, "ge70")):
        speed = round(limit * (100 + edge) / 100, 3)
        assert band(speed, limit, edges) == name
        assert band(speed - 0.1, limit, edges) != name


def test_two_separate_episodes():
    track = Track().leg(60, 70).leg(90, 100).leg(120, 70).leg(90, 110).leg(60, 70)
    found = speeding(track)
    assert [(row["start"], row["end"], row["measured"]) for row in found] == [
        (at(60), at(135), 100),
        (at(270), at(345), 110),
    ]
    assert len({row["id"] for row in found}) == 2


def test_the_limit_may_change_along_the_way():
    # 100 is over 80 throughout, then over 60: one episode, worst by ratio and not by speed.
    track = Track().leg(60, 100, limit_kmh=80).leg(60, 95, limit_kmh=60).leg(60, 50)
    (episode,) = speeding(track)
    assert (episode["measured"], episode["limit"]) == (95, 60)
    assert (episode["start"], episode["end"]) == (at(0), at(105))


@pytest.mark.parametrize("midnight_s", [57_600.0, 86_400.0])
def test_midnight_does_not_cut_an_episode(midnight_s):
    """24:00 in Shanghai, then at Greenwich: 20 s before it and, from sample to sample, 10 after."""
    track = Track(every_s=5, now_s=midnight_s - 20).leg(31, 100).leg(60, 50)
    (episode,) = speeding(track)
    assert (episode["start"], episode["end"]) == (at(midnight_s - 20), at(midnight_s + 10))


def test_a_higher_limit_ends_it():
    (episode,) = speeding(Track().leg(60, 70).leg(60, 100).leg(90, 100, limit_kmh=120))
    assert episode["end"] == at(105)


def test_ends_after_two_samples_below_that_reach_twenty_seconds():
    near = Track().leg(60, 100).leg(15, 70).leg(60, 100).leg(60, 70)
    (episode,) = speeding(near)
    assert (episode["start"], episode["end"]) == (at(0), at(120))
    far = Track().leg(60, 100).leg(30, 70).leg(60, 100).leg(60, 70)
    assert [row["end"] for row in speeding(far)] == [at(45), at(135)]


def test_flicker_at_one_second_does_not_split_a_fired_episode():
    track = Track(every_s=1).leg(60, 100).leg(18, 79).leg(60, 100).leg(60, 70)
    assert len(speeding(track)) == 1


def test_short_bursts_are_not_joined_before_they_fire():
    track = Track(every_s=1)
    for _ in range(10):
        track.leg(15, 100).leg(5, 70)
    assert speeding(track) == []


def test_a_dropout_does_not_break_an_episode():
    track = Track(every_s=1).leg(20, 100).leg(1, 0).leg(20, 100).leg(60, 70)
    (episode,) = speeding(track)
    assert (episode["start"], episode["end"]) == (at(0), at(40))


@pytest.mark.parametrize("missing", [{"positioned": False}, {"speed_kmh": None}, {"lat": None}])
def test_a_sample_without_fix_or_speed_is_as_if_it_had_not_come(missing):
    track = Track().leg(30, 100).leg(45, 100, **missing).leg(30, 100).leg(60, 70)
    (episode,) = speeding(track)
    assert (episode["start"], episode["end"]) == (at(0), at(90))


@pytest.mark.parametrize("every_s", [1, 10, 30])
def test_spikes_make_no_episode(every_s):
    track = Track(every_s=every_s)
    for _ in range(30):
        track.leg(every_s, 70).leg(every_s, 160)
    assert speeding(track) == []


@pytest.mark.parametrize("recorder", [None, 99.0])
def test_a_spike_does_not_become_the_measured_value(recorder):
    # With the tachograph at hand a smaller jump is seen through.
    spike = 150 if recorder is None else 125
    track = Track().leg(60, 100, recorder_speed_kmh=recorder)
    track.leg(15, spike, recorder_speed_kmh=recorder)
    track.leg(60, 100, recorder_speed_kmh=recorder).leg(60, 70)
    (episode,) = speeding(track)
    assert episode["measured"] == 100
    assert episode["quality"] == ("gps_only" if recorder is None else None)


def test_a_jump_that_the_tachograph_confirms_counts():
    track = Track().leg(60, 100, recorder_speed_kmh=99)
    track.leg(15, 150, recorder_speed_kmh=149).leg(60, 100, recorder_speed_kmh=99).leg(60, 70)
    (episode,) = speeding(track)
    assert (episode["measured"], episode["severity"]) == (150, "ge70")


def test_a_jump_that_lasts_counts_from_its_first_sample():
    track = Track().leg(60, 70).leg(60, 150).leg(60, 70)
    (episode,) = speeding(track)
    assert (episode["start"], episode["end"]) == (at(60), at(105))
    assert episode["measured"] == 150


def test_a_road_matched_wrongly_for_one_sample_makes_no_band():
    # 95 on the expressway, one sample put on the 30 km/h service road beside it.
    track = Track(limit_kmh=80).leg(60, 95).leg(15, 95, limit_kmh=30).leg(60, 95).leg(60, 70)
    (episode,) = speeding(track)
    assert (episode["limit"], episode["severity"]) == (80, "10-20")


def test_a_contradicting_tachograph_is_said_but_does_not_decide():
    (episode,) = speeding(Track().leg(90, 100, recorder_speed_kmh=60).leg(60, 70))
    assert episode["quality"] == "recorder_differs"


@pytest.mark.parametrize(("gap_s", "count"), [(90, 1), (91, 2)])
def test_a_gap_ends_the_episode(gap_s, count):
    track = Track().leg(61, 100)
    track.now_s = 60 + gap_s
    track.leg(61, 100).leg(60, 70)
    times = [(row["time"] - at(0)).total_seconds() for row in track.rows]
    assert max(b - a for a, b in itertools.pairwise(times)) == gap_s
    assert len(speeding(track)) == count


@pytest.mark.parametrize("every_s", [60, 10_000])
@pytest.mark.parametrize(("pause_s", "measured"), [(90, 170), (91, 100), (4300, 100), (8600, 100)])
def test_what_was_seen_before_a_pause_is_forgotten(pause_s, measured, every_s):
    # The memory keeps half of a time, which comes round again after 4 295 s.
    track = Track().leg(15, 70, recorder_speed_kmh=69)
    begin_s = track.now_s - 15
    while track.now_s + every_s < begin_s + pause_s:
        track.now_s += every_s
        track.sample(None)
    track.now_s = begin_s + pause_s
    track.leg(15, 170, recorder_speed_kmh=169).leg(60, 100, recorder_speed_kmh=99).leg(60, 70)
    (episode,) = speeding(track)
    assert episode["measured"] == measured


@pytest.mark.parametrize("max_gap_s", [1999, 2000, 5000])
@pytest.mark.parametrize(("longer_s", "count"), [(0, 1), (1, 2)])
def test_a_rule_may_allow_long_pauses(max_gap_s, longer_s, count):
    track = Track().leg(15, 70).leg(61, 100)
    track.now_s = 75 + max_gap_s + longer_s
    track.leg(61, 100).leg(60, 70)
    assert len(speeding(track, max_gap_s=max_gap_s)) == count


@pytest.mark.parametrize("limit", [float("nan"), 0.0])
def test_without_a_limit_there_is_no_episode(limit):
    assert speeding(Track().leg(300, 150, limit_kmh=limit)) == []


def test_an_open_episode_is_closed_at_the_end_of_a_recording():
    track = Track().leg(300, 100)
    assert [row["final"] for row in detect(track, "speeding", end=False)] == [False]
    (episode,) = speeding(track)
    assert episode["final"]
    assert episode["end"] == at(285)
