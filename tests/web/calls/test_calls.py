"""Taking calls: place, likeness, joining, case, personal data, conflicts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from sizao.core.errors import TransitionError
from sizao.respond.case import replay
from sizao.respond.records import Event
from sizao.web.audit.models import AuditEntry
from sizao.web.calls import intake, joining, rounds, services
from sizao.web.calls.errors import CallConflictError
from sizao.web.calls.models import Call, CallContact
from sizao.web.cases import timeline
from tests.web.calls.conftest import crash
from tests.web.conftest import World


def take(world: World, who: str = "op-zd", involved: tuple[str, ...] = (), **over: str) -> Call:
    return services.take(world.user(who), crash(**over), list(involved))


def test_a_call_by_stake_is_placed_graded_and_audited(roads: World) -> None:
    call = take(roads, injured="2", lanes="part")
    assert (call.place, call.road, call.stake_m, call.direction) == (
        "G5 K125+300 下行", "G5", 125_300.0, "下行",
    )  # fmt: skip
    assert call.lat == pytest.approx(26.548, abs=1e-3)
    assert (call.unit.code, call.desk.code, call.level_code) == ("gd1", "zd", "orange")
    assert [one["row"] for one in call.triage["reasons"]][:2] == ["injured", "fast_road_lane"]
    told = set(call.told.values_list("resource", flat=True))
    assert told == {"patrol", "ambulance", "road_operator", "tow"}
    assert list(call.events.values_list("action", flat=True)) == ["take"]
    assert AuditEntry.objects.get(action="call.take").object_id == call.number


def test_the_number_of_the_caller_is_masked_audited_and_deleted(roads: World) -> None:
    call = take(roads)
    assert call.contact.masked == "100****5678"
    client = roads.client("op-zd")
    page = client.get(f"/calls/{call.number}/").content.decode()
    assert "100****5678" in page
    assert "10012345678" not in page
    assert not AuditEntry.objects.filter(action="call.contact_read").exists()
    assert "10012345678" in client.post(f"/calls/{call.number}/contact/").content.decode()
    assert AuditEntry.objects.get(action="call.contact_read").actor == "op-zd"
    assert "10012345678" not in str(list(AuditEntry.objects.values_list("data", flat=True)))
    # Not while the call is open, however old: somebody may have to ring back.
    later = roads.now + timedelta(days=31)
    assert rounds.purge_contacts(later) == 0
    services.close(roads.user("op-zd"), call.number, "已处理", call.version)
    assert rounds.purge_contacts(roads.now + timedelta(days=29)) == 0
    assert rounds.purge_contacts(later) == 1
    assert not CallContact.objects.exists()


@pytest.mark.parametrize(
    ("over", "words", "unit"),
    [
        ({"stake": "g5 125公里下行"}, "G5 K125+000 下行", "gd1"),
        ({"how": "junction", "road_a": "机场路", "road_b": "人民街"}, "机场路与人民街路口", "dd1"),
        ({"how": "map", "lat": "26.58", "lon": "101.715"}, "机场路", "dd1"),
        # As Amap shows the same place, and with longitude first, as people read it out.
        ({"how": "coordinates", "c_lat": "101.717", "c_lon": "26.577", "datum": "gcj02"},
         "机场路", "dd1"),
    ],
)  # fmt: skip
def test_four_ways_to_say_where(roads: World, over: dict[str, str], words: str, unit: str) -> None:
    call = take(roads, **over)
    assert call.place == words
    assert call.unit.code == unit


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"stake": "G5 K900"}, "G5 K900+000 不在路网内，路网里这条路是 G5 K120+000 至 G5 K131"),
        ({"stake": "G6 K1"}, "没有带桩号的道路 G6。有桩号的道路：G5"),
        ({"stake": "高速上"}, "看不懂桩号"),
        ({"how": "junction", "road_a": "机场路", "road_b": "没有街"}, "路网里没有“没有街”"),
        ({"how": "junction", "road_a": "机场路", "road_b": "G5"}, "不相交"),
        ({"how": "coordinates", "c_lat": "1", "c_lon": "2"}, "坐标不在国内"),
        ({"how": "map", "lat": "x", "lon": "2"}, "坐标须为数字"),
    ],
)
def test_what_cannot_be_placed_says_why_and_writes_nothing(
    roads: World, over: dict[str, str], said: str
) -> None:
    with pytest.raises(TransitionError, match=re.escape(said)):
        take(roads, **over)
    assert not Call.objects.exists()
    # The caller's own words are enough: somebody has to go and look.
    assert take(roads, address="收费站前一点", **over).unit.code == "zd"


def test_a_second_caller_is_recognised_joined_and_can_be_taken_out_again(roads: World) -> None:
    first = take(roads)
    roads.clock.advance(600)
    look = intake.look(
        roads.user("op-zd"), crash(stake="G5 K125+900 上行", injured="3"), [], roads.now
    )
    assert [one.key for one in look.likes] == [f"call:{first.number}"]
    assert look.likes[0].likeness.zh == (
        "同在 G5，沿路相距 600 米", "早 10 分钟", "类型相同", "方向不同（下行）",
    )  # fmt: skip
    second = services.take(
        roads.user("op-zd"), crash(stake="G5 K125+900 上行", injured="3"), [],
        join=look.likes[0].key,
    )  # fmt: skip
    first.refresh_from_db()
    assert (second.state, second.joined_to) == ("joined", first)
    assert not second.told.exists()
    # What the second caller knew better counts for the first call.
    assert (first.injured, first.level_code) == (3, "red")
    assert second.number in first.events.get(action="joined").text_zh
    joining.unjoin(roads.user("op-zd"), second.number, second.version)
    second.refresh_from_db()
    assert (second.state, second.joined_to) == ("open", None)
    assert second.told.exists()


def test_what_is_far_or_long_ago_or_of_another_kind_is_no_likeness(roads: World) -> None:
    take(roads)
    user = roads.user("op-zd")

    def found(**over: str) -> int:
        return len(intake.look(user, crash(**over), [], roads.now).likes)

    assert found() == 1
    assert found(stake="G5 K127+400 下行") == 0
    assert found(kind="signal") == 0
    assert found(kind="leak") == 1  # one family: the spill may be of that crash
    roads.clock.advance(91 * 60)
    assert found() == 0


def test_a_call_becomes_a_case_and_the_case_closes_it_and_rings_back(roads: World) -> None:
    from sizao.web.cases.services import act

    user = roads.user("op-zd")
    call = take(roads, injured="1")
    other = services.take(roads.user("op-zd"), crash(), [], join=f"call:{call.number}")
    call.refresh_from_db()
    call = services.raise_case(user, call.number, call.version)
    case = call.case
    assert (case.kind, case.vehicle, case.place) == ("call_crash", "", "G5 K125+300 下行")
    assert (case.unit.code, case.local_unit.code) == ("gd", "gd1")
    assert (case.origin, case.origin_ref) == ("call", call.number)
    assert call.number in case.events.get(seq=1).text_zh
    page = roads.client("op-zd").get(f"/cases/{case.pk}/").content.decode()
    assert call.number in page.partition("data-calls")[2]
    assert other.number in page
    with pytest.raises(TransitionError, match="尚未办结"):
        services.close(user, call.number, "x", call.version)
    case = act(user, case.pk, "sign", case.version)
    case = act(user, case.pk, "resolve", case.version, reason="已清障通车")
    act(roads.user("lead-zd"), case.pk, "verify", case.version)
    roads.round()
    for one in (call, other):
        one.refresh_from_db()
        assert (one.state, one.outcome) == ("closed", "已清障通车")
        assert one.callback_due == roads.now + timedelta(hours=24)
    done = services.call_back(user, call.number, "已告知结果", call.version)
    assert not done.callback_waits


def test_joining_a_case_leaves_a_line_in_its_timeline(roads: World) -> None:
    case = roads.raise_case(lat=26.548, lon=101.83, road="G5", stake_m=125_000.0)
    look = intake.look(roads.user("op-zd"), crash(), [], roads.now)
    assert [one.key for one in look.likes] == [f"case:{case.number}"]
    call = services.take(roads.user("op-zd"), crash(), [], join=look.likes[0].key)
    assert call.case == case
    assert case.events.get(action="join").data["details"]["report"] == call.number


def test_two_takers_at_one_call_the_second_is_told(roads: World) -> None:
    call = take(roads)
    services.amend(roads.user("op-zd"), call.number, {"injured": "1"}, [], call.version)
    with pytest.raises(CallConflictError, match="情况更新"):
        services.raise_case(roads.user("lead-zd"), call.number, call.version)
    assert Call.objects.get().case is None


def test_the_grade_rises_with_what_becomes_known_and_never_falls(roads: World) -> None:
    user = roads.user("op-zd")
    call = take(roads)
    assert call.level_code == "yellow"
    call = services.amend(user, call.number, {"hazmat": "yes"}, [], call.version)
    assert (call.level_code, call.command_level) == ("red", 3)
    assert call.told.filter(resource="emergency").exists()
    call = services.amend(user, call.number, {"hazmat": "no"}, [], call.version)
    assert call.level_code == "red"


def test_who_sees_and_who_works(roads: World) -> None:
    call = take(roads)
    seen = {
        name: roads.client(name).get(f"/calls/{call.number}/").status_code
        for name in ("op-zd", "op-dd", "lead-xd", "audit", "nobody")
    }
    assert seen == {"op-zd": 200, "op-dd": 404, "lead-xd": 404, "audit": 200, "nobody": 404}
    with pytest.raises(TransitionError, match="不能办理"):
        services.raise_case(roads.user("audit"), call.number, call.version)
    for name in ("audit", "admin", "nobody"):
        with pytest.raises(TransitionError, match="不能接警"):
            take(roads, name)
    # A call that a brigade's desk took stays in its sight wherever it is about.
    assert Call.objects.for_user(roads.user("op-dd")).count() == 0
    take(roads, "op-dd")
    assert Call.objects.for_user(roads.user("op-dd")).count() == 1


def test_the_list_and_its_file_have_no_callers_numbers(roads: World) -> None:
    take(roads, text="联系13800000000，车牌川D12345")
    client = roads.client("op-zd")
    assert "G5 K125+300" in client.get("/calls/").content.decode()
    answer = client.get("/calls/?format=csv")
    text = b"".join(answer.streaming_content).decode() if answer.streaming else (
        answer.content.decode()
    )  # fmt: skip
    assert "G5 K125+300" in text
    for secret in ("10012345678", "13800000000", "川D12345"):
        assert secret not in text


def joined_to_a_case(world: World) -> tuple[Call, Call]:
    """A call that raised a case, and another that was joined to that case by mistake."""
    first = take(world)
    first = services.raise_case(world.user("op-zd"), first.number, first.version)
    call = take(world, stake="G5 K123+000 上行", injured="2")
    call = joining.join(world.user("op-zd"), call.number, f"case:{first.case.number}", call.version)
    return first, call


def test_a_call_joined_by_mistake_leaves_the_case_and_both_sides_say_so(roads: World) -> None:
    first, call = joined_to_a_case(roads)
    case = first.case
    assert call.told.count() == 0, "whoever works the case saw to these"
    client = roads.client("op-zd")
    assert 'value="leave"' in client.get(f"/calls/{call.number}/").content.decode()
    given = {"action": "leave", "version": call.version, "reason": "不是同一起事故"}
    assert client.post(f"/calls/{call.number}/act/", given).status_code == 302
    call.refresh_from_db()
    assert (call.case, call.state) == (None, "open")
    assert call.told.exists(), "who must be told of it is its own again"
    assert "不是同一起事故" in call.events.last().text_zh
    line = case.events.last()
    assert (line.action, line.text_zh) == ("leave", f"{call.number} 移出本案：不是同一起事故")
    case.refresh_from_db()
    assert call.number not in case.machine["reports"]
    assert timeline.check(case).intact
    told = replay(Event.from_dict(row.data) for row in case.events.order_by("seq"))
    assert told.to_dict() == case.machine
    assert AuditEntry.objects.filter(action="call.leave", object_id=call.number).exists()
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert f"/calls/{call.number}/" not in page


def test_what_cannot_leave(roads: World) -> None:
    first, call = joined_to_a_case(roads)
    user = roads.user("op-zd")
    with pytest.raises(TransitionError, match="立案"):
        joining.leave_case(user, first.number, "错了", first.version)
    with pytest.raises(TransitionError, match="写明"):
        joining.leave_case(user, call.number, " ", call.version)
    with pytest.raises(CallConflictError):
        joining.leave_case(user, call.number, "错了", call.version - 1)
    with pytest.raises(Call.DoesNotExist):
        joining.leave_case(roads.user("lead-xd"), call.number, "错了", call.version)
    with pytest.raises(TransitionError, match="不能办理"):
        joining.leave_case(roads.user("audit"), call.number, "错了", call.version)
    call = joining.leave_case(user, call.number, "错了", call.version)
    with pytest.raises(TransitionError, match="没有并入"):
        joining.leave_case(user, call.number, "又一次", call.version)


def test_two_take_it_out_at_once_and_it_leaves_once(roads: World) -> None:
    first, call = joined_to_a_case(roads)
    joining.leave_case(roads.user("op-zd"), call.number, "错了", call.version)
    with pytest.raises(CallConflictError):
        joining.leave_case(roads.user("op-zd"), call.number, "错了", call.version)
    assert first.case.events.filter(action="leave").count() == 1
