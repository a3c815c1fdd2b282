"""Working hazards: from a report to the end, duplicates, clocks, notices, two people at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from sizao.core.errors import TransitionError
from sizao.govern.hazards import life
from sizao.govern.hazards.records import Event
from sizao.web.audit.models import AuditEntry
from sizao.web.audit.services import verify_chain
from sizao.web.evidence.wanted import Wanted
from sizao.web.hazards import services, telling
from sizao.web.hazards.clocks import HazardClocks
from sizao.web.hazards.errors import HazardConflictError
from sizao.web.hazards.intake import Finding, alike, enter, spot_of
from sizao.web.hazards.models import Hazard, HazardNotice
from sizao.web.hazards.projection import state_of
from sizao.web.reports import services as reports
from sizao.web.reports.models import Report

from ..conftest import EAST, World
from ..reports.conftest import png
from .conftest import ASSIGN, Found, Walk, days


def refused(act: Callable[[], Any]) -> str:
    with pytest.raises(TransitionError) as caught:
        act()
    return caught.value.code


def test_from_a_report_to_its_end(
    world: World,
    hand_in: Callable[..., Report],
    take: Walk,
    walk: Walk,
) -> None:
    report = hand_in(text="校门口护栏缺失，我的电话13800000000")
    hazard = enter(
        world.user("off-dd1"),
        Finding(
            kind="barrier", text="校门口护栏缺失", lat=report.lat, lon=report.lon, origin="report",
            report=report.number, report_version=report.version,
        ),
    )  # fmt: skip
    report.refresh_from_db()
    assert report.state == "accepted"
    assert hazard.photos.get().evidence == report.photos.get().evidence
    # The report is worked here now: its own steps that would end it are gone.
    assert {step.action for step, _ in reports.next_steps(world.user("op-dd"), report)} == set()
    hazard = walk(hazard, "delist")
    report.refresh_from_db()
    assert (report.state, "验收合格" in report.outcome) == ("closed", True)
    # The timeline as stored gives the state as stored.
    events = [Event.from_dict(one.data) for one in hazard.events.order_by("seq")]
    assert life.replay(events) == state_of(hazard)
    actions = AuditEntry.objects.filter(object_type="hazard").values_list("action", flat=True)
    assert sorted(actions) == sorted(f"hazard.{event.action}" for event in events)
    assert verify_chain().intact
    # It comes back: everybody concerned is told, and the sender is answered again.
    take(hazard, "reopen", reason="护栏又被撞坏")
    report.refresh_from_db()
    assert (report.state, report.outcome) == ("accepted", "")
    told = HazardNotice.objects.filter(action="reopen")
    # off-dd1 is of the unit that is told, and reads it there.
    assert {one.user.username for one in told if one.user} == {"op-dd"}
    assert {one.party for one in told if one.party} == {"虚构养护段"}
    assert {one.unit.code for one in told if one.unit} == {"dd1"}


def test_a_report_is_entered_once(
    world: World,
    hand_in: Callable[..., Report],
) -> None:
    report = hand_in()
    finding = Finding(kind="barrier", text="护栏", report=report.number, lat=report.lat,
                      lon=report.lon)  # fmt: skip
    enter(world.user("off-dd1"), finding)
    assert refused(lambda: enter(world.user("op-dd"), finding)) == "report"
    assert refused(lambda: enter(world.user("lead-xd"), finding)) == "report"
    assert Hazard.objects.count() == 1


def test_what_is_not_whole_is_not_entered(world: World) -> None:
    user = world.user("off-dd1")
    good: dict[str, Any] = {"kind": "sight", "text": "树挡视线", "place": "示意路口"}
    for change, code in (
        ({"kind": "none"}, "kind"), ({"text": " "}, "missing_reason"), ({"place": ""}, "place"),
        ({"lat": float("nan"), "lon": 101.0}, "place"), ({"photos": [b"no picture"]}, "photos"),
    ):  # fmt: skip
        assert refused(lambda change=change: enter(user, Finding(**{**good, **change}))) == code
    for who in ("audit", "admin", "nobody"):
        assert refused(lambda who=who: enter(world.user(who), Finding(**good))) == "role"
    assert enter(user, Finding(**good)).local_unit.code == "dd1"


def test_two_people_one_step(world: World, found: Found) -> None:
    hazard = found()
    seen = hazard.version
    services.act(world.user("lead-dd"), hazard.number, "assign", seen, values=ASSIGN)
    with pytest.raises(HazardConflictError) as caught:
        services.act(world.user("op-dd"), hazard.number, "assign", seen, values=ASSIGN)
    assert "lead-dd" in caught.value.zh
    assert Hazard.objects.get().version == seen + 1


def test_numbers_of_a_year_have_no_gap_and_no_twin(threaded: World) -> None:
    made: list[str] = []

    def enter_some() -> None:
        for _ in range(4):
            user = threaded.user("off-dd1")
            finding = Finding(kind="sight", text="树挡视线", lat=EAST[0], lon=EAST[1])
            made.append(enter(user, finding).number)
        connection.close()

    threads = [threading.Thread(target=enter_some) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [f"YH2026-{number:05d}" for number in range(1, 13)]


def test_others_see_nothing(world: World, found: Found) -> None:
    hazard = found()
    with pytest.raises(Hazard.DoesNotExist):
        services.act(world.user("lead-xd"), hazard.number, "note", hazard.version, reason="看看")
    # Given to a unit of theirs, it is theirs too.
    values = {"grade": "ordinary", "duty_kind": "unit", "duty_unit": "xd1"}
    services.act(world.user("op-zd"), hazard.number, "assign", hazard.version, values=values)
    hazard = services.act(world.user("lead-xd"), hazard.number, "note", 2, reason="收到")
    assert (hazard.duty_name, hazard.version) == ("西区一中队", 3)


def test_duplicates_are_offered_merged_and_parted_again(
    world: World, found: Found, take: Walk
) -> None:
    first = found()
    second = found(lat=EAST[0] + 0.0005, text="同一段护栏")
    user = world.user("lead-dd")
    assert [(one.number, round(m or 0)) for one, m in alike(user, spot_of(second))] == [
        (first.number, 56)
    ]
    assert alike(user, spot_of(found(kind="signs"))) == []
    second = take(second, "merge", values={"into": first.number})
    first.refresh_from_db()
    assert (second.state, second.merged_into, second.closed) == ("merged", first, True)
    assert [one.action for one in first.events.order_by("seq")] == ["open", "absorb"]
    assert refused(lambda: take(first, "merge", values={"into": second.number})) == "into"
    second = take(second, "unmerge", reason="相隔一个弯")
    first.refresh_from_db()
    assert (second.state, second.merged_into, state_of(first).holds) == ("found", None, ())
    assert second.events.count() == 3


def test_the_senders_of_merged_ones_are_answered(
    world: World,
    hand_in: Callable[..., Report],
    found: Found,
    take: Walk,
    walk: Walk,
) -> None:
    report = hand_in()
    finding = Finding(kind="barrier", text="护栏", report=report.number, lat=report.lat,
                      lon=report.lon)  # fmt: skip
    second = enter(world.user("off-dd1"), finding)
    first = found()
    take(second, "merge", values={"into": first.number})
    walk(first, "delist")
    report.refresh_from_db()
    assert report.state == "closed"


def test_the_clock_reminds_and_escalates_once(world: World, found: Found, take: Walk) -> None:
    hazard = take(found(), "assign", values=ASSIGN)  # due on 14 December
    world.clock.advance(days(10.5))  # 3 December, evening: the reminder at seven days is past
    assert world.round() == 0
    world.round()
    assert [one.action for one in hazard.events.order_by("seq")][2:] == ["remind"]
    # The process is down over the deadline, and starts again.
    world.clock.advance(days(14))
    world.round()
    world.round()
    hazard.refresh_from_db()
    assert [one.action for one in hazard.events.order_by("seq")][3:] == ["escalate"]
    assert (hazard.command_level, hazard.unit.code, hazard.escalations) == (2, "dd", 1)
    notice = HazardNotice.objects.get(action="escalate", unit__code="dd")
    assert HazardNotice.objects.filter(telling.for_user(world.user("lead-dd")), pk=notice.pk)
    assert not HazardNotice.objects.filter(telling.for_user(world.user("lead-xd")), pk=notice.pk)
    telling.read(world.user("lead-dd"), notice.pk)
    notice.refresh_from_db()
    assert notice.read_by == "lead-dd"


def test_without_the_desks_round_nothing_would_escalate(
    world: World, found: Found, take: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the clock alone is a number in a column."""
    hazard = take(found(), "assign", values=ASSIGN)
    world.clock.advance(days(30))
    monkeypatch.setattr(HazardClocks, "overdue", lambda self, now: [])
    world.round()
    hazard.refresh_from_db()
    assert hazard.escalations == 0
    assert hazard.late_at(world.now)


