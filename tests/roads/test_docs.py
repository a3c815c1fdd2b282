"""The reference page says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from sizao.core.places import ROAD_CLASS_CODES
from sizao.core.vehicles import KIND_CODES
from sizao.roads.features import PROPERTIES
from sizao.roads.limits import limit_kmh
from sizao.roads.matching import STATE_DTYPE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "road-network.md"
TEXT = PAGE.read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """Rows of the first table after a heading, without its head."""
    after = TEXT.split(heading, 1)[1]
    rows = re.findall(r"^\|(.*)\|$", after.split("\n## ", 1)[0], re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in rows[2:]]


def test_every_property_is_documented():
    names = [row[0].strip("`") for row in table("## Properties")]
    assert sorted(names) == sorted(PROPERTIES)


def test_the_table_of_defaults_is_what_is_applied():
    seen = set()
    for names, one, many in table("## The limit in force"):
        for name in re.sub(r"\(.*\)", "", names).split(","):
            code = ROAD_CLASS_CODES[name.strip().replace(" ", "_")]
            seen.add(code)
            found, _ = limit_kmh(
                np.array([code, code]),
                np.full(2, KIND_CODES["other"]),
                np.full(2, np.nan, np.float32),
                np.array([0, 2]),
            )
            assert found.tolist() == [float(one), float(many)], name
    assert seen == set(ROAD_CLASS_CODES.values())


def test_size_of_the_state():
    assert f"{STATE_DTYPE.itemsize} bytes" in TEXT
