"""The calendar: asked by one, decided by another, published for all who read it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from sizao.app.demo_calendar import write_calendar
from sizao.core.errors import TransitionError
from sizao.risk.day_calendar import read_calendar
from sizao.web.audit.models import AuditEntry
from sizao.web.calendar import services
from sizao.web.calendar.models import CalendarChange
from sizao.web.forecast.models import News
from sizao.web.hazards.workdays import workdays
from tests.web.conftest import EAST, World

MARKET: dict[str, Any] = {
    "kind": "market", "name": "虚构镇", "rule": {"lunar_days": [1, 4, 7]}, "lat": EAST[0],
    "lon": EAST[1],
}  # fmt: skip
FORM = {"kind": "market", "name": "虚构镇", "rule": "lunar_days", "numbers": "1 4 7",
        "lat": str(EAST[0]), "lon": str(EAST[1]), "reason": "镇政府来函"}  # fmt: skip


def accepted(world: World, number: int | None, entry: Any) -> CalendarChange:
    change = services.ask(world.user("op-zd"), number, entry, "来函")
    return services.decide(world.user("lead-zd"), change, True)


def test_one_asks_another_decides_and_all_read_it(world: World) -> None:
    asker, other = world.client("op-zd"), world.client("lead-zd")
    answer = asker.post("/calendar/new/", FORM)
    assert answer.status_code == 302, answer.content.decode()
    change = CalendarChange.objects.get()
    assert services.standing() == {}, "nothing stands before it is decided"
    own = asker.post(f"/calendar/changes/{change.pk}/decide/", {"decision": "accept"})
    assert own.status_code == 409
    assert not world.data.calendar.exists()
    other.post(f"/calendar/changes/{change.pk}/decide/", {"decision": "accept"})
    (entry,) = read_calendar(world.data.calendar).entries
    assert (entry.kind, entry.name, entry.rule) == (
        "market",
        "虚构镇",
        ("lunar_days", frozenset({1, 4, 7})),
    )
    assert News.objects.get(pk="calendar").at == world.now, "the forecast is told"
    actions = set(AuditEntry.objects.filter(object_type="calendar").values_list("action", "actor"))
    assert actions == {("calendar.ask", "op-zd"), ("calendar.accepted", "lead-zd")}
    page = other.get("/calendar/").content.decode()
    assert "农历逢一四七" in page
    again = other.post(f"/calendar/changes/{change.pk}/decide/", {"decision": "refuse"})
    assert again.status_code == 409, "decided meanwhile"


def test_without_a_decision_nothing_is_published(world: World) -> None:
    """The control: what somebody only asked for moves no forecast."""
    services.ask(world.user("op-zd"), None, MARKET, "来函")
    assert not services.publish(world.data)
    assert not News.objects.filter(pk="calendar").exists()
    change = CalendarChange.objects.get()
    services.decide(world.user("lead-zd"), change, False, "先核实")
    assert services.standing() == {}


def test_what_stands_in_the_file_stays_and_can_be_changed(world: World) -> None:
    world.data.calendar.write_text(
        "# by hand\n- {kind: holiday, name: 虚构节, dates: [2026-12-24]}\n"
        "- {kind: school_term, number: 1, dates: [2026-09-01..2027-01-22]}\n", encoding="utf-8",
    )  # fmt: skip
    assert [entry["kind"] for entry in services.standing().values()] == ["school_term", "holiday"]
    change = accepted(world, None, MARKET)
    assert change.number == 3
    assert len(read_calendar(world.data.calendar).entries) == 3
    assert not workdays().is_working(date(2026, 12, 24)), "deadlines count by it"
    accepted(world, 2, {"kind": "holiday", "name": "虚构节", "dates": ["2026-12-25"]})
    assert services.standing()[2]["dates"] == ["2026-12-25"]
    accepted(world, 1, None)
    assert sorted(services.standing()) == [2, 3]


def test_a_market_that_ends_keeps_its_past(world: World) -> None:
    number = accepted(world, None, MARKET).number
    accepted(world, number, {**MARKET, "until": "2026-11-30"})
    calendar = services.calendar()
    days = [date(2026, 11, 1) + timedelta(days=at) for at in range(60)]
    held = [day for day in days if any(one.kind == "market" for one in calendar.on(day))]
    assert held
    assert max(held) <= date(2026, 11, 30)


def test_a_kill_before_the_file_was_written_is_mended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = services.ask(world.user("op-zd"), None, MARKET, "来函")
    with monkeypatch.context() as broken:

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        broken.setattr(services.durable, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            services.decide(world.user("lead-zd"), change, True)
    assert not world.data.calendar.exists()
    assert services.publish(world.data)
    assert not services.publish(world.data), "once"
    assert len(read_calendar(world.data.calendar).entries) == 1


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"lat": "", "lon": ""}, "赶集要有地点"),
        ({"numbers": ""}, "请写明尾数"),
        ({"rule": "", "dates": ""}, "请写明日期"),
        ({"rule": "", "dates": "2026-13-01"}, "写得不对，请改正。程序给出的原因："),
        ({"rule": "weekdays", "numbers": "9"}, "写得不对"),
        ({"radius_m": "far"}, "不是数"),
        ({"reason": " "}, "请写明变更理由"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(world: World, over: Any, said: str) -> None:
    answer = world.client("op-zd").post("/calendar/new/", {**FORM, **over})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert "虚构镇" in page, "what was typed is still there"
    assert not CalendarChange.objects.exists()


def test_one_change_at_a_time_and_only_by_who_may(world: World) -> None:
    number = accepted(world, None, MARKET).number
    services.ask(world.user("op-zd"), number, {**MARKET, "name": "甲"}, "改名")
    with pytest.raises(TransitionError, match="等待批准"):
        services.ask(world.user("lead-zd"), number, {**MARKET, "name": "乙"}, "改名")
    for who in ("op-dd", "off-dd1", "audit"):
        with pytest.raises(TransitionError):
            services.ask(world.user(who), number, None, "x")
        assert world.client(who).get("/calendar/").status_code == 200
        assert world.client(who).get("/calendar/new/").status_code == 403
    assert world.client("pa-gs").get("/calendar/").status_code == 403


def test_the_page_says_what_is_not_entered_and_what_is_wrong(world: World) -> None:
    client = world.client("admin")
    page = client.get("/calendar/").content.decode()
    assert "2027 年节假日安排尚未录入" in page
    assert "2026 年节假日安排尚未录入" not in page
    assert "没有录入学期" in page
    world.data.calendar.write_text("- {kind: fair}\n", encoding="utf-8")
    page = client.get("/calendar/").content.decode()
    assert "calendar.yaml 有误" in page
    assert "kind must be one of" in page


def test_the_demonstration_s_calendar_can_be_read(world: World) -> None:
    from sizao.sim.city import build

    write_calendar(build(), world.data)
    entries = read_calendar(world.data.calendar).entries
    assert {entry.kind for entry in entries} == {"market", "school_term"}
    text = world.data.calendar.read_text("utf-8")
    write_calendar(build(), world.data)
    assert world.data.calendar.read_text("utf-8") == text