def test_extension_has_its_bounds(world: World, found: Found, take: Walk) -> None:
    hazard = take(found(), "assign", values=ASSIGN)
    assert refused(lambda: take(hazard, "extend", values={"deadline": "2026-12-10"})) == "deadline"
    assert refused(lambda: take(hazard, "extend", values={"deadline": "2027-12-10"})) == "deadline"
    assert refused(lambda: take(hazard, "extend", values={"deadline": "soon"})) == "deadline"
    took = take(hazard, "extend", values={"deadline": "2026-12-25"})
    assert took.deadline > took.promised
    assert refused(lambda: take(hazard, "extend", values={"deadline": "2027-01-08"})) == "extended"


def test_the_installations_calendar_moves_the_deadline(
    world: World, found: Found, take: Walk
) -> None:
    (world.data.root / "calendar.yaml").write_text(
        "- {kind: holiday, name: 虚构节, dates: [2026-12-14]}\n", encoding="utf-8"
    )
    hazard = take(found(), "assign", values=ASSIGN)
    assert f"{hazard.deadline:%Y-%m-%d}" == "2026-12-15"


def test_photos_of_a_refused_step_are_nowhere(world: World, found: Found, take: Walk) -> None:
    hazard = found()
    before = hazard.photos.count()
    code = refused(
        lambda: take(hazard, "rectify", "off-dd1", values={"by": "某"}, photos=[png(shade=3)])
    )
    assert code == "state"
    assert hazard.photos.count() == before


