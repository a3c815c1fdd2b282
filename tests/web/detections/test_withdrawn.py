"""What later data took away still says what it had been, also where no warning rests on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sizao.web.desk.detections import Detections
from tests.web.conftest import HAZMAT, World


def tired(world: World, severity: str = "over_limit", **over: Any) -> dict[str, Any]:
    start = world.now - timedelta(minutes=265)
    return world.detection(
        rule="fatigue", vehicle=HAZMAT, vehicle_kind="hazmat", start=start,
        end=start + timedelta(minutes=262), measured=262.0, limit=240.0, measured_unit="min",
        severity=severity, quality="gap", **over,
    )  # fmt: skip


def later(row: dict[str, Any], **over: Any) -> dict[str, Any]:
    return {**row, "revision": row["revision"] + 1, "quality": "gap,corrected", **over}


@pytest.mark.parametrize(
    ("language", "was", "gone", "what"),
    [
        ("", "超过法定连续驾驶时间", "已撤回", "连续驾驶4小时22分钟"),
        ("en", "over the legal driving time", "Withdrawn", "driven for 4 h 22 min"),
    ],
)
def test_it_says_what_it_had_been(
    world: World, language: str, was: str, gone: str, what: str
) -> None:
    row = tired(world)
    world.append(row)
    world.append(later(row, severity="withdrawn"))
    client = world.client("op-zd")
    client.cookies["django_language"] = language or "zh-hans"
    answer = client.get(f"/detections/{row['id']}/")
    page = answer.content.decode()
    assert answer.context["case"] is None
    assert was in answer.context["severity"]
    assert gone in answer.context["line"]["change"]
    (told,) = answer.context["changes"]
    (severity,) = told["differences"]
    assert was in severity.before
    assert what in answer.context["what"]  # and no bare "withdrawn"
    assert "data-changes" in page
    listed = client.get("/detections/?changed=withdrawn").content.decode()
    assert f"<td>{answer.context['severity']}</td>" in listed


def test_a_correction_tells_the_old_value(world: World) -> None:
    row = tired(world)
    world.append(row)
    world.append(later(row, measured=250.0))
    answer = world.client("op-zd").get(f"/detections/{row['id']}/")
    (told,) = answer.context["changes"]
    assert [(one.before, one.after) for one in told["differences"]] == [
        ("4 小时 22 分", "4 小时 10 分")
    ]


def test_an_ordinary_end_is_no_change(world: World) -> None:
    row = tired(world)
    world.append(row)
    world.append({**row, "revision": 1, "measured": 270.0, "final": True})
    answer = world.client("op-zd").get(f"/detections/{row['id']}/")
    assert answer.context["changes"] == []
    assert "data-changes" not in answer.content.decode()


def test_memory_forgets_both_together(world: World) -> None:
    row = tired(world)
    world.append(row)
    world.append(later(row, severity="withdrawn"))
    window = Detections(world.detect_log, keep=1)
    before = window.before(row["id"])
    assert before is not None
    assert before["severity"] == "over_limit"
    world.append(world.detection())
    assert window.get(row["id"]) is None
    assert window.before(row["id"]) is None
