"""The page of one detection of every rule: words, not codes, in both languages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from sizao.detect.registry import every
from tests.web.conftest import World

SEVERITIES = {
    "fatigue": "over_limit", "terminal_alarm": "collision", "area_forbidden": "closed",
    "route_departure": "off_route", "coach_curfew": "service_unknown",
    "coach_day_total": "unknown_driver", "coach_week_total": "over_limit",
    "coach_night_fatigue": "over_limit", "long_downgrade": "brake_heat",
    "stopped_on_expressway": "standing", "wrong_way": "wrong_way", "terminal_fault": "power_cut",
    "impossible_jump": "jump", "offline_moving": "offline", "terminal_moved": "speeds_differ",
    "over_road_limit": "lt10", "over_permitted_mass": "lt30", "over_rated_payload": "ge30",
    "over_dimensions": "height", "overload_repeat": "enterprise", "cloned_plate": "impossible",
    "hot_list": "probable", "slow_traffic": "queue_end", "capacity_alarm": "device_over_capacity",
    "dsm_fatigue": "dsm_level_2", "drink_driving": "drunk", "over_capacity": "seats_20_50",
    "passage_unreported": "silent",
}  # fmt: skip
MEASURED = {"min": (262.0, 240.0), "bit": (1.0, 0.0), "m": (4.32, 4.0), "kg": (60_000.0, 49_000.0)}
NOTES = {
    "fatigue": "gap,unknown_min=5,rest_min=9,corrected", "coach_day_total": "gap,unknown_min=12",
    "over_road_limit": "weighed_in_motion", "speeding": "gps_only,limit_temporary=GZ1",
}  # fmt: skip


@pytest.mark.parametrize("english", [False, True], ids=["zh", "en"])
def test_each_explains_itself(world: World, english: bool) -> None:
    client = world.client("op-zd")
    if english:
        client.cookies["django_language"] = "en"
    rows = {}
    for rule in every():
        measured, limit = MEASURED.get(rule.measured_unit, (75.0, 60.0))
        severity = SEVERITIES.get(rule.id, "20-50")
        rows[rule.id] = world.detection(
            rule=rule.id, measured_unit=rule.measured_unit, measured=measured, limit=limit,
            severity=severity, quality=NOTES.get(rule.id), final=True,
            end=world.now - timedelta(seconds=5), received=world.now,
        )  # fmt: skip
    world.append(*rows.values())
    world.round()
    for rule, row in rows.items():
        answer = client.get(f"/detections/{row['id']}/")
        assert answer.status_code == 200, rule
        page = answer.content.decode()
        edges = re.search(r"<table[^>]*data-edges>(.*?)</table>", page, re.DOTALL)
        assert edges is not None
        text = re.sub(r"<[^>]+>", " ", edges[1])
        assert "—" in text or re.search(r"\d", text), f"{rule}: no number and no dash"
        said = answer.context["measured"]
        assert bool(said) == (row["measured_unit"] != "bit"), f"{rule}: a bit's place is no amount"
        assert not re.fullmatch(r"[\d.]+", said), f"{rule}: {said} of what?"
        assert 'class="sz-rule"' in page, f"{rule}: no rule text"
        for code in (row["severity"], "unknown_min", "rest_min", "limit_temporary", "weighed_in"):
            if "_" in code and code != rule:
                assert code not in re.sub(r"<[^>]+>", " ", page), f"{rule}: {code} is no word"
        assert not re.search(r"\d{4,} ?(s|秒|kg|千克)\b", text), f"{rule}: {text}"
        if english:
            assert not re.search(r"[\u4e00-\u9fff]", text), f"{rule}: {text}"
