"""Rows of an earlier release, read by one whose topics have more columns."""

from __future__ import annotations

import pyarrow as pa
import pytest

from sizao.core.errors import ColumnError
from sizao.core.schemas import PASSAGE, check
from sizao.log.decoding import completed
from tests.detect.judging import passage


def without(*names: str) -> pa.RecordBatch:
    rows = [passage(0, "A", lane=1), passage(60, "B", lane=2)]
    return pa.RecordBatch.from_pylist(rows, schema=PASSAGE).drop_columns(list(names))


def test_columns_that_a_topic_has_got_since_are_nulls() -> None:
    older = without("plate_reliability", "lane")
    now = completed(older, PASSAGE)
    assert check(now, PASSAGE).schema.names == PASSAGE.names
    assert now.column("lane").null_count == now.column("plate_reliability").null_count == 2
    rest = [name for name in PASSAGE.names if name not in ("plate_reliability", "lane")]
    assert now.select(rest).to_pylist() == older.to_pylist()
    with pytest.raises(ColumnError, match="plate_reliability"):
        check(older, PASSAGE)


def test_rows_of_today_are_left_as_they_are() -> None:
    today = without()
    assert completed(today, PASSAGE) is today


@pytest.mark.parametrize(
    "other",
    [
        without("checkpoint"),  # never null
        without("lane").append_column("bay", pa.array([1, 2])),
        without("lane").select(["checkpoint", "passage"]),
    ],
)
def test_other_differences_stay(other: pa.RecordBatch) -> None:
    assert completed(other, PASSAGE) is other
