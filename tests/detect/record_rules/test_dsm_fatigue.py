"""Alarms of driver cameras as episodes: by hand at each edge, and against a plain reading."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detect.judging import START, judge


def alarm(second: float, level: int = 1, **values: Any) -> dict[str, Any]:
    time = START + timedelta(seconds=second)
    return {
        "vehicle": "10001",
        "time": time,
        "received": time + timedelta(seconds=2),
        "kind": "dsm.fatigue",
        "level": level,
        "state": 0,
        "speed_kmh": 60.0,
        "lat": 26.5,
        "lon": 101.7,
        "alarm_key": f"k{second:g}",
        **values,
    }


LATER = alarm(7200, vehicle="10009", kind="adas.too_close")
"""Another vehicle's alarm of another kind, which lets time go on."""


def brief(*rows: dict[str, Any], **more: Any) -> list[tuple[str, int, float]]:
    found = judge("dsm_fatigue", *rows, LATER, **more)
    return [(row["severity"], row["revision"], row["measured"]) for row in found]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([0, 60], []),
        ([0, 60, 120], [("dsm_level_1", 0, 3), ("dsm_level_1", 1, 3)]),
        ([0, 600, 1200], [("dsm_level_1", 0, 3), ("dsm_level_1", 1, 3)]),
        ([0, 600, 1201], []),
        ([0, 60, 120, 180], [("dsm_level_1", 0, 3), ("dsm_level_1", 1, 4)]),
    ],
)
def test_three_of_level_one_within_the_gap(seconds, expected):
    assert brief(*[alarm(second) for second in seconds]) == expected


def test_one_of_level_two_is_enough_and_stays_the_severity():
    rows = [alarm(0, 2), alarm(60)]
    assert brief(*rows) == [("dsm_level_2", 0, 1), ("dsm_level_2", 1, 2)]
    first, last = judge("dsm_fatigue", *rows, LATER)
    assert (first["start"], last["end"]) == (START, START + timedelta(seconds=60))
    assert last["evidence"] == [f"device_alarms:10001:{key}" for key in ("k0", "k0", "k60")]
    assert (first["final"], last["final"], first["driver"]) == (False, True, None)


@pytest.mark.parametrize(
    "values", [{"kind": "dsm.phone"}, {"speed_kmh": 4.0}, {"vehicle": "10002"}]
)
def test_what_does_not_count(values):
    assert brief(alarm(0), alarm(60), alarm(120, **values)) == []
    assert brief(alarm(0), alarm(60), alarm(120, speed_kmh=None)) != []


def test_a_start_and_its_end_are_one_alarm_however_often_sent():
    pair = [alarm(0, state=1, alarm_key="a"), alarm(50, state=2, alarm_key="a")]
    assert brief(*pair, *pair, alarm(60)) == []
    assert brief(*pair, alarm(60), alarm(70))[0] == ("dsm_level_1", 0, 3)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_as_a_plain_reading_however_delayed_and_cut(data):
    seconds = data.draw(st.lists(st.integers(0, 3600), unique=True, max_size=12))
    rows = []
    for second in seconds:
        late = timedelta(seconds=second + data.draw(st.integers(1, 59)))
        rows.append(alarm(second, data.draw(st.sampled_from([1, 1, 2])), received=START + late))
    episodes: list[list[dict[str, Any]]] = []
    for row in sorted(rows, key=lambda row: row["time"]):
        if episodes and row["time"] - episodes[-1][-1]["time"] <= timedelta(minutes=10):
            episodes[-1].append(row)
        else:
            episodes.append([row])
    expected = [
        (one[0]["time"], one[-1]["time"], len(one))
        for one in episodes
        if len(one) >= 3 or any(row["level"] == 2 for row in one)
    ]
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=4))
    found = judge("dsm_fatigue", *rows, LATER, cuts=cuts)
    final = [row for row in found if row["final"]]
    assert [(row["start"], row["end"], row["measured"]) for row in final] == expected
