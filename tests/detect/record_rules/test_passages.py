"""Rules over passages: one plate in two places, and plates that are looked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from sizao.core.schemas import PASSAGE
from sizao.detect import records, registry
from sizao.detect.records import Facts, RecordContext, RecordState

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
START_US = int(START.timestamp() * 1e6)
# One degree of latitude at 26.5 N is 110.78 km: B lies 55.39 km north of A, C 1.66 km.
PLACES = {
    "A": {"lat": 26.5, "lon": 101.7, "road": "G5", "stake_m": 1000.0},
    "B": {"lat": 27.0, "lon": 101.7},
    "C": {"lat": 26.515, "lon": 101.7},
    "nowhere": {},
}


def passage(minutes: float, checkpoint: str, **values: Any) -> dict[str, Any]:
    time = START + timedelta(minutes=minutes)
    return {
        "passage": f"{checkpoint}{minutes}",
        "checkpoint": checkpoint,
        "time": time,
        "received": time + timedelta(seconds=1),
        "plate": "川DI0001",
        "plate_colour": 2,
        **values,
    }


def judge(rule: str, *rows: dict[str, Any], hot: tuple[Any, ...] = (), cut: int = 0) -> list[Any]:
    context = RecordContext.build(
        registry.RECORD_RULES, Facts(places=PLACES, hot_list=hot), only=frozenset({rule})
    )
    state, found = RecordState(), []
    rows = tuple(sorted(rows, key=lambda row: row["received"]))
    for piece in (rows[:cut], rows[cut:]):
        batch = pa.RecordBatch.from_pylist(list(piece), schema=PASSAGE)
        detections, state = records.step("passages", batch, state, context)
        state = RecordState.from_bytes(state.to_bytes())
        found += detections.to_pylist()
    detections, _ = records.release(None, state, context)
    return found + detections.to_pylist()


DOUBT = (passage(-500, "A"), passage(-495, "B"))
"""A first contradiction, some hours before."""


def test_a_plate_that_would_have_flown():
    # 55.39 km in 16 min and the clocks' half minute: 201.4 km/h. In 16.5 min: 195.5.
    (found,) = judge("cloned_plate", *DOUBT, passage(0, "A"), passage(16, "B"))
    assert found["measured"] == pytest.approx(201.4, abs=0.2)
    assert (found["limit"], found["severity"]) == (200, "impossible")
    named = [f"passages:{one['passage']}" for one in DOUBT]
    assert found["evidence"] == [*named, "passages:A0", "passages:B16"]
    assert (found["start"], found["end"]) == (START, START + timedelta(minutes=16))
    assert found["vehicle"] == "plate:2:川DI0001"
    assert judge("cloned_plate", *DOUBT, passage(0, "A"), passage(16.5, "B")) == []


def test_one_plate_read_wrongly_is_no_clone():
    """It contradicts the passage before and the one after, and no other."""
    wrong = [passage(0, "A"), passage(5, "B"), passage(10, "A")]
    assert judge("cloned_plate", *wrong) == []
    assert len(judge("cloned_plate", *wrong, passage(15, "B"))) == 1


@pytest.mark.parametrize(("minutes", "fires"), [(1440, True), (1441, False)])
def test_a_contradiction_stands_for_a_day(minutes, fires):
    rows = [passage(0, "A"), passage(5, "B"), passage(minutes, "A"), passage(minutes + 5, "B")]
    assert bool(judge("cloned_plate", *rows)) == fires


def test_near_checkpoints_prove_nothing():
    """Two cameras 1.66 km apart and a clock a minute wrong look the same."""
    assert judge("cloned_plate", *DOUBT, passage(0, "A"), passage(0, "C")) == []
    assert judge("cloned_plate", *DOUBT, passage(0, "A"), passage(0.1, "A")) == []


@pytest.mark.parametrize("values", [{"plate": None}, {"plate": "川DI0002"}, {"plate_colour": 1}])
def test_another_plate_is_another_vehicle(values):
    assert judge("cloned_plate", *DOUBT, passage(0, "A"), passage(5, "B", **values)) == []


def test_a_checkpoint_nobody_placed_is_left_out():
    assert judge("cloned_plate", *DOUBT, passage(0, "nowhere"), passage(5, "B")) == []


def test_it_is_said_once_a_day():
    rows = [
        passage(hour * 60 + minute, place)
        for hour in (0, 1, 2, 23)
        for minute, place in ((0, "A"), (5, "B"))
    ]
    assert len(judge("cloned_plate", *rows)) == 1
    again = [passage(25.5 * 60, "A"), passage(25.5 * 60 + 5, "B")]
    assert len(judge("cloned_plate", *rows, *again)) == 2


def test_a_straggler_is_seen_in_its_place_and_cuts_do_not_matter():
    first = passage(0, "A", received=START + timedelta(minutes=6))
    rows = [*DOUBT, first, passage(5, "B")]
    whole = judge("cloned_plate", *rows)
    assert len(whole) == 1
    assert whole[0]["start"] == START
    for cut in range(5):
        assert judge("cloned_plate", *rows, cut=cut) == whole


def entry(plate: str = "川D80L01", **values: Any) -> dict[str, Any]:
    until = START_US + 3_600_000_000
    return {
        "entry": "H1",
        "plate": plate,
        "plate_colour": 2,
        "from": START_US,
        "until": until,
        **values,
    }


@pytest.mark.parametrize(
    ("read", "severity"),
    [
        ("川D80L01", "exact"),
        ("川DB0L01", "probable"),
        ("川D8OL01", "probable"),
        ("川D80L0I", "probable"),
        ("川DBOL01", None),  # two characters: chance
        ("川D80L02", None),  # not one that cameras confuse
        ("渝D80L01", None),
        ("川D80L0", None),
    ],
)
def test_exact_and_probable(read, severity):
    found = judge("hot_list", passage(1, "A", plate=read), hot=(entry(),))
    assert [row["severity"] for row in found] == ([severity] if severity else [])
    if found:
        assert found[0]["evidence"] == ["passages:A1", "hot_list:H1"]
        assert found[0]["measured"] == (severity == "probable")
        assert (found[0]["road"], found[0]["stake_m"]) == ("G5", 1000)


def test_an_entry_is_in_force_from_its_first_to_before_its_last_moment():
    plate = {"plate": "川D80L01"}
    at = [passage(minutes, "A", **plate) for minutes in (-0.001, 0, 59.999, 60)]
    assert [len(judge("hot_list", row, hot=(entry(),))) for row in at] == [0, 1, 1, 0]


def test_a_known_other_colour_is_another_plate():
    read = {"plate": "川D80L01"}
    assert judge("hot_list", passage(1, "A", **read, plate_colour=1), hot=(entry(),)) == []
    assert judge("hot_list", passage(1, "A", **read, plate_colour=None), hot=(entry(),)) != []
    assert judge("hot_list", passage(1, "A", **read), hot=(entry(plate_colour=None),)) != []


def test_what_does_not_match_leaves_nothing_behind():
    context = RecordContext.build(
        registry.RECORD_RULES, Facts(hot_list=(entry(),)), only=frozenset({"hot_list"})
    )
    batch = pa.RecordBatch.from_pylist([passage(1, "A")], schema=PASSAGE)
    _, state = records.step("passages", batch, RecordState(), context)
    assert "川DI0001" not in state.to_bytes().decode()
