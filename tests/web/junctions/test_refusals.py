"""What cannot be is refused in the reader's language, in words of the field."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.http import QueryDict
from django.urls import reverse

from sizao.web.junctions import forms, register
from sizao.web.junctions.models import Junction
from tests.web.conftest import World

CJK = re.compile(r"[\u4e00-\u9fff]")
CODES = re.compile(r"\b[NSEW]\.[LTR]\b|Error|Exception|invalid literal|could not convert|None|'")


def arms(junction: Junction, **changes: str) -> dict[str, str]:
    """The form of arms as the page fills it, with fields of the first arm changed."""
    given = {"part": "shape", "version": str(junction.version)}
    shape = register.shape_of(junction)
    for row, arm in enumerate(shape.arms):
        given |= {
            f"arm-{row}-id": arm.id, f"arm-{row}-name": arm.name,
            f"arm-{row}-bearing": str(arm.bearing_deg), f"arm-{row}-exit": str(arm.exit_lanes),
            f"arm-{row}-lanes": forms.lanes_text(shape, arm.id),
            f"arm-{row}-speed": str(arm.speed_kmh), f"arm-{row}-crossing": str(arm.crossing_m),
        }  # fmt: skip
    return given | {f"arm-0-{name}": value for name, value in changes.items()}


def plan(junction: Junction, *phases: tuple[list[str], str]) -> dict[str, Any]:
    given: dict[str, Any] = {"part": "plan", "version": str(junction.version)}
    for row, (movements, green) in enumerate(phases):
        given |= {f"phase-{row}-m": movements, f"phase-{row}-green": green}
    return given


N, S, E, W = ([f"{arm}.{turn}" for turn in "LTR"] for arm in "NSEW")
FAULTS = {
    "wide": (lambda one: arms(one, lanes="L T@9 R"), "车道宽须为 2.3 至 6 米", "6 m wide"),
    "fast": (lambda one: arms(one, speed="400"), "车速须为 5 至 120 km/h", "120 km/h"),
    "turned": (lambda one: arms(one, bearing="85"), "方位相差不到 20 度", "20 degrees"),
    "letters": (
        lambda one: arms(one, speed="fast"),
        "第 1 个进口，车速（km/h）：“fast”不是数字",
        'Arm 1, Speed (km/h): "fast" is no number',
    ),
    "empty": (lambda one: arms(one, bearing=""), "方位角（度）没有填写", "is not filled in"),
    "no green": (lambda one: plan(one, (N, ""), (E, "30")), "第 1 相位，绿灯（秒）", "Phase 1"),
    "version": (lambda one: {**arms(one), "version": "x"}, "填写有误", "number"),
    "few": (lambda one: plan(one, (N, "30")), "2 至 8 个相位", "2 to 8 phases"),
    "clash": (lambda one: plan(one, (N + E, "30"), (S + W, "30")), "冲突，不能同时放行", "cross"),
    "short": (lambda one: plan(one, (N + S, "0"), (E + W, "30")), "绿灯须为 1 至 200 秒", "green"),
    "left out": (lambda one: plan(one, (N, "30"), (E, "30")), "没有相位放行", "no phase"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_form_is_refused_in_words(world: World, junction: Junction, fault: str) -> None:
    given, zh, en = FAULTS[fault]
    query = QueryDict(mutable=True)
    for name, value in given(junction).items():
        query.setlist(name, value if isinstance(value, list) else [value])
    client = world.client("op-dd")
    for language, words in (("zh-hans", zh), ("en", en)):
        client.cookies["django_language"] = language
        answer = client.post(
            reverse("junction-edit", args=[junction.pk]), query.urlencode(),
            content_type="application/x-www-form-urlencoded",
        )  # fmt: skip
        assert answer.status_code in (409, 422)
        problem = answer.context["problem"]
        assert words.lower() in problem.lower()
        if language == "zh-hans":
            assert CJK.search(problem)
            assert not CODES.search(problem), problem
            assert problem.endswith("。")
        assert problem in html.unescape(answer.content.decode())


def test_a_count_is_refused_in_words(world: World, junction: Junction) -> None:
    given = {"minutes": "1", "peak": "1", "counted_at": f"{world.now:%Y-%m-%dT%H:%M}", "v-N.T": "9"}
    answer = world.client("op-dd").post(reverse("junction-counts", args=[junction.pk]), given)
    assert answer.status_code == 422
    assert answer.context["problem"] == "调查时长须为 5 分钟至 24 小时。"


def test_a_failed_simulation_says_what_to_do_before_what_the_program_said(
    world: World, junction: Junction
) -> None:
    from django.template.loader import render_to_string

    from sizao.web.junctions.models import Timing

    timing = Timing(run=Timing.Run.FAILED, error="sumo failed: Error: something")
    page = render_to_string("junctions/_run.html", {"timing": timing, "run": "仿真失败"})
    assert page.index("可以再试一次") < page.index("sumo failed")
    assert re.search(r'lang="en">sumo failed', page)
