"""Colours of made-up bodies, and what a camera tells of them."""

from __future__ import annotations

from collections import Counter

from sizao.core.colours import COLOURS, body_colour
from sizao.core.rulebook import entry
from sizao.sim import bodies

SEEN = 20_000


def test_a_body_keeps_its_colour_and_a_fleet_has_many() -> None:
    fleet = [bodies.body(1, vehicle, "semi_tractor") for vehicle in range(2000)]
    assert fleet == [bodies.body(1, vehicle, "semi_tractor") for vehicle in range(2000)]
    counted = Counter(fleet)
    assert set(counted) == {"红", "白", "蓝", "绿", "黄", "灰", "橙", "黑"}
    assert 0.25 < counted["红"] / 2000 < 0.31
    assert {bodies.body(1, vehicle, "school_bus") for vehicle in range(50)} == {"黄"}
    assert set(bodies.RGB) == set(counted)


def test_a_camera_takes_some_for_like_colours_and_few_for_others() -> None:
    groups = entry("detect.section_speed").value("colours_alike")
    told = [body_colour(bodies.seen("红", ("camera", number))) for number in range(SEEN)]
    untold = told.count(None)
    alike = [
        one for one in told if one and one != "红" and any({one, "红"} <= set(g) for g in groups)
    ]
    other = SEEN - untold - len(alike) - told.count("红")
    assert abs(untold / SEEN - bodies.UNTOLD) < 0.006
    assert abs(len(alike) / SEEN - bodies.ALIKE) < 0.006
    assert 0 < other / SEEN < 2 * bodies.WRONG
    assert set(alike) == {"橙", "棕", "紫", "粉"}


def test_names_of_colours() -> None:
    assert body_colour("4") == body_colour("04") == body_colour(" 红") == "红"
    assert [body_colour(one) for one in ("13", "99", "", None, "E", "透明", "0", "其他")] == [
        None
    ] * 8
    assert {body_colour(code) for code in COLOURS} - {None} == set("黑白灰红蓝黄橙棕绿紫青粉")
