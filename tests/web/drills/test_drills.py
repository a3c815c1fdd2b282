"""Drills: marked everywhere, nothing real is sent or counted; each safeguard with its control."""

from __future__ import annotations

import re

import pytest

from sizao.core.errors import TransitionError
from sizao.feeds.cap import encode
from sizao.respond.drills import script as scripts
from sizao.web.cap.document import alert_of
from sizao.web.cases.errors import NotAllowedError
from sizao.web.cases.models import Assignment, Case
from sizao.web.cases.services import act
from sizao.web.channels.models import Delivery, Notice
from sizao.web.drills import services
from sizao.web.drills.models import Drill
from sizao.web.drills.scoring import scored
from sizao.web.field import services as field
from sizao.web.field.tasks import tasks_of
from sizao.web.indicators.services import records
from sizao.web.measures.models import ControlMeasure
from sizao.web.response import services as response
from sizao.web.response.models import PlanTask
from sizao.web.units.models import PatrolUnit
from sizao.web.warnings.models import Warning
from tests.web.conftest import World

pytestmark = pytest.mark.django_db


def running(world: World, name: str = "landslide") -> Case:
    """The landslide drill, its first inject played in."""
    services.start(world.user("op-zd"), services.of_name(name))
    world.round()
    return Case.every.exclude(drill=None).get()


def drilled(world: World) -> Case:
    """... signed, dispatched, with a plan."""
    case = running(world)
    user = world.user("op-zd")
    case = act(user, case.pk, "sign", case.version)
    case = act(user, case.pk, "dispatch", case.version, units=["东一01"])
    return response.start(user, case.pk, "landslide", (), f"2026-11-01 {case.level_code}")


def test_the_script_is_played_in_at_its_minutes(world: World):
    case = running(world)
    assert case.number == "YL20261123-01-1"
    assert Drill.objects.get().played == 1
    world.clock.advance(4 * 60)
    world.round()
    case.refresh_from_db()
    assert case.events.last().text_zh == "情况通报：村民称一辆面包车可能被埋"
    world.clock.advance(21 * 60)
    world.round()
    case.refresh_from_db()
    assert case.level_code == "red"
    assert Drill.objects.get().next_at is None
    assert Case.every.count() == 1


def test_at_twice_the_speed_in_half_the_time(world: World):
    services.start(world.user("op-zd"), services.of_name("landslide"), 2)
    world.clock.advance(125)
    world.round()
    assert Drill.objects.get().played == 2


def test_real_and_drill_never_mix(world: World):
    real = world.raise_case()
    case = drilled(world)
    user = world.user("op-zd")
    start, end = case.raised_at.replace(year=2000), case.raised_at.replace(year=2100)
    assert [one.case for one in records(user, start, end)] == [real.number]
    assert list(Case.objects.all()) == [real]
    assert not PlanTask.objects.exists()
    assert PlanTask.every.exists()
    assert not Warning.objects.filter(case=case).exists()
    client = world.client("op-zd")
    for page in ("/wall/", "/", "/search/?q=YL2026", "/indicators/"):
        assert case.number not in client.get(page).content.decode(), page
    for path in ("/api/v1/cases", "/api/v1/warnings"):
        items = client.get(path, **world.bearer("op-zd")).json()["items"]
        assert len(items) == 1, path
    assert case.number not in client.get("/cap/feed.xml").content.decode()


def test_real_and_drill_control(world: World):
    """Asked for every case, the indicators' own query would count the drill."""
    world.raise_case()
    running(world)
    assert Case.every.for_user(world.user("op-zd")).count() == 2
    assert Case.objects.for_user(world.user("op-zd")).count() == 1


