"""docs/reference/place-table.md says what the newest tables of the provinces say."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sizao.warn.table import load, place_folder
from tests.warn.test_decision_table_page import line

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "place-table.md"


@pytest.mark.parametrize("province", ["", "64", "32"])
def test_the_page_has_every_row_of_every_province(province: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    name = f"({province})" if province else "National"
    (part,) = [one for one in text.split("## ") if name in one.splitlines()[0]]
    shown = [one for one in part.splitlines() if one.startswith("| `")]
    table = load(date.max, place_folder(province))
    assert len(shown) == len(table.rows)
    for row, said in zip(table.rows, shown, strict=True):
        assert said.startswith(f"{line(row)} {row.gather_m:g} |"), said
        assert (f"`{row.control.rule}`" in said) if row.control else said.endswith("| – |")
