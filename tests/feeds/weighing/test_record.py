"""Weighings as stations send them, to rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.core.schemas import WEIGHING
from sizao.feeds.jt808.positions import rows_to_batch
from sizao.feeds.taken import as_tuple
from sizao.feeds.weighing.form import FORM
from sizao.feeds.weighing.record import read_weighing
from tests.feeds.test_forms import JSON

NOW_US = 1_790_000_000_000_000
GOOD: dict[str, Any] = {
    "time": "2026-09-21 21:30:00",
    "gross_kg": "18000",
    "axle_loads_kg": "6000;12000",
    "车牌号": "川D-I0001",
    "车牌颜色": "2",
    "检测方式": "静态",
    "combination": "否",
}


def read(**changes: Any) -> Any:
    sent = {key: value for key, value in (GOOD | changes).items() if value is not None}
    return read_weighing(sent, source="weigh:a", station="a", received_us=NOW_US)


def test_strings_headings_and_words() -> None:
    row = read().row
    assert (row["gross_kg"], row["axle_loads_kg"], row["axles"]) == (18_000, [6_000, 12_000], 2)
    assert (row["plate"], row["plate_colour"], row["method"]) == ("川DI0001", 2, "static")
    assert row["combination"] is False
    assert row["quality"] is None


@pytest.mark.parametrize(
    ("changes", "quality", "gross_kg"),
    [
        ({"gross_kg": 18_900}, None, 18_900),
        ({"gross_kg": 19_000}, "sum_differs", 19_000),
        ({"axles": 3}, "axles_differ", 18_000),
        ({"gross_kg": None}, "gross_from_axles", 18_000),
        ({"axle_loads_kg": None}, None, 18_000),
    ],
)
def test_masses_are_kept_as_sent_and_contradictions_marked(
    changes: dict[str, Any], quality: str | None, gross_kg: float
) -> None:
    row = read(**changes).row
    assert (row["quality"], row["gross_kg"]) == (quality, gross_kg)


@pytest.mark.parametrize(
    ("changes", "reason", "word"),
    [
        ({"gross_kg": 0}, "impossible_value", "gross_kg"),
        ({"gross_kg": 1e9}, "impossible_value", "gross_kg"),
        ({"gross_kg": float("nan")}, "bad_value", "gross_kg"),
        ({"axle_loads_kg": [6_000, -1]}, "impossible_value", "axle_loads_kg"),
        ({"axle_loads_kg": [6_000] * 33}, "impossible_value", "33 axles"),
        ({"axles": 1}, "impossible_value", "axles"),
        ({"time": None}, "missing_field", "time"),
        ({"time": "1999-01-01"}, "bad_time", "2000"),
        ({"time": "2027-01-01"}, "future_time", "ahead"),
        ({"gross_kg": None, "axle_loads_kg": None}, "missing_field", "gross_kg"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    changes: dict[str, Any], reason: str, word: str
) -> None:
    taken = read(**changes)
    assert taken.refused
    assert taken.problems[0].reason == reason
    assert word in taken.why()
    assert taken.raw


def test_a_wrong_value_beside_the_masses_is_left_out() -> None:
    taken = read(speed_kmh=999, lane="x", images=["not base64!"])
    assert not taken.refused
    assert (taken.row["speed_kmh"], taken.row["lane"], taken.images) == (None, None, [])
    reasons = {one.reason for one in taken.problems}
    assert reasons == {"bad_image", "impossible_value", "bad_value"}


def test_without_an_identifier_the_content_names_it() -> None:
    assert read().row["weighing"] == read().row["weighing"]
    assert read().key != read(gross_kg=18_001).key
    assert read(id="W1").row["weighing"] == "W1"


@settings(deadline=None)
@given(
    sent=JSON
    | st.dictionaries(
        st.sampled_from([field.name for field in FORM.fields] + ["images", "x"]),
        JSON | st.sampled_from(list(GOOD.values())),
    ).map(lambda some: GOOD | some)
)
def test_any_json_is_a_row_or_a_reason(sent: Any) -> None:
    taken = read_weighing(sent, source="weigh:a", station="a", received_us=NOW_US)
    if taken.refused:
        assert taken.problems
        assert taken.raw
    else:
        rows_to_batch([as_tuple(taken.row, WEIGHING)], WEIGHING)  # type: ignore[arg-type]  # there is a row