def test_marked_on_every_page_of_it_and_in_lists(world: World):
    case = drilled(world)
    client = world.client("op-zd")
    drill = Drill.objects.get()
    for page in (
        f"/cases/{case.pk}/",
        f"/cases/{case.pk}/?part=live",
        f"/cases/{case.pk}/plans/",
        f"/cases/{case.pk}/plans/hazmat_leak/",
        f"/drills/{drill.pk}/",
        "/drills/",
    ):
        assert f'data-drill="{drill.number}"' in client.get(page).content.decode(), page
    for page, who in (("/inbox/", "op-zd"), ("/cases/", "op-zd"), ("/tasks/", "off-dd2")):
        text = world.client(who).get(page).content.decode()
        assert "演练</span>" in text, page
    real = world.raise_case()
    assert "data-drill=" not in client.get(f"/cases/{real.pk}/").content.decode()


def test_cap_says_exercise(world: World):
    case = running(world)
    warning = Warning.every.get(case=case)
    text = encode(alert_of(warning))
    text = text.decode() if isinstance(text, bytes) else text
    assert "<status>Exercise</status>" in text
    assert "演练" in text
    real = world.raise_case()
    text = encode(alert_of(Warning.objects.get(case=real)))
    assert "<status>Actual</status>" in (text.decode() if isinstance(text, bytes) else text)


def test_nothing_is_sent_and_no_patrol_is_taken(world: World):
    case = drilled(world)
    assert not Assignment.objects.exists()
    assert PatrolUnit.objects.get(call_sign="东一01").state == PatrolUnit.State.AVAILABLE
    assert case.machine["units"] == ["东一01"]
    notices = Notice.objects.filter(case=case)
    assert notices.exists()
    assert all(one.exercise for one in notices)
    outside = Delivery.objects.filter(notice__in=notices).exclude(channel__in=("inbox", "browser"))
    assert not outside.exclude(state="cancelled").exists()
    client = world.client("op-zd")
    assert client.get(f"/measures/new/?case={case.pk}").status_code == 404


def test_no_text_reaches_a_terminal(world: World, monkeypatch: pytest.MonkeyPatch):
    case = running(world)
    Case.every.filter(pk=case.pk).update(vehicle="19800000001")
    user = world.user("op-zd")
    sent: list[int] = []
    monkeypatch.setattr(
        "sizao.web.cases.services.order_for_case", lambda case, *rest: sent.append(case.pk)
    )
    case = act(user, case.pk, "sign", case.version)
    case = act(user, case.pk, "control", case.version, text="请减速")
    assert sent == []
    # Control: the very same steps on a real case send it.
    Case.every.filter(pk=case.pk).update(drill=None)
    act(user, case.pk, "control", case.version, text="请减速")
    assert sent == [case.pk]


def test_who_may_run_one_and_only_one_at_a_time(world: World):
    for who in ("op-dd", "off-dd1", "audit", "admin"):
        with pytest.raises(NotAllowedError):
            services.start(world.user(who), services.of_name("landslide"))
    running(world)
    with pytest.raises(TransitionError, match="还没有结束"):
        services.start(world.user("lead-zd"), services.of_name("landslide"))


def test_after_the_end_nothing_is_played_and_no_clock_runs(world: World):
    case = drilled(world)
    drill = services.end(world.user("op-zd"), Drill.objects.get())
    before = case.events.count()
    world.clock.advance(7200)
    world.round()
    assert case.events.count() == before
    assert case.number not in world.client("op-zd").get("/inbox/").content.decode()
    assert case.number not in world.client("off-dd2").get("/tasks/").content.decode()
    with pytest.raises(TransitionError):
        services.end(world.user("op-zd"), drill)


def test_clocks_of_a_running_drill_run_out_like_any(world: World):
    case = running(world)
    world.clock.advance(3600)
    world.round()
    assert case.events.filter(action="escalate").exists()


def test_a_past_case_is_replayed(world: World):
    real = world.raise_case(severity="ge70", measured=120.0)
    services.start(world.user("op-zd"), services.of_name(f"case:{real.number}"))
    world.round()
    case = Case.every.exclude(drill=None).get()
    assert (case.kind, case.place, case.level) == (real.kind, real.place, real.level)
    assert case.plate == case.vehicle == "", "nobody's plate is in a drill"
    with pytest.raises(TransitionError, match="没有案件"):
        services.of_name("case:x")


