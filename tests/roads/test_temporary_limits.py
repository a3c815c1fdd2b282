"""The file of temporary limits: what is written is read, and half a file is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from sizao.core.errors import ConfigError
from sizao.roads.sections import Piece
from sizao.roads.temporary_limits import TemporaryLimit, encode, load

LIMIT = TemporaryLimit(
    "GZ1", 40.0, 1_000_000, None, "G5", "下行", 120_000.0, 121_000.0, "abc",
    (Piece(3, 0.0, 500.5),), ([(101.7, 26.5), (101.71, 26.5)],),
)  # fmt: skip


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "temporary-limits.geojson"
    assert load(path) == ()
    lifted = TemporaryLimit(**{**vars(LIMIT), "id": "GZ2", "until_us": 9_000_000})
    path.write_bytes(encode([LIMIT, lifted]))
    assert load(path) == (LIMIT, lifted)


def test_it_stands_until_it_is_lifted_however_late() -> None:
    assert [LIMIT.stands(at) for at in (999_999, 1_000_000, 10**15)] == [False, True, True]
    lifted = TemporaryLimit(**{**vars(LIMIT), "until_us": 9_000_000})
    assert [lifted.stands(at) for at in (8_999_999, 9_000_000)] == [True, False]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"limit_kmh":40.0', b'"limit_kmh":"fast"'),
        (b'"limit_kmh":40.0', b'"limit_kmh":NaN'),
        (b'"limit_kmh":40.0', b'"limit_kmh":0'),
        (b"01Z", b"01"),
        (b"[[3,", b"[[3,4,"),
        (b'"geometry"', b'"geometri"'),
    ],
)
def test_a_bad_feature_refuses_the_file(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = tmp_path / "limits.geojson"
    good = encode([LIMIT])
    assert old in good
    path.write_bytes(good.replace(old, new))
    with pytest.raises(ConfigError, match="feature 1"):
        load(path)
