"""Terminal alarms: rising and falling edges of single bits."""

from __future__ import annotations

import pytest

from tests.detect.tracks import Track, at, detect, episodes

EMERGENCY, OVERSPEED, FATIGUE, GNSS_ANTENNA, COLLISION, ROLLOVER = (
    1 << bit for bit in (0, 1, 2, 5, 29, 30)
)


def words(*alarms: int | None) -> Track:
    """A sample each 15 s with these alarm words."""
    track = Track()
    for alarm in alarms:
        track.leg(15, 60, alarm=alarm)
    return track


@pytest.mark.parametrize(
    ("bit", "name"),
    [
        (EMERGENCY, "emergency"),
        (OVERSPEED, "overspeed"),
        (FATIGUE, "fatigue"),
        (COLLISION, "collision"),
        (ROLLOVER, "rollover"),
    ],
)
def test_an_edge_fires_and_the_fall_ends_it(bit, name):
    first, last = detect(words(0, bit, bit, 0), "terminal_alarm")
    assert first["id"] == last["id"]
    assert [first["severity"], last["severity"]] == [name, name]
    assert (first["revision"], first["start"], first["end"]) == (0, at(15), at(15))
    assert (last["revision"], last["start"], last["end"]) == (1, at(15), at(30))
    assert (first["fired"], last["fired"]) == (at(15), at(15))
    assert (last["measured"], last["limit"], last["measured_unit"]) == (1, 0, "bit")


def test_a_level_is_not_an_edge():
    assert len(detect(words(*[EMERGENCY] * 50), "terminal_alarm", end=False)) == 1


def test_the_first_report_ever_is_an_edge():
    (episode,) = episodes(detect(words(EMERGENCY), "terminal_alarm"))
    assert episode["start"] == at(0)


def test_bits_are_independent():
    rows = detect(words(0, EMERGENCY | COLLISION, COLLISION, 0), "terminal_alarm")
    assert sorted((row["severity"], row["revision"], row["end"]) for row in rows) == [
        ("collision", 0, at(15)),
        ("collision", 1, at(30)),
        ("emergency", 0, at(15)),
        ("emergency", 1, at(15)),
    ]
    assert len({row["id"] for row in rows}) == 2


def test_other_bits_and_no_word_are_no_alarm():
    assert detect(words(0, GNSS_ANTENNA, None, 1 << 31), "terminal_alarm") == []


def test_each_press_is_an_episode():
    found = episodes(detect(words(EMERGENCY, 0, EMERGENCY, None), "terminal_alarm"))
    assert [(row["start"], row["end"]) for row in found] == [(at(0), at(0)), (at(30), at(30))]


def test_an_alarm_without_a_fix_is_an_alarm_all_the_same():
    track = Track().leg(15, 60).leg(15, 60, alarm=ROLLOVER, positioned=False)
    (episode,) = episodes(detect(track, "terminal_alarm"))
    assert (episode["severity"], episode["lat"]) == ("rollover", None)


def test_bits_are_parameters():
    found = detect(words(0, GNSS_ANTENNA), "terminal_alarm", bits={"antenna": 5})
    assert {row["severity"] for row in found} == {"antenna"}
