"""docs/reference/decision-table.md says what the newest table in the package says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sizao.warn.conditions import CONDITIONS, AtLeast, Below, Condition, Hours, OneOf
from sizao.warn.table import Row, load

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "decision-table.md"
NEWEST = load(date.max)


def line(row: Row) -> str:
    conditions = "; ".join(_words(one) for one in row.conditions) or "anything else"
    return (
        f"| `{row.id}` | {conditions} | {row.level.code} {row.level.zh} "
        f"| {row.command_level.code} {row.command_level.zh} | {row.merge_s / 60:g} |"
    )


def _words(condition: Condition) -> str:
    match condition:
        case OneOf(name, codes):
            return f"{name}: {', '.join(sorted(codes))}"
        case Hours(start, stop):
            return f"hours: {start}–{stop}"
        case AtLeast(name, bound) | Below(name, bound):
            return f"{name}: {bound:g}"
    raise AssertionError(condition)


def test_the_page_has_the_rows_in_their_order() -> None:
    rows = [line(row) for row in NEWEST.rows]
    shown = [text for text in PAGE.read_text(encoding="utf-8").splitlines() if text[:3] == "| `"]
    assert shown == rows, "docs/reference/decision-table.md needs:\n" + "\n".join(rows)


def test_the_page_names_the_day() -> None:
    assert f"{NEWEST.start.isoformat()}.yaml" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_how_to_has_every_condition(name: str) -> None:
    page = ROOT / "docs" / "how-to" / "change-the-decision-table.md"
    assert f"| `{name}` |" in page.read_text(encoding="utf-8")
