"""Roadside checks as posts send them, to rows; and nobody's name to anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.core.schemas import ROADSIDE_CHECK
from sizao.feeds.jt808.positions import rows_to_batch
from sizao.feeds.roadside.form import FORM
from sizao.feeds.roadside.record import read_check
from sizao.feeds.taken import as_tuple
from tests.feeds.test_forms import JSON

NOW_US = 1_790_000_000_000_000
GOOD: dict[str, Any] = {
    "检查编号": "JC1",
    "检查时间": "2026-09-21 21:30:00",
    "车牌号": "川D-I0001",
    "车牌颜色": "黄",
    "呼气结果": "92",
    "检测仪编号": "HX-1",
    "检定日期": "2026/05/01",
    "血检": "已抽血",
    "驾驶人姓名": "张某某",
}


def read(**changes: Any) -> Any:
    sent = {key: value for key, value in (GOOD | changes).items() if value is not None}
    return read_check(sent, source="check:a", station="a", received_us=NOW_US, raw=b"raw,row")


def test_strings_headings_and_words():
    row = read().row
    assert (row["check"], row["station"], row["how"]) == ("JC1", "a", "officer")
    assert (row["plate"], row["plate_colour"], row["breath_mg_100ml"]) == ("川DI0001", 2, 92)
    assert (row["calibrated"], row["blood"], row["quality"]) == ("2026-05-01", "pending", None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"呼气结果": "a lot"}, "bad_value"),
        ({"呼气结果": 701}, "impossible_value"),
        ({"呼气结果": -1}, "impossible_value"),
        ({"呼气结果": None}, "missing_field"),
        ({"实载人数": 301}, "impossible_value"),
        ({"拒检": "maybe"}, "bad_value"),
        ({"检查时间": None}, "missing_field"),
        ({"检查时间": "2026-02-30 10:00:00"}, "bad_value"),
        ({"检查时间": "2031-01-01 00:00:00"}, "future_time"),
    ],
)
def test_what_is_refused_and_why(changes, reason):
    taken = read(**changes)
    assert taken.refused
    assert taken.problems[0].reason == reason


@pytest.mark.parametrize("says", [{"拒检": "是"}, {"实载人数": 5}, {"血检结果": 12.5}])
def test_one_thing_found_is_enough(says):
    assert not read(呼气结果=None, **says).refused


def test_no_name_enters_the_log_even_by_quarantine():
    for taken in (read(呼气结果="x"), read(检定日期="x")):
        assert taken.problems
        text = str(taken.row) + taken.raw.decode("unicode_escape")
        assert "检测仪编号" in text or "HX-1" in text
        assert "张某某" not in text
        assert "姓名" not in text


@pytest.mark.parametrize(
    ("changes", "quality"),
    [
        ({"拒检": 1}, "refused_and_blown"),
        ({"血检结果": 80}, "blood_contradicts"),
        ({"实载人数": 3, "免票儿童": 4}, "children_exceed_persons"),
        ({"实载人数": 3, "免票儿童": 3}, None),
    ],
)
def test_contradictions_are_marked(changes, quality):
    assert read(**changes).row["quality"] == quality


@settings(deadline=None)
@given(
    sent=JSON
    | st.dictionaries(
        st.sampled_from([field.name for field in FORM.fields] + ["x"]),
        JSON | st.sampled_from(list(GOOD.values())),
    ).map(lambda some: GOOD | some)
)
def test_any_json_is_a_row_or_a_reason(sent):
    taken = read_check(sent, source="check:a", station="a", received_us=NOW_US)
    if taken.refused:
        assert taken.problems
        assert taken.raw
    else:
        rows_to_batch([as_tuple(taken.row, ROADSIDE_CHECK)], ROADSIDE_CHECK)  # type: ignore[arg-type]  # there is a row
