"""The collision diagram: nothing overlaps, and no arrow claims a direction nobody recorded."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from sizao.web.risk import diagram, sitefacts
from sizao.web.risk.sitefacts import CrashFacts


def mark(**over: Any) -> diagram.Mark:
    given = {"number": 1, "form": "rear_end", "harm": "", "dark": False, "wet": False,
             "heading_deg": None, "x": 300.0, "y": 150.0, "title": "<a>"}  # fmt: skip
    return diagram.Mark(**{**given, **over})


def fact(direction: str) -> CrashFacts:
    record = {"collision": "side", "light_condition": "day", "surface": "dry"}
    return CrashFacts(1, record, "", "", "", "", "", "", "", "", direction)


@pytest.mark.parametrize(
    ("label", "said", "turned", "heading"),
    [
        ("下行", "下行", False, 90.0),
        ("下行", "上行", False, 270.0),
        ("下行", "下行", True, 270.0),
        ("下行", "", False, None),
        ("下行", "由东向西", False, None),
        ("", "下行", False, None),
    ],
)
def test_an_arrow_points_where_record_and_network_agree(
    label: str, said: str, turned: bool, heading: float | None
) -> None:
    site = {"direction": label, "oneway": False}
    assert sitefacts._on_segment(fact(said), site, 0.5, turned).heading_deg == heading


def test_marks_are_moved_apart_and_keep_their_order() -> None:
    moved = diagram.spread([mark(number=number) for number in range(30)])
    assert [one.number for one in moved] == list(range(30))
    for i, one in enumerate(moved):
        for other in moved[:i]:
            assert math.hypot(one.x - other.x, one.y - other.y) >= 34.0 - 1e-6


def test_without_a_direction_the_ring_is_dashed() -> None:
    drawing = diagram.segment([mark(), mark(heading_deg=270.0, x=100.0)], "K1", "K2", 0, "t")
    assert drawing.count('class="unknown"') == 1
    assert "rotate(180)" in drawing


def test_words_are_escaped_and_ends_are_named() -> None:
    drawing = diagram.segment([mark()], "K1+000", "K2+000", -1, 'a"b')
    assert "<a>" not in drawing
    assert "&lt;a&gt;" in drawing
    assert 'a"b' not in drawing
    assert drawing.index("K1+000") < drawing.index("K2+000")
    assert re.search(r'class="way" d="M60 150\.0h-36', drawing)
    arms = diagram.junction([mark()], [(0.0, "<北>"), (90.0, "东")], "t")
    assert "&lt;北&gt;" in arms
