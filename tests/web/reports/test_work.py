"""Working reports: steps, cases, duplicates, the log, contacts that go away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from sizao.core.errors import LogError, TransitionError
from sizao.web.audit.models import AuditEntry
from sizao.web.audit.services import verify_chain
from sizao.web.cases import services as case_services
from sizao.web.cases.models import Case
from sizao.web.reports import catalogue, rounds, services
from sizao.web.reports.catalogue import case_kinds, known
from sizao.web.reports.duplicates import near_cases, near_reports
from sizao.web.reports.errors import ReportConflictError
from sizao.web.reports.models import Report, ReportContact
from sizao.web.reports.privacy import scrub
from sizao.web.reports.steps import STEPS
from sizao.web.reports.submit import Given, submit
from sizao.web.warnings.models import Warning

from ..conftest import EAST, WEST, World

HandIn = Callable[..., Report]


def act(world: World, report: Report, action: str, who: str = "op-dd", **more: Any) -> Report:
    report.refresh_from_db()
    return services.act(world.user(who), report.number, action, report.version, **more)


def test_from_report_to_case_to_closed(world: World, hand_in: HandIn) -> None:
    report = hand_in(service="crash", attributes={"injured": ["trapped"], "blocked": ["part"]})
    act(world, report, "accept")
    report = act(world, report, "raise")
    case = report.case
    # Somebody is trapped: the gravest answer decides.
    assert (case.level_code, case.command_level_code, case.unit.code) == (
        "red", "detachment", "zd",
    )  # fmt: skip
    assert (case.kind, case.vehicle, case.local_unit.code) == ("report_crash", "", "dd1")
    event = case.events.get()
    assert (event.actor, event.data["details"]["report"]) == ("op-dd", report.number)
    leader = world.user("op-zd")
    for step, more in (("sign", {}), ("resolve", {"reason": "已救出"})):
        case.refresh_from_db()
        world.clock.advance(5)
        case_services.act(leader, case.pk, step, case.version, **more)
    case.refresh_from_db()
    case_services.act(world.user("lead-zd"), case.pk, "verify", case.version)
    world.round()
    report.refresh_from_db()
    assert report.state == "closed"
    assert "已救出" not in report.outcome  # the case's own words are not the public's
    assert [one.action for one in report.events.order_by("seq")] == [
        "report", "accept", "raise", "close",
    ]  # fmt: skip
    entries = AuditEntry.objects.filter(object_type="report", object_id=report.number)
    assert [one.action for one in entries.order_by("seq")] == [
        "report.receive", "report.accept", "report.raise", "report.close",
    ]  # fmt: skip
    assert verify_chain().intact


def test_a_case_without_a_vehicle_opens_and_takes_no_terminal_text(
    world: World, hand_in: HandIn
) -> None:
    report = act(world, hand_in(), "raise")
    for who in ("op-zd", "off-dd1", "audit"):
        client = world.client(who)
        for address in (f"/cases/{report.case_id}/", "/cases/", "/inbox/", "/", "/wall/"):
            assert client.get(address).status_code == 200, address
    page = world.client("op-zd").get(f"/cases/{report.case_id}/").content.decode()
    assert report.number in page
    assert "护栏缺了一段" in page
    assert "终端号" not in page
    user, case = world.user("op-zd"), report.case
    case_services.act(user, case.pk, "sign", case.version)
    with pytest.raises(TransitionError, match="没有车载终端"):
        case_services.act(user, case.pk, "control", 2)
    done = case_services.act(user, case.pk, "control", 2, measure="road_control", text="封道")
    assert done.state == "controlled"
    assert world.client("op-zd").get("/api/v1/cases").status_code == 200


def test_a_report_joins_a_case_nearby(world: World, hand_in: HandIn) -> None:
    case = world.raise_case()
    report = hand_in(service="crash")
    (near,) = near_cases(world.user("op-dd"), report)
    assert near.thing == case
    version = case.version
    report = act(world, report, "join", target=case.number)
    case.refresh_from_db()
    assert (report.case, case.version) == (case, version + 1)
    assert case.machine["reports"] == [report.number]
    other = hand_in(service="crash", text="又一起")
    with pytest.raises(TransitionError, match="没有这件未结案件"):
        act(world, other, "join", target="20260101-0001")


def test_duplicates_are_proposed_by_kind_place_and_time(world: World, hand_in: HandIn) -> None:
    first = hand_in()
    north = str(EAST[0] + 0.0005)  # 56 m
    second = hand_in(lat=north, text="护栏断了")
    hand_in(service="weather", text="雾")
    hand_in(lat=str(EAST[0] + 0.01), text="远处")
    user = world.user("op-dd")
    (near,) = near_reports(user, second)
    assert near.thing == first
    assert near.metres == pytest.approx(55.6, abs=1)
    assert near_reports(world.user("lead-xd"), second) == []
    act(world, second, "merge", target=first.number)
    second.refresh_from_db()
    assert (second.state, second.merged_into) == ("merged", first)
    act(world, second, "reopen", reason="不是同一处")
    second.refresh_from_db()
    assert (second.state, second.merged_into) == ("new", None)
    with pytest.raises(TransitionError, match="另一条"):
        act(world, second, "merge", target=second.number)


@pytest.mark.parametrize(
    ("who", "expected"),
    [("op-zd", True), ("op-dd", True), ("off-dd1", True), ("audit", False), ("admin", False)],
)
def test_who_may_act(world: World, hand_in: HandIn, who: str, expected: bool) -> None:
    report = hand_in()
    assert services.may_act(world.user(who), report) is expected
    if not expected:
        with pytest.raises(TransitionError):
            act(world, report, "accept", who)


@pytest.mark.parametrize("who", ["off-dd2", "lead-xd", "nobody"])
def test_who_may_not_see_it(world: World, hand_in: HandIn, who: str) -> None:
    report = hand_in()
    with pytest.raises(Report.DoesNotExist):
        act(world, report, "accept", who)
    assert world.client(who).get(f"/reports/{report.number}/").status_code == 404
    assert world.client(who).get(f"/reports/{report.number}/photos/1/").status_code == 404
    assert report.number not in world.client(who).get("/reports/").content.decode()


def test_the_west_is_the_wests(world: World, hand_in: HandIn) -> None:
    assert hand_in(lat=str(WEST[0]), lon=str(WEST[1])).unit.code == "xd1"


def test_two_people_at_once(world: World, hand_in: HandIn) -> None:
    report = hand_in()
    act(world, report, "accept")
    with pytest.raises(ReportConflictError, match="受理"):
        services.act(world.user("op-zd"), report.number, "reject", 1, reason="x")


def test_steps_that_are_not_possible(world: World, hand_in: HandIn) -> None:
    report = hand_in()
    with pytest.raises(TransitionError, match="须填写说明"):
        act(world, report, "close")
    with pytest.raises(TransitionError):
        act(world, report, "fly")
    act(world, report, "reject", reason="不属交警职责")
    with pytest.raises(TransitionError, match="现在不能"):
        act(world, report, "raise")
    report = act(world, act(world, report, "reopen", reason="误点"), "raise")
    # A report with a case is worked in the case.
    assert services.next_steps(world.user("op-dd"), report) == []


def test_every_step_leads_to_a_state_that_exists(world: World) -> None:
    for step in STEPS.values():
        assert {*step.before, step.after} <= set(Report.State.values)


def test_each_service_grades_and_names_its_case() -> None:
    for kind, names in case_kinds().items():
        assert all(names)
        service = known(kind.removeprefix("report_"))
        assert service is not None
        worst = service.graded({one: list(values) for one, values, _ in service.worse})
        assert worst.level >= service.grade.level


# The log


def logged(world: World, topic: str) -> list[dict[str, Any]]:
    return [
        row
        for segment in world.commands_log.read(topic, 0)
        for row in segment.batch.to_pylist()
    ]  # fmt: skip


def test_a_report_goes_into_the_log_without_personal_data(world: World, hand_in: HandIn) -> None:
    report = hand_in(text="电话13800000000，车川DI1234", name="王某", phone="13800000000")
    world.round()
    world.round()
    (row,) = logged(world, "reports")
    assert (row["report"], row["kind"], row["channel"]) == (report.number, "hazard", "citizen")
    assert row["text"] == "电话***，车***"
    assert "王某" not in str(row)
    (evidence,) = logged(world, "evidence")
    assert row["images"] == [evidence["evidence"]]
    assert evidence["refers_to"] == report.number


def test_after_a_crash_between_log_and_mark_it_is_not_logged_twice(
    world: World, hand_in: HandIn
) -> None:
    hand_in()
    rounds.flush(world.commands_log)
    Report.objects.update(log_seq=None)  # the mark was lost
    assert rounds.flush(world.commands_log) == 0
    assert len(logged(world, "reports")) == 1
    assert Report.objects.get().log_seq is not None


def test_a_log_that_refuses_leaves_the_report_waiting(world: World, hand_in: HandIn) -> None:
    hand_in()

    class Full:
        def read(self, topic: str, after: int) -> list[Any]:
            return []

        def append(self, batches: Any) -> Any:
            raise LogError("disk full")

    with pytest.raises(LogError):
        rounds.flush(Full())  # type: ignore[arg-type]  # a double
    assert Report.objects.get().log_seq is None
    assert rounds.flush(world.commands_log) == 1


# Contacts


def test_looking_at_a_contact_is_an_audit_entry(world: World, hand_in: HandIn) -> None:
    report = hand_in(name="王某", phone="13800000000")
    page = world.client("op-dd").get(f"/reports/{report.number}/").content.decode()
    assert "13800000000" not in page
    answer = world.client("op-dd").post(f"/reports/{report.number}/contact/")
    assert "13800000000" in answer.content.decode()
    entry = AuditEntry.objects.get(action="report.contact_read")
    assert (entry.actor, entry.object_id) == ("op-dd", report.number)
    assert world.client("audit").post(f"/reports/{report.number}/contact/").status_code == 403


def test_contacts_are_deleted_after_their_time_and_the_count_is_on_record(
    world: World, hand_in: HandIn
) -> None:
    for number in range(3):
        hand_in(text=str(number), phone="13800000000")
    world.clock.advance(86_400 * 20)
    hand_in(text="later", phone="13800000001")
    assert rounds.purge_contacts(world.now) == 0
    assert rounds.purge_contacts(world.now + timedelta(days=11)) == 3
    entry = AuditEntry.objects.get(action="report.contacts_deleted")
    assert (entry.data["deleted"], entry.data["remaining"]) == (3, 1)
    assert ReportContact.objects.count() == 1
    assert Report.objects.count() == 4
    assert verify_chain().intact


def test_nothing_is_kept_of_who_left_nothing(world: World, hand_in: HandIn) -> None:
    hand_in()
    assert not ReportContact.objects.exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("拨打 138 0000 0000", "拨打 ***"),
        ("+8613800000000", "***"),
        ("0812-3330000", "***"),
        ("510402199001011234", "***"),
        ("a.b@example.com 你好", "*** 你好"),
        ("川D·A1234货车", "***货车"),
        ("G5 K120+300 有 3 车相撞", "G5 K120+300 有 3 车相撞"),
    ],
)
def test_scrub(text: str, expected: str) -> None:
    assert scrub(text) == expected


def test_cases_from_reports_count_as_cases(world: World, hand_in: HandIn) -> None:
    act(world, hand_in(), "raise")
    assert Case.objects.get().number
    answer = world.client("op-zd").get("/api/v1/cases?kind=report_hazard")
    assert answer.json()["count"] == 1
    assert (
        world.client("op-zd")
        .get("/cases/?kind=report_hazard")
        .content.decode()
        .count("上报：道路隐患")
        >= 1
    )


def test_the_reference_shows_the_services_in_force() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/reference/open311.md").read_text("utf-8")
    for service in catalogue.services(date(2026, 11, 25)).values():
        grade = service.grade
        row = (
            f"| `{service.code}` | {service.zh} | {grade.level.code} | {grade.command_level.code} |"
            f" {service.expected_h:g} h | {service.near_m:g} m, {service.near_h:g} h |"
        )
        assert row in page, row
    for step in STEPS.values():
        assert f"| `{step.action}` | {step.zh} |" in page


def test_raising_a_report_issues_a_warning_without_the_reporters_words(world: World) -> None:
    given = Given("crash", "26.585", "101.716", text="我叫王某，车牌川D12345",
                  address="G353 电话13800000000 旁", attributes={"injured": ["some"]})  # fmt: skip
    report = submit(given, channel="citizen", source="reports")
    act(world, report, "raise", "op-zd")
    warning = Warning.objects.get()
    assert (warning.origin, warning.origin_ref) == ("report", report.number)
    assert warning.case.origin_ref == report.number
    assert warning.case.events.first().text_zh.startswith(f"群众上报 {report.number} 立案")
    told = f"{warning.place} {warning.explanation}"
    for secret in ("13800000000", "王某", "川D12345"):
        assert secret not in told
