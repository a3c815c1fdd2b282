"""Fields read what devices really send, and never raise."""

from __future__ import annotations

import doctest
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.feeds import forms, plates
from sizao.feeds.forms import Field, Form

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**400, max_value=10**401)
    | st.floats()
    | st.text()
    | st.sampled_from(["\ud800", "1e999", "NaN", "0x10", "１２", "20260230000000", "9" * 5000]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
"""Any data a JSON text can hold, the nasty ones often."""

KINDS = ("text", "number", "integer", "flag", "time", "numbers")


@pytest.mark.parametrize("module", [forms, plates])
def test_the_examples_hold(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


@settings(deadline=None)
@given(value=JSON, kind=st.sampled_from(KINDS))
def test_any_value_is_read_or_named(value: Any, kind: str) -> None:
    form = Form((Field("x", kind, low=-1e6, high=1e6),))
    values, problems = form.read({"x": value})
    assert len(problems) <= 1
    if problems:
        assert values["x"] is None
        problems[0].detail.encode()
        assert len(problems[0].detail) < 300
    elif isinstance(values["x"], float):
        assert math.isfinite(values["x"])
    elif isinstance(values["x"], str):
        values["x"].encode()


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("20260921221320", 1_790_000_000),
        ("20260921221320250", 1_790_000_000.25),
        ("2026-09-21 22:13:20", 1_790_000_000),
        ("2026/09/21 22:13:20", 1_790_000_000),
        ("2026-09-21T14:13:20Z", 1_790_000_000),
        ("2026-09-21T16:13:20+02:00", 1_790_000_000),
        (1_790_000_000, 1_790_000_000),
        (1_790_000_000_250, 1_790_000_000.25),
        ("1790000000", 1_790_000_000),
        (20260921221320, 1_790_000_000),
    ],
)
def test_times_in_the_spellings_devices_use(sent: Any, seconds: float) -> None:
    assert forms.time_us(sent) == round(seconds * 1e6)


@pytest.mark.parametrize("sent", ["20260230000000", "", "x", "99991399", "2026-09-21 25:00", True])
def test_times_that_do_not_exist(sent: Any) -> None:
    with pytest.raises(ValueError):
        forms.time_us(sent)


def test_headings_missing_marks_and_words() -> None:
    form = Form(
        (
            Field("rain", "number", missing=frozenset({999_999.0}), headings=("雨量",)),
            Field("state", "text", words={"dry": "dry", "干燥": "dry"}),
            Field("station", "text", required=True),
        )
    )
    values, problems = form.read({"雨量": "999999", "state": "干燥", "else": 1})
    assert values == {"rain": None, "state": "dry", "station": None}
    assert [problem.reason for problem in problems] == ["missing_field"]
    assert form.spoilt(values, problems)
