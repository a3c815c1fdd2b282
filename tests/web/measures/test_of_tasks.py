"""A plan's measure is one press away, belongs to its task, and tells the case what became of it."""

from __future__ import annotations

import re

import pytest

from sizao.core.errors import TransitionError
from sizao.respond.case import replay
from sizao.respond.records import Event
from sizao.web.cases import services as cases
from sizao.web.cases import timeline
from sizao.web.cases.models import Case
from sizao.web.cases.queries import propose_units
from sizao.web.measures import services as measures
from sizao.web.measures.models import ControlMeasure
from sizao.web.response import proposals
from sizao.web.response import services as response
from sizao.web.response.models import PlanTask

from ..conftest import EAST, World
from .conftest import STEP


@pytest.fixture
def case(roads: World) -> Case:
    """A landslide west of the squadron whose only car stands east of it, guarded at both ends."""
    roads.board(
        {"vehicle": "19900000001", "kind": "police", "lat": EAST[0], "lon": EAST[1] + 2 * STEP}
    )
    case = roads.raise_case(
        severity="ge70", measured=120.0, lat=EAST[0], lon=EAST[1], stake_m=120_000.0
    )
    case = cases.act(roads.user("op-zd"), case.pk, "sign", case.version)
    case = response.start(
        roads.user("op-zd"), case.pk, "landslide", (), f"2026-11-01 {case.level_code}"
    )
    response.answer(roads.user("off-dd1"), task("guard").pk, "task_finish", "ordered")
    return case


def task(name: str) -> PlanTask:
    return PlanTask.every.select_related("unit", "case").get(task=name)


def form(page: str) -> dict[str, str]:
    """What the form holds, as a browser would send it."""
    found = dict(re.findall(r'<input[^>]*?name="(\w+)"[^>]*?value="([^"]*)"', page))
    found.pop("vehicles", None)
    found["kind"] = re.search(r'<option value="(\w+)"[^>]*selected', page)[1]
    if not re.search(r'name="urgent"[^>]*checked', page):
        found.pop("urgent")
    text = re.search(r"<textarea[^>]*>([^<]*)<", page)
    return {**found, "text": text[1], "direction": "", "grade": ""}


def offered(world: World, who: str = "op-zd", proposal: int = 0) -> str:
    """The form as it opens from the task that closes the road."""
    at = f"/measures/new/?task={task('close').pk}&proposal={proposal}"
    return world.client(who).get(at).content.decode()


def press(world: World, who: str = "op-zd", proposal: int = 0):
    """Open the form from the task and send it as it is."""
    page = offered(world, who, proposal)
    return world.client(who).post("/measures/new/", form(page)), page


def test_the_closure_is_ordered_as_the_plan_has_it(roads: World, case: Case):
    page = roads.client("op-zd").get(f"/cases/{case.pk}/").content.decode()
    assert f"/measures/new/?task={task('close').pk}&amp;proposal=0" in page
    answer, page = press(roads)
    assert answer.status_code == 302
    one = ControlMeasure.objects.get()
    assert (one.kind, one.road, one.stake_from_m, one.stake_to_m) == (
        "closure", "G353", 119_800, 120_200,
    )  # fmt: skip
    assert (one.case_id, one.task.task, one.proposal) == (case.pk, "close", 0)
    assert "封闭塌方路段，公布绕行路线" in one.reason
    assert one.state == "in_force", "the guard has stopped the traffic at both ends already"
    assert one.approval == "waiting", "and another person approves it all the same"
    assert task("close").state == "acknowledged", "who orders it has the task in hand"


def test_before_the_guard_is_there_nothing_stands_already(roads: World):
    case = roads.raise_case(severity="ge70", measured=120.0, stake_m=120_000.0)
    case = cases.act(roads.user("op-zd"), case.pk, "sign", case.version)
    response.start(roads.user("op-zd"), case.pk, "landslide", (), f"2026-11-01 {case.level_code}")
    guard = task("guard")
    response.answer(roads.user("off-dd1"), guard.pk, "task_deviate", "ordered", "路不通，到不了")
    press(roads)
    assert ControlMeasure.objects.get().state == "ordered"


def test_units_are_then_sent_round_it(roads: World, case: Case):
    other = roads.raise_case(
        vehicle="19800000003", lat=EAST[0], lon=EAST[1] - 2 * STEP, vehicle_kind="line_coach"
    )

    def seconds() -> float:
        found = propose_units(roads.user("op-zd"), other)
        return next(one.candidate.seconds for one in found if one.candidate.call_sign == "东一01")

    before = seconds()
    press(roads)
    assert seconds() > before * 1.2


