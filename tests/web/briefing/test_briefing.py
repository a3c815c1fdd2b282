"""The briefing counts what there was, says when numbers are small, and is never changed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from sizao.core.errors import TransitionError
from sizao.web.audit.models import AppendOnlyError
from sizao.web.briefing import services, sheet
from sizao.web.briefing.models import Briefing
from sizao.web.calls.services import take
from tests.web.conftest import HAZMAT, World

CRASH = {"kind": "crash", "injured": "2", "how": "map", "lat": "26.585", "lon": "101.716",
         "phone": "10012345678", "name": "张三丰"}  # fmt: skip


def lines(content: list[dict], code: str) -> str:
    section = next(one for one in content if one["code"] == code)
    return "\n".join(line["zh"] for line in section["lines"])


def test_it_counts_the_last_day_and_says_what_is_small(world: World) -> None:
    world.raise_case()
    world.raise_case(vehicle=HAZMAT, severity="ge70", measured=120.0)
    take(world.user("op-dd"), CRASH, [])
    content = services.draft(world.unit("zd"))
    assert "近24小时发布预警 2 件" in lines(content, "warnings")
    assert "新立案 2 件，核实办结 0 件，未结 2 件" in lines(content, "warnings")
    assert "接报事故 1 起，死亡 0 人，受伤 2 人" in lines(content, "crashes")
    assert "东区一中队 1 起" in lines(content, "crashes")
    compared = next(one for one in content if one["code"] == "compared")
    assert [row[4][0] for row in compared["table"][1:]] == ["数太小"] * 4
    assert "没有值班长在岗" in lines(content, "staffing")
    # Only what concerns the unit.
    west = services.draft(world.unit("xd"))
    assert "接报事故 0 起" in lines(west, "crashes")


def test_what_runs_late_is_said_and_goes_to_the_leader(world: World) -> None:
    take(world.user("op-dd"), {**CRASH, "dead": "1"}, [])
    assert "没有超时事项" in lines(services.draft(world.unit("dd")), "late")
    world.clock.advance(2 * 3600)
    content = services.draft(world.unit("dd"))
    assert "待报送的事故上报 1 项超时" in lines(content, "late")
    assert "已超时" in lines(content, "decisions")


def test_issued_it_stays_and_a_correction_is_another_one(world: World) -> None:
    leader = world.user("lead-zd")
    first = services.issue(leader, world.unit("zd"), "注意防雾")
    world.raise_case()
    first.refresh_from_db()
    assert "发布预警 0 件" in lines(first.content, "warnings")
    first.words = "x"
    with pytest.raises(AppendOnlyError):
        first.save()
    with pytest.raises(AppendOnlyError):
        Briefing.objects.filter(pk=first.pk).update(words="x")
    with pytest.raises(TransitionError, match="更正原因"):
        services.issue(leader, world.unit("zd"), "", corrects=first.number)
    second = services.issue(leader, world.unit("zd"), "", corrects=first.number, why="漏计一件")
    assert (second.corrects, second.since) == (first, first.since)
    assert "发布预警 1 件" in lines(second.content, "warnings")
    page = world.client("op-zd").get(f"/briefings/{first.number}/").content.decode()
    assert second.number in page
    with pytest.raises(TransitionError, match="可以签发"):
        services.issue(world.user("lead-dd"), world.unit("zd"), "")


def test_no_person_and_no_plate_is_in_it(world: World) -> None:
    world.raise_case()
    take(world.user("op-dd"), {**CRASH, "text": "车牌川D12345，找13800000000"}, [])
    made = services.issue(world.user("lead-zd"), world.unit("zd"), "")
    for secret in ("10012345678", "张三丰", "川D", "13800000000", "A0001"):
        assert secret not in str(made.content)


def test_it_is_one_page_however_much_there_is(world: World) -> None:
    for number in range(12):
        world.clock.advance(60)
        take(world.user("op-dd"), {**CRASH, "dead": "1", "text": str(number)}, [])
    world.clock.advance(5 * 3600)
    made = services.issue(world.user("lead-zd"), world.unit("zd"), "注意" * 40)
    paper = services.paper(made)
    told = [paper.title, paper.subtitle, *paper.foot]
    assert all(f"{timezone.localtime(world.now):%Y}" in one for one in told[:1] + told[-1:])
    assert len(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", paper.subtitle)) == 2
    assert any(sheet.pages(paper, size) == 1 for size in sheet.SIZES_PT)
    answer = world.client("op-zd").get(f"/briefings/{made.number}.pdf")
    assert answer.content.startswith(b"%PDF")


def test_since_is_the_last_one(world: World) -> None:
    services.issue(world.user("lead-zd"), world.unit("zd"), "")
    before = world.now
    world.clock.advance(3600)
    assert services.since(world.unit("zd"), world.now) == before
    assert services.since(world.unit("dd"), world.now) == world.now - timedelta(hours=24)
