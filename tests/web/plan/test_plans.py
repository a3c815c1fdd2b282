"""Patrol plans in the browser: ordered, seen by whom and when, changed, approved by another."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.html import escape

from sizao.core.errors import ConfigError, ConflictError
from sizao.web.audit.models import AuditEntry
from sizao.web.plan import access, changing, files, jobs, services
from sizao.web.plan.models import Plan
from tests.web.conftest import World

from .conftest import FIRST


def test_a_plan_has_stays_coverage_and_keeps_its_seed(world: World, plan: Plan) -> None:
    assert plan.stays.filter(activity="patrol").count() > 10
    assert plan.stays.filter(activity="drink_driving").count() == 1
    assert 0 < plan.summary["covered"] <= plan.summary["bound"]
    left = {path.name for path in files.folder(plan).iterdir()}
    assert left == {"coverage.npz"}  # the order with the seed in it is gone
    page = world.client("lead-dd").get(f"/plans/{plan.pk}/")
    assert page.status_code == 200
    assert plan.seed not in page.content.decode()
    assert plan.commitment in page.content.decode()


def test_a_plan_is_secret_until_its_shift_is_over(world: World, plan: Plan) -> None:
    services.approve(world.user("lead-dd"), plan.pk)
    plan.refresh_from_db()
    every = plan.stays.count()

    def seen(who: str) -> int:
        return access.stays_for(world.user(who), plan, world.now).count()

    assert seen("op-dd") == seen("lead-zd") == every
    assert seen("off-dd1") == every  # it is all theirs
    assert seen("off-dd2") == seen("audit") == 0
    page = world.client("off-dd2").get(f"/plans/{plan.pk}/")
    assert page.status_code == 200
    assert "保密" in page.content.decode()
    assert "data-stays" not in page.content.decode()
    assert world.client("lead-xd").get(f"/plans/{plan.pk}/").status_code == 404

    first = plan.stays.order_by("shift_end").first()
    world.clock.now_s = (first.shift_end + timedelta(seconds=1)).timestamp()
    over = plan.stays.filter(shift=first.shift).count()
    assert seen("off-dd2") == seen("audit") == over
    assert 0 < over < every


def test_a_draft_is_not_shown_to_those_who_only_work_it(world: World, plan: Plan) -> None:
    assert world.client("off-dd1").get(f"/plans/{plan.pk}/").status_code == 404
    assert world.client("audit").get(f"/plans/{plan.pk}/").status_code == 404


def test_another_leader_approves(world: World, plan: Plan) -> None:
    for who in ("op-dd", "off-dd1", "lead-xd"):
        with pytest.raises(ConflictError):
            services.approve(world.user(who), plan.pk)
    Plan.objects.filter(pk=plan.pk).update(by="lead-dd")
    with pytest.raises(ConflictError):
        services.approve(world.user("lead-dd"), plan.pk)
    assert access.may_approve(world.user("op-zd"), plan)  # the command above
    answer = world.client("lead-zd").post(f"/plans/{plan.pk}/act/", {"action": "approve"})
    assert answer.status_code == 302
    plan.refresh_from_db()
    assert (plan.state, plan.approved_by) == ("approved", "lead-zd")
    assert AuditEntry.objects.filter(action="approve", object_type="plan").count() == 1


def test_a_change_says_its_effect_and_needs_approval_again(world: World, plan: Plan) -> None:
    services.approve(world.user("lead-dd"), plan.pk)
    # Some visit has a neighbour that its crew can still drive to in time.
    stay, post = next(
        (stay, post)
        for stay in plan.stays.filter(activity="patrol")
        for post, _ in changing.choices(plan, stay)
        if changing.effect(plan, stay, post).late_min == 0
    )
    found = changing.effect(plan, stay, post)
    part = world.client("op-dd").get(f"/plans/{plan.pk}/?part=effect&stay={stay.pk}&post={post}")
    assert f"{found.after * 100:.1f} %" in part.content.decode()
    answer = world.client("lead-dd").post(
        f"/plans/{plan.pk}/act/", {"action": "change", "stay": stay.pk, "post": post}
    )
    assert answer.status_code == 302
    plan.refresh_from_db()
    stay.refresh_from_db()
    assert (plan.state, plan.approved_by, stay.post) == ("draft", "", post)
    assert plan.summary["covered"] == pytest.approx(found.after)
    # Who changed it does not approve it.
    assert not access.may_approve(world.user("lead-dd"), plan)
    assert access.may_approve(world.user("lead-zd"), plan)
    # Coverage counted again from all stays is what the changes added up to.
    back = changing.effect(plan, stay, post)
    assert back.after == pytest.approx(back.before)


def test_a_visit_that_is_over_or_out_of_time_is_not_changed(world: World, plan: Plan) -> None:
    stay = plan.stays.filter(activity="patrol").first()
    late = [
        post
        for post in range(len(files.coverage(plan).lat))
        if changing.effect(plan, stay, post).late_min > 0
    ]
    if late:
        with pytest.raises(ConfigError, match="min late"):
            changing.change(world.user("op-dd"), plan.pk, stay.pk, late[0])
    with pytest.raises(ConfigError, match="no post 9999"):
        changing.effect(plan, stay, 9999)
    world.clock.now_s = (stay.arrive + timedelta(minutes=1)).timestamp()
    with pytest.raises(ConflictError):
        changing.change(world.user("op-dd"), plan.pk, stay.pk, stay.post)


def test_the_export_holds_what_one_may_see(world: World, plan: Plan) -> None:
    services.approve(world.user("lead-dd"), plan.pk)
    whole = world.client("op-dd").get(f"/plans/{plan.pk}/plan.csv").content.decode()
    assert whole.count("\n") == plan.stays.count() + 1
    none = world.client("off-dd2").get(f"/plans/{plan.pk}/plan.csv").content.decode()
    assert none.count("\n") == 1
    assert AuditEntry.objects.filter(action="export").count() == 2


def test_what_cannot_be_ordered_is_said(world: World, plan: Plan) -> None:
    user = world.user("op-dd")
    past = timezone.localdate(world.now) - timedelta(days=1)
    for given in (
        {"first": past, "days": 7, "crews": ["dd1"]},
        {"first": FIRST, "days": 30, "crews": ["dd1"]},
        {"first": FIRST, "days": 7, "crews": ["xd1"]},  # another brigade's
    ):
        with pytest.raises(ConfigError):
            services.open_plan(user, **given)
    answer = world.client("op-dd").post("/plans/order/", {"first": "x", "crew": "dd1"})
    assert answer.status_code == 422
    given = {"first": f"{past}", "days": "7", "crew": "dd1"}
    answer = world.client("op-dd").post("/plans/order/", given)
    assert answer.status_code == 422
    assert answer.context["problem"] == "首日已经过了，请选今天或以后的一天。"
    assert world.client("off-dd1").post("/plans/order/", {}).status_code == 403


def test_a_plan_left_unfinished_is_closed(world: World, plan: Plan) -> None:
    Plan.objects.filter(pk=plan.pk).update(state="making")
    services.mend(())
    plan.refresh_from_db()
    assert plan.state == "failed"
    assert not files.folder(plan).exists()
    client = world.client("op-dd")
    page = client.get(f"/plans/{plan.pk}/").content.decode()
    assert "没有编成" in page
    assert "程序在运行中停止，请重新开始。" in page
    assert "原文" not in page
    client.cookies["django_language"] = "en"
    assert "start it again." in client.get(f"/plans/{plan.pk}/").content.decode()


def test_a_failure_is_written_down(world: World, plan: Plan) -> None:
    again = services.open_plan(world.user("op-dd"), first=FIRST, days=1, crews=["dd1"])
    (world.data.network).unlink()
    jobs.do(again.pk)
    again.refresh_from_db()
    assert again.state == "failed"
    assert again.error
    page = world.client("op-dd").get(f"/plans/{again.pk}/").content.decode()
    assert page.index("常见原因") < page.index("可以再试一次") < page.index("sz-formula")
    assert f'lang="en">{escape(again.error)}<' in page, "folded away, for who is asked about it"


def test_the_list_shows_the_form_to_those_who_may(world: World, plan: Plan) -> None:
    assert "plan-order" not in world.client("off-dd1").get("/plans/").content.decode()
    page = world.client("op-dd").get("/plans/").content.decode()
    assert 'name="crew"' in page
    assert f'data-plan="{plan.pk}"' in page


def test_an_english_reader_reads_english_names(world: World, plan: Plan) -> None:
    client = world.client("op-dd")
    client.cookies["django_language"] = "en"
    for page in ("/plans/", f"/plans/{plan.pk}/"):
        text = client.get(page).content.decode()
        assert "East Brigade" in text
        assert "东区大队" not in text.replace("op-dd", "").partition("<main")[2]
    form = client.get("/plans/").content.decode()
    assert "East 1st" in form
    assert "东区一中队" not in form
    stay = plan.stays.exclude(activity="break").last()
    assert stay is not None
    page = client.get(f"/plans/{plan.pk}/?stay={stay.pk}&crew={stay.crew}").content.decode()
    assert "data-week" in page
    assert page.count("East 1st") >= 3  # the week, its shift, and the visit in hand
    assert "东区一中队" not in page


def test_the_process_of_its_own_makes_the_plan_too(world: World, plan: Plan) -> None:
    """Without the shortcut of the other tests: the child has no Django to lean on."""
    again = services.open_plan(world.user("op-dd"), first=FIRST, days=1, crews=["dd1"])
    made = services.make(again.pk)
    assert (made.state, made.error) == ("draft", "")
    assert made.stays.exists()