def test_the_case_hears_what_becomes_of_it_and_its_chain_holds(roads: World, case: Case):
    press(roads)
    one = ControlMeasure.objects.get()
    one = measures.act(roads.user("lead-dd"), one.pk, "approve", one.version)
    measures.act(roads.user("lead-dd"), one.pk, "lift", one.version, reason="抢通")
    case.refresh_from_db()
    lines = [one.text_zh for one in case.events.filter(action="measure").order_by("seq")]
    assert [line.rpartition("）：")[2] for line in lines[1:]] == ["批准", "解除：抢通"]
    assert one.number in lines[0]
    assert timeline.check(case).intact
    told = replay(Event.from_dict(row.data) for row in case.events.order_by("seq"))
    assert told.to_dict() == case.machine


def test_a_task_is_not_done_while_its_measure_is_not_up(roads: World, case: Case):
    sent = form(offered(roads))
    del sent["urgent"]
    roads.client("op-zd").post("/measures/new/", sent)
    with pytest.raises(TransitionError, match="还没有实施"):
        response.answer(roads.user("op-zd"), task("close").pk, "task_finish", "acknowledged")
    one = ControlMeasure.objects.get()
    one = measures.act(roads.user("lead-dd"), one.pk, "approve", one.version)
    measures.act(roads.user("lead-dd"), one.pk, "begin", one.version)
    response.answer(roads.user("op-zd"), task("close").pk, "task_finish", "acknowledged")
    assert task("close").state == "done"


def to_the_end(world: World) -> PlanTask:
    """Everything before the opening is done, the closure stands."""
    press(world)
    centre = world.user("op-zd")
    response.answer(centre, task("close").pk, "task_finish", "acknowledged")
    for name in ("geology", "clear"):
        response.answer(centre, task(name).pk, "task_finish", "ordered")
    return task("open")


def test_the_road_is_not_open_while_the_closure_stands(roads: World, case: Case):
    last = to_the_end(roads)
    page = roads.client("lead-dd").get(f"/cases/{case.pk}/").content.decode()
    one = ControlMeasure.objects.get()
    assert f'data-lifting="{one.number}"' in page
    with pytest.raises(TransitionError, match=one.number):
        response.answer(roads.user("lead-dd"), last.pk, "task_finish", "ordered")
    one = measures.act(roads.user("lead-dd"), one.pk, "lift", one.version, reason="抢通")
    response.answer(roads.user("lead-dd"), last.pk, "task_finish", "ordered")
    assert task("open").state == "done"


def test_control_without_the_check_the_plan_says_open_and_the_road_is_closed(
    roads: World, case: Case, monkeypatch: pytest.MonkeyPatch
):
    last = to_the_end(roads)
    monkeypatch.setattr(response, "refuse_unfinished", lambda task: None)
    response.answer(roads.user("lead-dd"), last.pk, "task_finish", "ordered")
    assert task("open").state == "done"
    assert ControlMeasure.objects.in_force().filter(kind="closure").exists()


def test_two_press_the_same_and_the_second_is_told_who_was_first(roads: World, case: Case):
    first, page = press(roads)
    answer = roads.client("lead-dd").post("/measures/new/", form(page))
    assert (first.status_code, answer.status_code) == (302, 422)
    one = ControlMeasure.objects.get()
    assert f"op-zd下达（{one.number}）" in answer.content.decode()
    measures.act(roads.user("lead-dd"), one.pk, "refuse", one.version, reason="范围不对")
    assert roads.client("lead-dd").post("/measures/new/", form(page)).status_code == 302


def test_the_diversion_comes_with_the_closure(roads: World, case: Case):
    press(roads)
    one = ControlMeasure.objects.get()
    page = roads.client("op-zd").get(f"/cases/{case.pk}/").content.decode()
    assert f"/measures/{one.pk}/detour/" in page
    assert roads.client("op-zd").post(f"/measures/{one.pk}/detour/").status_code == 302
    other = ControlMeasure.objects.get(kind="diversion")
    assert (other.task_id, other.proposal) == (one.task_id, 1)


def test_who_may_not_order_for_the_case_is_not_offered_it(roads: World, case: Case):
    at = f"/measures/new/?task={task('close').pk}&proposal=0"
    for who, status in (("off-dd2", 404), ("audit", 403), ("pa-jt", 403), ("lead-dd", 200)):
        assert roads.client(who).get(at).status_code == status, who
    page = roads.client("audit").get(f"/cases/{case.pk}/").content.decode()
    assert "/measures/new/" not in page


def test_a_task_of_another_case_or_a_measure_nobody_proposed_is_refused(roads: World, case: Case):
    page = offered(roads)
    client = roads.client("op-zd")
    for wrong in ("7", ""):
        assert client.post("/measures/new/", form(page) | {"proposal": wrong}).status_code == 422
    assert not ControlMeasure.objects.exists()


def test_the_area_text_lies_round_the_place(roads: World, case: Case):
    answer, _ = press(roads, proposal=2)
    assert answer.status_code == 302
    one = ControlMeasure.objects.get()
    assert (one.kind, one.geometry["type"]) == ("area_text", "Polygon")
    assert one.text == "前方塌方道路中断，请绕行"
    assert proposals.to_lift(task("open")) == [one]