def test_the_api_lists_acts_and_says_who_was_faster(world: World, found: Found) -> None:
    hazard = found()
    header = world.bearer("lead-dd")
    client = world.client("lead-dd")
    listed = client.get("/api/v1/hazards?only=bare&kind=barrier", **header).json()
    assert [one["number"] for one in listed["items"]] == [hazard.number]
    assert "text" not in listed["items"][0]
    assert client.get("/api/v1/hazards?only=late", **header).json()["count"] == 0
    address = f"/api/v1/hazards/{hazard.number}/actions"
    given = {"action": "assign", "version": 1, "values": ASSIGN}
    answer = client.post(address, given, "application/json", **header)
    assert answer.status_code == 200
    assert answer.json()["next_steps"][0]["action"] == "protect"
    again = client.post(address, given, "application/json", **header)
    assert again.status_code == 409
    assert again.json()["error"]["detail"]["events"][0]["action"] == "assign"


def test_photos_of_an_open_hazard_are_wanted(world: World, found: Found, take: Walk) -> None:
    hazard = found()
    photo = hazard.photos.get()
    wanted = Wanted(world.now)
    assert wanted.why(photo.evidence, "", "", world.now) == "report"
    take(hazard, "dismiss")
    assert Wanted(world.now).why(photo.evidence, "", "", world.now) == "closed"
    assert Wanted(world.now).why("0" * 64, "", "", world.now) == ""
