"""A class is drawn by one style sheet: all of them come to every page, and the last one wins."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

SHEETS = Path(__file__).parents[3] / "frontend" / "src" / "css"

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_COMMA = re.compile(r",(?![^(]*\))")
_RULE = re.compile(r"[^{}]+\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")


def drawn_twice(sheets: Mapping[str, str]) -> dict[str, set[str]]:
    """Selectors of classes outside media queries that several sheets have, and those sheets."""
    owners = defaultdict(set)
    for name, text in sheets.items():
        for rule in _RULE.findall(_COMMENT.sub("", text)):
            for selector in _COMMA.split(rule.partition("{")[0]):
                if selector.strip().startswith("."):
                    owners[" ".join(selector.split())].add(name)
    return {selector: names for selector, names in owners.items() if len(names) > 1}


def test_no_class_has_two_sheets() -> None:
    sheets = {path.name: path.read_text() for path in SHEETS.glob("*.css")}
    assert len(sheets) > 10
    assert drawn_twice(sheets) == {}


def test_a_class_with_two_sheets_is_found() -> None:
    own = "@media print { .a { color: red; } } .b, .c { gap: 0; }"
    assert drawn_twice({"one": own, "two": ".a { gap: 1px; } .c { gap: 1px; }"}) == {
        ".c": {"one", "two"}
    }


def test_choices_in_a_form_stand_in_columns() -> None:
    """The columns of ``sz-picks`` stood before the one column of ``sz-field``, which won."""
    text = (SHEETS / "parts.css").read_text()
    assert text.index("\n.sz-field {") < text.index("\n.sz-picks {")
