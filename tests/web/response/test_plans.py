"""Plans on cases: proposed, confirmed, started, answered; races, wrong hands, partners."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from sizao.core.errors import TransitionError
from sizao.web.audit.models import AuditEntry
from sizao.web.cases.errors import CaseConflictError, NotAllowedError
from sizao.web.cases.models import Case, Receipt
from sizao.web.cases.services import act
from sizao.web.channels.models import Notice
from sizao.web.response import book, editing, services
from sizao.web.response.models import OwnPlan, PlanTask
from tests.web.conftest import World

pytestmark = pytest.mark.django_db


def seen(case: Case) -> str:
    return f"2026-11-01 {case.level_code}"


def signed(world: World, **over) -> Case:
    case = world.raise_case(severity="ge70", measured=120.0, **over)
    return act(world.user("op-zd"), case.pk, "sign", case.version)


def started(world: World, plan: str = "landslide", facts: tuple[str, ...] = ("injured",)) -> Case:
    case = signed(world)
    return services.start(world.user("op-zd"), case.pk, plan, facts, seen(case))


def task(name: str) -> PlanTask:
    return PlanTask.every.select_related("unit", "case").get(task=name)


def test_each_party_gets_its_task_at_its_own_desk(world: World):
    case = started(world)
    desks = {one.task: one.unit.code for one in PlanTask.every.select_related("unit")}
    assert desks["guard"] == "dd1"
    assert desks["detour"] == "dd"
    assert desks["close"] == "zd"
    assert desks["ambulance"] == "zd", "no desk of the ambulance here: the centre telephones"
    told = Notice.objects.filter(about=f"task:{task('guard').pk}")
    assert [one.party.code for one in told.select_related("party")] == ["dd1"]
    assert not Notice.objects.filter(about=f"task:{task('detour').pk}"), "it is not ordered yet"
    assert "启动" in case.events.last().text_zh
    assert AuditEntry.objects.filter(action="case.plan_start").count() == 1


def test_the_next_desk_hears_when_its_turn_comes(world: World):
    started(world)
    services.answer(world.user("off-dd1"), task("guard").pk, "task_finish", "ordered")
    assert task("close").state == "ordered"
    assert Notice.objects.filter(about=f"task:{task('close').pk}").count() == 1


def test_the_rows_are_what_the_timeline_says(world: World):
    from sizao.respond.case import replay
    from sizao.respond.records import Event

    case = started(world)
    services.answer(world.user("off-dd1"), task("guard").pk, "task_acknowledge", "ordered")
    services.answer(
        world.user("off-dd1"), task("guard").pk, "task_deviate", "acknowledged", "路窄，只封一端"
    )
    world.clock.advance(7200)
    world.round()
    case.refresh_from_db()
    state = replay(Event.from_dict(one.data) for one in case.events.order_by("seq"))
    told = {one.id: one for one in state.plans[0].tasks}
    for row in PlanTask.every.all():
        one = told[row.task]
        assert (row.state, row.missed, row.reason) == (one.state, len(one.missed), one.reason)
    assert task("guard").reason == "路窄，只封一端"


def test_who_may_start_a_plan(world: World):
    case = signed(world)
    for who, error in (
        ("off-dd1", NotAllowedError),
        ("audit", NotAllowedError),
        ("lead-xd", Case.DoesNotExist),
        ("nobody", Case.DoesNotExist),
    ):
        with pytest.raises(error):
            services.start(world.user(who), case.pk, "landslide", (), seen(case))
    assert not PlanTask.every.exists()
    services.start(world.user("lead-dd"), case.pk, "landslide", (), seen(case))


def test_what_was_confirmed_is_what_is_ordered(world: World):
    """A text approved, or a level changed, between the confirmation and the key: ask again."""
    case = signed(world)
    for confirmed in ("2026-11-01 blue", "2026-10-01 orange", ""):
        with pytest.raises(TransitionError) as refused:
            services.start(world.user("op-zd"), case.pk, "landslide", (), confirmed)
        assert refused.value.code == "changed"
    assert not PlanTask.every.exists()


def test_who_may_answer_a_task(world: World):
    started(world)
    with pytest.raises(PlanTask.DoesNotExist):
        services.answer(world.user("off-dd2"), task("guard").pk, "task_finish", "ordered")
    with pytest.raises(NotAllowedError):
        services.answer(world.user("audit"), task("guard").pk, "task_finish", "ordered")
    with pytest.raises(NotAllowedError):
        services.answer(world.user("off-dd1"), task("ambulance").pk, "task_finish", "ordered")


def test_the_second_to_answer_is_told_who_was_first(world: World):
    started(world)
    services.answer(world.user("off-dd1"), task("guard").pk, "task_acknowledge", "ordered")
    with pytest.raises(services.TaskConflictError) as refused:
        services.answer(world.user("lead-dd"), task("guard").pk, "task_not_needed", "ordered", "x")
    assert "off-dd1" in refused.value.zh
    assert task("guard").state == "acknowledged"


def race(*jobs) -> list[str]:
    """Run jobs at the same moment, each in a thread of its own; names of what they raised."""
    gate, out = threading.Barrier(len(jobs)), []

    def run(job) -> None:
        gate.wait()
        try:
            job()
            out.append("done")
        except Exception as error:
            out.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    return sorted(out)


def test_two_start_a_plan_at_once_and_one_plan_runs(threaded: World):
    case = signed(threaded)
    people = [threaded.user(name) for name in ("op-zd", "lead-dd")]
    found = race(
        *(
            lambda user=user: services.start(user, case.pk, "landslide", (), seen(case))
            for user in people
        )
    )
    assert found == ["TransitionError", "done"]
    case.refresh_from_db()
    assert len(case.machine["plans"]) == 1
    assert PlanTask.every.filter(task="guard").count() == 1


def test_two_finish_a_task_at_once_and_one_line_is_written(threaded: World):
    case = started(threaded)
    people = [threaded.user(name) for name in ("off-dd1", "lead-dd")]
    found = race(
        *(
            lambda user=user: services.answer(user, task("guard").pk, "task_finish", "ordered")
            for user in people
        )
    )
    assert found == ["TaskConflictError", "done"]
    assert case.events.filter(action="task_finish").count() == 1


def test_a_case_is_not_closed_over_open_tasks_unless_said_why(world: World):
    case = started(world)
    user = world.user("op-zd")
    case = act(user, case.pk, "control", case.version, measure="other")
    with pytest.raises(TransitionError) as refused:
        act(user, case.pk, "resolve", case.version, reason="已处置")
    assert refused.value.code == "open_tasks"
    assert "设置警戒" in refused.value.zh
    case.refresh_from_db()
    assert case.state == "controlled"
    case = act(user, case.pk, "resolve", case.version, reason="已处置", left="交通局接手")
    assert set(PlanTask.every.values_list("state", flat=True)) == {"left"}
    assert task("clear").reason == "交通局接手"


def test_an_answer_of_a_party_stands_in_no_operators_way(world: World):
    case = started(world)
    version = case.version
    services.answer(world.user("off-dd1"), task("guard").pk, "task_acknowledge", "ordered")
    case = act(world.user("op-zd"), case.pk, "control", version, measure="other")
    with pytest.raises(CaseConflictError):
        act(world.user("op-zd"), case.pk, "control", version, measure="other")


def test_an_overdue_task_is_told_to_the_unit_above_once(world: World):
    started(world)
    world.clock.advance(5 * 60 + 1)
    world.round()
    guard = task("guard")
    assert guard.missed == 1
    above = Notice.objects.filter(about=f"task:{guard.pk}", party__code="dd")
    assert above.count() == 1
    assert guard in PlanTask.every.at_desk(world.user("lead-dd"))
    assert guard not in PlanTask.every.at_desk(world.user("lead-xd"))
    world.round()
    assert above.count() == 1


def test_a_partner_sees_and_answers_its_own_tasks_only(world: World):
    """The highway operator of the world (pa-gs) on a plan that asks it for something."""
    case = signed(world, road_class="expressway")
    services.start(world.user("op-zd"), case.pk, "dense_fog", (), seen(case))
    client = world.client("pa-gs")
    # Its first task waits for the grade; nothing of ours shows.
    page = client.get("/tasks/?state=all").content.decode()
    own = set(PlanTask.every.filter(unit__code="gs").values_list("zh", flat=True))
    assert own
    others = set(PlanTask.every.exclude(unit__code="gs").values_list("zh", flat=True))
    assert all(one in page for one in own)
    assert not any(one in page for one in others)
    assert client.get(f"/cases/{case.pk}/").status_code == 403
    other = task("confirm")
    answer = {"action": "task_finish", "seen": "ordered"}
    assert client.post(f"/tasks/{other.pk}/act/", answer).status_code == 404
    services.answer(world.user("op-zd"), other.pk, "task_finish", "ordered")
    services.answer(world.user("op-zd"), task("grade").pk, "task_finish", "ordered")
    signs = task("signs")
    assert signs.state == "ordered"
    client.get("/tasks/")
    assert Receipt.objects.filter(task=signs.key, user__username="pa-gs").exists()
    assert client.post(f"/tasks/{signs.pk}/act/", answer).status_code == 302
    assert task("signs").by == str(world.user("pa-gs"))
    assert Case.objects.get().events.last().text_zh.find("代记") < 0


def test_the_desk_notes_what_a_partner_says_by_telephone(world: World):
    case = signed(world, road_class="expressway")
    services.start(world.user("op-zd"), case.pk, "dense_fog", (), seen(case))
    for name in ("confirm", "grade", "signs"):
        services.answer(world.user("op-zd"), task(name).pk, "task_finish", "ordered")
    assert "由指挥中心代记" in Case.objects.get().events.last().text_zh


def test_the_case_page_proposes_and_one_key_leads_to_the_confirmation(world: World):
    case = signed(world, rule="long_downgrade", measured_unit="degC")
    client = world.client("op-zd")
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert f'href="/cases/{case.pk}/plans/brake_failure/"' in page
    assert 'data-key="p"' in page
    page = client.get(f"/cases/{case.pk}/plans/brake_failure/").content.decode()
    assert "联系企业和驾驶人" in page
    assert "启动预案，下达任务" in page
    case.refresh_from_db()
    url = f"/cases/{case.pk}/plans/brake_failure/"
    assert client.post(url, {"asked": "1", "seen": "2026-11-01 x"}).status_code == 422
    assert client.post(url, {"asked": "1", "seen": seen(case)}).status_code == 302
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert 'data-run="brake_failure"' in page
    assert "启动长下坡" not in page, "what runs is not proposed again"


def test_facts_decide_who_is_called(world: World):
    case = signed(world)
    client = world.client("op-zd")
    url = f"/cases/{case.pk}/plans/chain_crash_fire/"
    quiet = client.get(f"{url}?asked=1").content.decode()
    burning = client.get(f"{url}?asked=1&fact=fire").content.decode()
    assert 'data-task="fire"' not in quiet
    assert 'data-task="fire"' in burning
    assert 'data-task="ambulance"' in burning


def changed_text(day: str = "2026-12-01") -> str:
    text = editing.text_of("landslide")
    return text.replace("from: 2026-11-01", f"from: {day}").replace("200米", "300米")


def test_a_text_is_drafted_by_one_and_approved_by_another(world: World):
    draft = editing.ask(world.user("op-zd"), "landslide", changed_text(), "本地坡高")
    assert book.in_force()["landslide"].version == "2026-11-01", "nothing holds before approval"
    with pytest.raises(TransitionError):
        editing.decide(world.user("op-zd"), draft, True)
    editing.decide(world.user("lead-zd"), draft, True, "同意")
    assert book.in_force()["landslide"].version == "2026-11-01", "its day has not come"
    world.clock.advance(9 * 86_400)
    held = book.in_force()["landslide"]
    assert held.version == f"2026-12-01-{draft.pk}"
    assert "300米" in held.tasks[0].zh
    entries = AuditEntry.objects.filter(object_type="response_plan").order_by("seq")
    assert [one.action for one in entries] == ["plan.ask", "plan.accepted"]


@pytest.mark.parametrize(
    ("text", "reason", "said"),
    [
        ("tasks: [", "r", "第 1 行不是有效的 YAML"),
        ("id: landslide", "r", "缺少 minutes"),
        (None, "", "理由"),
        ("same", "r", "已过"),
        ("past", "r", "已过"),
        ("other", "r", "全文里写的是"),
    ],
)
def test_a_text_with_a_mistake_is_refused_in_words(world: World, text, reason, said):
    world.clock.advance(2 * 86_400)
    given = {
        None: changed_text(),
        "same": editing.text_of("landslide"),
        "past": changed_text("2026-10-01"),
        "other": changed_text().replace("id: landslide\n", "id: other\n", 1),
    }.get(text, text)
    world.clock.advance(2 * 86_400)
    with pytest.raises(TransitionError, match=said):
        editing.ask(world.user("op-zd"), "landslide", given, reason)


def test_one_draft_waits_at_a_time_and_brigades_do_not_draft(world: World):
    editing.ask(world.user("op-zd"), "landslide", changed_text(), "r")
    with pytest.raises(TransitionError, match="等待批准"):
        editing.ask(world.user("lead-zd"), "landslide", changed_text("2026-12-02"), "r")
    with pytest.raises(TransitionError, match="支队"):
        editing.ask(world.user("lead-dd"), "school_gate", "x", "r")
    assert OwnPlan.objects.count() == 1


def test_pages_of_texts(world: World):
    draft = editing.ask(world.user("op-zd"), "landslide", changed_text(), "本地坡高")
    page = world.client("lead-zd").get("/responses/").content.decode()
    assert "修改待批准" in page
    page = world.client("lead-zd").get("/responses/landslide/").content.decode()
    assert "批准" in page
    url = f"/responses/landslide/{draft.pk}/"
    assert world.client("op-zd").post(url, {"decision": "accept"}).status_code == 409
    assert world.client("lead-zd").post(url, {"decision": "accept"}).status_code == 302
    assert world.client("off-dd1").post(url, {"decision": "accept"}).status_code == 403


def test_the_clock_is_the_levels(world: World):
    started(world)
    guard = task("guard")
    assert guard.acknowledge_by - guard.ordered_at == timedelta(minutes=5)
    assert guard.finish_by - guard.ordered_at == timedelta(minutes=30)
