"""MotorVehicle objects as devices send them, to rows; constructed after public implementations."""

from __future__ import annotations

import doctest
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.core.schemas import PASSAGE
from sizao.feeds.forms import Problem
from sizao.feeds.gat1400 import colours, messages, status
from sizao.feeds.gat1400.encode import motor_vehicle, motor_vehicles, picture
from sizao.feeds.gat1400.messages import unwrap
from sizao.feeds.gat1400.passages import FORM, read_passage
from sizao.feeds.jt808.positions import rows_to_batch
from sizao.feeds.taken import Taken, as_tuple
from tests.feeds.test_forms import JSON

NOW_US = 1_790_000_000_000_000
GOLDEN = Path(__file__).parent / "golden"
GOOD: dict[str, Any] = {"MotorVehicleID": "M1", "DeviceID": "D1", "PassTime": "20260921213000"}


def read(sent: Any) -> Taken:
    return read_passage(sent, source="gat1400:D9", device="D9", received_us=NOW_US)


def golden(name: str) -> Taken:
    (sent,) = unwrap(json.loads((GOLDEN / name).read_text(encoding="utf-8")), "MotorVehicle")
    return read(sent)


@pytest.mark.parametrize("module", [messages, status])
def test_the_examples_hold(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


def test_an_object_in_the_standards_spelling() -> None:
    taken = golden("list_object.json")
    assert taken.problems == []
    row = taken.row
    assert row is not None
    assert (row["checkpoint"], row["tollgate"]) == ("51040001001190000001", "51040001001210000001")
    assert row["time"] == 1_789_997_400_000_000
    assert (row["plate"], row["plate_colour"], row["plate_class"]) == ("川DI0001", 2, "01")
    assert (row["lane"], row["direction"], row["speed_kmh"]) == (2, "3", 61.5)
    assert (row["vehicle_class"], row["vehicle_colour"], row["vehicle_brand"]) == ("H11", "5", "12")
    assert row["picture_urls"] == ["http://10.0.0.8/pic/1.jpg"]
    (image,) = taken.images
    assert (image.format, image.name, image.time_us) == ("jpg", "I1", row["time"])


@pytest.mark.parametrize(
    ("sent", "kept", "problems"),
    [
        ("96", 96.0, []),
        (96, 96.0, []),
        (100, 100.0, []),
        (0.0, None, []),  # what senders have who do not measure it
        ("", None, []),
        ("101", None, ["impossible_value"]),
        ("high", None, ["bad_value"]),
    ],
)
def test_how_sure_a_camera_is_of_a_plate(
    sent: Any, kept: float | None, problems: list[str]
) -> None:
    taken = read({**GOOD, "PlateNo": "川DI0001", "PlateReliability": sent})
    assert taken.row is not None
    assert taken.row["plate_reliability"] == kept
    assert [problem.reason for problem in taken.problems] == problems


def test_of_no_plate_no_camera_is_sure() -> None:
    taken = read({**GOOD, "PlateNo": "川DI0001", "HasPlate": "0", "PlateReliability": "96"})
    assert taken.row is not None
    assert (taken.row["plate"], taken.row["plate_reliability"]) == (None, None)


def test_the_other_spelling_with_strings_for_everything() -> None:
    row = golden("object_list_of_strings.json").row
    assert row is not None
    assert row["checkpoint"] == "D9", "the sender, where the object names no device"
    assert (row["plate"], row["plate_colour"]) == ("川DI0002", 1)
    assert (row["lane"], row["direction"], row["speed_kmh"]) == (2, "3", 61.0)


@pytest.mark.parametrize(
    ("sent", "code"),
    [("5", 1), ("6", 2), ("1", 3), ("2", 4), ("9", 5), ("4", 9), ("99", 9), (5, 1), ("蓝", 1)],
)
def test_plate_colours_are_converted(sent: Any, code: int) -> None:
    row = read(GOOD | {"PlateNo": "川DI0001", "PlateColor": sent}).row
    assert row is not None
    assert row["plate_colour"] == code


def test_conversion_of_colours_is_its_own_inverse() -> None:
    for code, sent in colours.TO_GAT1400.items():
        assert colours.PLATE_COLOURS[sent] == code


@pytest.mark.parametrize("sent", ["无牌", "车牌", "", None, "00000000"])
def test_no_plate_is_null(sent: Any) -> None:
    row = read(GOOD | {"PlateNo": sent}).row
    assert row is not None
    assert row["plate"] is None


@pytest.mark.parametrize("sent", ["0", 0, False, "false"])
def test_has_plate_says_no(sent: Any) -> None:
    row = read(GOOD | {"PlateNo": "川DI0001", "PlateColor": "5", "HasPlate": sent}).row
    assert row is not None
    assert (row["plate"], row["plate_colour"]) == (None, None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"PassTime": "20260230213000"}, "missing_field"),
        ({"PassTime": None}, "missing_field"),
        ({"PassTime": "20270101000000"}, "future_time"),
        ({"PassTime": "19700101080000"}, "bad_time"),
    ],
)
def test_without_a_time_there_is_no_passage(changes: dict[str, Any], reason: str) -> None:
    taken = read(GOOD | changes)
    assert taken.refused
    assert taken.problems[0].reason == reason
    assert json.loads(taken.raw)["MotorVehicleID"] == "M1"


def test_a_value_that_cannot_be_is_left_out_and_told() -> None:
    changes = {"Speed": 900, "LaneNo": "x", "PlateColor": "77", "SubImageList": [{"Data": "%"}]}
    taken = read(GOOD | changes)
    assert taken.row is not None
    assert (taken.row["speed_kmh"], taken.row["lane"], taken.row["plate_colour"]) == (None,) * 3
    assert len(taken.problems) == 4


def test_what_we_send_reads_back() -> None:
    before = golden("list_object.json").row
    assert before is not None
    info = picture(b"\xff\xd8\xff and so on", "I1", "D1", before["time"])
    message = json.loads(json.dumps(motor_vehicles([motor_vehicle(before, [info])])))
    (sent,) = unwrap(message, "MotorVehicle")
    after = read(sent)
    assert after.row == before
    assert after.images[0].data == b"\xff\xd8\xff and so on"


@settings(deadline=None)
@given(
    sent=JSON
    | st.dictionaries(
        st.sampled_from(
            [*(field.name for field in FORM.fields), "SubImageList", "StorageUrl1", "x"]
        ),
        JSON
        | st.fixed_dictionaries({"SubImageInfoObject": JSON})
        | st.lists(st.fixed_dictionaries({"Data": JSON, "StoragePath": JSON}), max_size=3),
    ).map(lambda some: GOOD | some)
)
def test_any_json_is_a_row_or_a_reason(sent: Any) -> None:
    taken = read(sent)
    taken.why().encode()
    taken.id.encode()
    if taken.row is None:
        assert taken.problems
        assert taken.raw
    else:
        batch = rows_to_batch([as_tuple(taken.row, PASSAGE)], PASSAGE)
        json.dumps(motor_vehicle(batch.to_pylist()[0])).encode()


@settings(deadline=None)
@given(sent=JSON, inner=JSON)
def test_any_json_unwraps_or_says_why(sent: Any, inner: Any) -> None:
    for message in (
        sent,
        {"MotorVehicleListObject": inner},
        {"MotorVehicleObjectList": {"MotorVehicleObject": inner}},
    ):
        found = unwrap(message, "MotorVehicle")
        assert isinstance(found, list | Problem)
        messages.device_id(message, "MotorVehicleListObject")
        status.codes(message)
