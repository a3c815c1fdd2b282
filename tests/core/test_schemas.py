"""Records: every field says its unit and meaning; a wrong batch is refused by name."""

from __future__ import annotations

import pyarrow as pa
import pytest

from sizao.core.errors import ColumnError
from sizao.core.schemas import CRASH, LIVE, POSITION, REGISTER, TOPICS, check, empty


@pytest.mark.parametrize("schema", [*TOPICS.values(), CRASH, REGISTER, LIVE])
def test_every_field_is_documented(schema: pa.Schema) -> None:
    for field in schema:
        assert field.metadata[b"doc"], field.name
        assert b"unit" in field.metadata


def test_the_empty_batch_passes() -> None:
    assert check(empty(POSITION), POSITION).num_rows == 0


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ColumnError, match="heading_deg"):
        check(empty(POSITION).drop_columns(["heading_deg"]), POSITION)


def test_a_wrong_type_is_named() -> None:
    index = POSITION.get_field_index("lat")
    wrong = POSITION.set(index, pa.field("lat", pa.float32()))
    with pytest.raises(ColumnError, match="lat"):
        check(empty(wrong), POSITION)


def test_a_column_too_many_is_named() -> None:
    wide = POSITION.append(pa.field("mood", pa.string()))
    with pytest.raises(ColumnError, match="mood"):
        check(empty(wide), POSITION)