def test_the_score_says_who_knew_what_when(world: World):
    case = drilled(world)
    world.clock.advance(60)
    world.client("off-dd2").get("/tasks/")
    guard = PlanTask.every.get(case=case, task="guard")
    assert guard.unit.code == "dd2"
    world.clock.advance(60)
    response.answer(world.user("off-dd2"), guard.pk, "task_acknowledge", "ordered")
    case.refresh_from_db()
    found = {one.zh: one for _, _, one in scored([case]).tasks}
    one = found[guard.zh]
    assert (one.opened_s - one.told_s, one.acknowledged_s - one.told_s) == (60, 120)
    page = world.client("op-zd").get(f"/drills/{Drill.objects.get().pk}/").content.decode()
    assert "只评单位，不评个人" in page
    assert str(world.user("off-dd2")) not in page


def test_a_refused_script_stays_in_sight(world: World):
    """It stood in a fold that was closed again, beside another script and another speed."""
    given = {"script": "landslide", "text": "injects: [", "speed": "5"}
    page = world.client("op-zd").post("/drills/start/", given).content.decode()
    fold = page[page.index("<details", page.index('name="case"')) :]
    assert fold[: fold.index(">")].split() == ["<details", "open"]
    assert "injects: [" in fold[: fold.index("</details>")]
    chosen = re.findall(r'<option value="([^"]*)"\s+selected>', page)
    assert chosen == ["landslide", "5"]


def test_pages_start_and_end_one(world: World):
    client = world.client("op-zd")
    assert client.post("/drills/start/", {"case": "nothing"}).status_code == 422
    assert client.post("/drills/start/", {"text": "injects: ["}).status_code == 422
    answer = client.post("/drills/start/", {"script": "chain_crash_fire", "speed": "5"})
    drill = Drill.objects.get()
    assert answer.headers["Location"] == f"/drills/{drill.pk}/"
    assert drill.speed == 5
    assert world.client("off-dd1").post(f"/drills/{drill.pk}/end/").status_code == 403
    assert client.post(f"/drills/{drill.pk}/end/").status_code == 302
    assert client.post(f"/drills/{drill.pk}/end/").status_code == 409
    assert list(scripts.texts()) == ["chain_crash_fire", "landslide"]


def named(world: World) -> Case:
    """A drill in which a patrol of the place's squadron was named."""
    case = drilled(world)
    return act(world.user("op-zd"), case.pk, "dispatch", case.version, units=["东二01"])


def test_the_map_and_the_phone_show_a_drill_that_runs_and_say_so(world: World):
    real = world.raise_case()
    case = named(world)
    page = world.client("op-zd").get("/?part=live").content.decode()
    assert page.count("data-drill") == 1
    assert f'data-row="{case.pk}"' in page
    assert f'data-row="{real.pk}"' in page
    assert 'data-word="演练 ' in page
    assert "data-drill" not in world.client("op-zd").get("/wall/").content.decode()
    (task,) = [one for one in tasks_of(world.user("off-dd2")) if one["id"] == case.pk]
    assert task["drill"]
    assert tasks_of(world.user("off-xd1")) == []
    services.end(world.user("op-zd"), Drill.objects.get())
    assert "data-drill" not in world.client("op-zd").get("/?part=live").content.decode()
    assert not [one for one in tasks_of(world.user("off-dd2")) if one["drill"]]


def test_from_the_phone_a_drill_goes_on_and_nothing_stands_on_the_road(world: World):
    case = named(world)
    user = world.user("off-dd2")
    for action in ("arrive", "measure"):
        case.refresh_from_db()
        answer = field.take(
            user, {"client_id": f"phone-{action}", "case": case.pk, "action": action,
                   "version": case.version, "kind": "closure"},
        )  # fmt: skip
        assert answer["result"] == "done", answer
    case.refresh_from_db()
    assert case.state == "controlled"
    assert "演练：封闭" in case.events.order_by("seq").last().text_zh
    assert not ControlMeasure.objects.exists()


def test_control_an_officer_who_was_not_named_does_not_act_in_it(world: World):
    running(world)
    assert not [one for one in tasks_of(world.user("off-dd2")) if one["drill"]]
