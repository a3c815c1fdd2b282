"""A partner agency works the hazards that it has to put right, and sees no others."""

from __future__ import annotations

import pytest

from sizao.core.errors import TransitionError
from sizao.govern.hazards import allowed
from sizao.web.audit.models import AuditEntry
from sizao.web.channels import services as channels
from sizao.web.channels.models import Notice
from sizao.web.hazards import access, services
from sizao.web.hazards.models import Hazard, HazardNotice
from sizao.web.hazards.projection import state_of
from sizao.web.live.board import forget

from ..conftest import World
from ..reports.conftest import png
from .conftest import Found, Walk

THEIRS = {"grade": "ordinary", "duty_kind": "agency", "duty_name": "高速公路公司"}


@pytest.fixture
def assigned(found: Found, take: Walk) -> Hazard:
    """A hazard that the expressway's operator has to put right."""
    return take(found(), "assign", values=THEIRS)


def post(world: World, who: str, hazard: Hazard, action: str, **given) -> int:
    version = Hazard.objects.get(pk=hazard.pk).version
    return (
        world.client(who)
        .post(
            f"/rectify/{hazard.number}/act/",
            {"action": action, "version": version, **given},
        )
        .status_code
    )


def now(hazard: Hazard) -> Hazard:
    return Hazard.objects.get(pk=hazard.pk)


WHO = ("pa-gs", "pa-jt", "op-zd", "lead-dd", "off-dd1", "audit", "admin", "nobody")
MATRIX = {
    "/rectify/": (200, 200, 403, 403, 403, 403, 403, 403),
    "/rectify/{}/": (200, 404, 403, 403, 403, 403, 403, 403),
    "/rectify/{}/photos/1/": (200, 404, 403, 403, 403, 403, 403, 403),
    "/hazards/": (403, 403, 200, 200, 200, 200, 200, 200),
    "/hazards/{}/": (403, 403, 200, 200, 200, 200, 200, 404),
    "/hazards/{}/photos/1/": (403, 403, 200, 200, 200, 200, 200, 404),
}
STEPS = {
    # Of the duty body, of another agency, and what no agency may at all.
    "receive": (302, 404), "protect": (302, 404), "plan": (302, 404), "note": (302, 404),
    "ask": (302, 404), "accept": (403, 404), "delist": (403, 404), "extend": (403, 404),
    "assign": (403, 404), "merge": (422, 404), "dismiss": (403, 404), "reopen": (403, 404),
}  # fmt: skip


def test_who_opens_what(world: World, assigned: Hazard):
    for address, wanted in MATRIX.items():
        got = tuple(world.client(who).get(address.format(assigned.number)).status_code
                    for who in WHO)  # fmt: skip
        assert got == wanted, address


@pytest.mark.parametrize("action", STEPS)
def test_who_takes_which_step(world: World, assigned: Hazard, action: str):
    given = {"reason": "如实办理", "by": "养护一班", "deadline": "2027-01-04"}
    other, own = (post(world, who, assigned, action, **given) for who in ("pa-jt", "pa-gs"))
    assert (own, other) == STEPS[action]


def test_its_list_has_its_own_and_nothing_else(world: World, found: Found, assigned: Hazard):
    other = found(text="标志被遮挡", kind="signs", place="别处")
    page = world.client("pa-gs").get("/rectify/").content.decode()
    assert assigned.number in page
    assert other.number not in page
    assert "没有由本单位整改的隐患" in world.client("pa-jt").get("/rectify/").content.decode()
    assert world.client("pa-gs").get("/api/v1/hazards").status_code == 403


def test_control_without_the_scope_every_agency_sees_every_hazard(
    world: World, assigned: Hazard, monkeypatch: pytest.MonkeyPatch
):
    from django.db.models import Q

    from sizao.web.hazards import models

    monkeypatch.setattr(models, "visible_hazards", lambda user, prefix="": Q())
    assert world.client("pa-jt").get(f"/rectify/{assigned.number}/").status_code == 200
    # And even then the machine lets it take no step.
    assert post(world, "pa-jt", assigned, "plan", reason="x") == 403
    monkeypatch.setattr(access, "may_act", lambda user, hazard: True)
    monkeypatch.setattr(services, "may_act", lambda user, hazard: True)
    assert post(world, "pa-jt", assigned, "plan", reason="x") == 403
    monkeypatch.setattr(allowed, "_not_this_person", lambda hazard, step, actor: None)
    assert post(world, "pa-jt", assigned, "plan", reason="x") == 302, "the control"


def test_from_acknowledged_to_accepted_by_another(world: World, assigned: Hazard, take: Walk):
    assert post(world, "pa-gs", assigned, "receive") == 302
    assert state_of(now(assigned)).received_s is not None
    assert post(world, "pa-gs", assigned, "receive") == 422, "once"
    assert post(world, "pa-gs", assigned, "protect", reason="摆放锥桶", by="养护一班") == 302
    assert post(world, "pa-gs", assigned, "plan", reason="更换护栏，三日内完成") == 302
    assert post(world, "pa-gs", assigned, "rectify", reason="已更换", by="养护一班") == 422
    from django.core.files.uploadedfile import SimpleUploadedFile

    photo = SimpleUploadedFile("a.png", png(), "image/png")
    done = post(world, "pa-gs", assigned, "rectify", reason="已更换", by="养护一班", photos=photo)
    assert done == 302
    assert now(assigned).state == "rectified"
    assert post(world, "pa-gs", assigned, "accept", reason="合格") == 403
    assert AuditEntry.objects.filter(action="hazard.rectify").get().actor == "pa-gs"
    take(assigned, "accept", who="off-dd1")
    assert now(assigned).state == "accepted"


def test_an_extension_is_asked_for_and_somebody_above_answers(
    world: World, assigned: Hazard, take: Walk
):
    before = now(assigned).deadline
    assert post(world, "pa-gs", assigned, "ask", reason="材料未到", deadline="2026-12-31") == 302
    assert now(assigned).deadline == before, "asking moves nothing"
    assert post(world, "pa-gs", assigned, "ask", reason="再问", deadline="2027-01-04") == 422
    page = world.client("op-zd").get(f"/hazards/{assigned.number}/").content.decode()
    assert "data-asked" in page
    told = Notice.objects.filter(about=f"hazard:{assigned.number}", party__code="dd1")
    assert told.filter(text_zh__contains="申请延期").exists()
    take(assigned, "deny", who="lead-dd", reason="抓紧办理")
    assert state_of(now(assigned)).asked_s is None
    assert post(world, "pa-gs", assigned, "ask", reason="材料未到", deadline="2026-12-31") == 302
    take(assigned, "extend", who="lead-dd", values={"deadline": "2026-12-31"})
    assert now(assigned).deadline > before
    assert post(world, "pa-gs", assigned, "ask", reason="又问", deadline="2027-01-29") == 422


def test_two_of_an_agency_at_once_and_the_second_is_told(world: World, assigned: Hazard):
    version = assigned.version
    client = world.client("pa-gs")
    at = f"/rectify/{assigned.number}/act/"
    assert client.post(at, {"action": "receive", "version": version}).status_code == 302
    answer = client.post(at, {"action": "note", "version": version, "reason": "x"})
    assert answer.status_code == 409


def test_it_is_told_by_its_channels_with_receipts_and_a_link(world: World, assigned: Hazard):
    notice = Notice.objects.get(about=f"hazard:{assigned.number}", party__code="gs")
    assert notice.acknowledge_by is not None
    page = world.client("pa-gs").get(f"/partner/{notice.pk}/").content.decode()
    assert f"/rectify/{assigned.number}/" in page
    row = HazardNotice.objects.get(hazard=assigned, unit__code="gs")
    assert (row.sent, row.read_at) == (notice, None)
    world.client("pa-gs").get(f"/rectify/{assigned.number}/")
    row.refresh_from_db()
    assert row.read_at is not None
    assert notice.deliveries.get(channel="inbox").state == "read"
    post(world, "pa-gs", assigned, "receive")
    notice.refresh_from_db()
    assert notice.acknowledged_by == world.user("pa-gs")


def test_unanswered_the_police_unit_hears(world: World, assigned: Hazard):
    world.clock.advance(25 * 3600)
    for _ in range(6):
        world.round()
        world.clock.advance(25 * 3600)
    assert Notice.objects.filter(party__code="zd", title_zh__contains="未确认").exists()


@pytest.mark.parametrize("action", ["delist", "reopen"])
def test_everybody_concerned_hears_of_the_end_and_of_a_reopening(
    world: World, assigned: Hazard, take: Walk, action: str
):
    for step in ("receive", "plan"):
        post(world, "pa-gs", assigned, step, reason="如实办理")
    services.act(
        world.user("pa-gs"), assigned.number, "rectify", now(assigned).version,
        reason="已更换", values={"by": "养护一班"}, photos=[png()],
    )  # fmt: skip
    take(assigned, "accept", who="off-dd1")
    take(assigned, "delist", who="lead-dd")
    theirs = Notice.objects.filter(about=f"hazard:{assigned.number}", party__code="gs")
    (left,) = theirs.filter(lifted_at=None)
    assert "销号" in left.text_zh, "only what tells of the end is still to be read"
    if action == "reopen":
        take(assigned, "reopen", who="lead-dd")
    seq = now(assigned).version
    told = HazardNotice.objects.filter(hazard=assigned, seq=seq).select_related("unit", "sent")
    parties = {one.unit.code for one in told if one.unit}
    assert "gs" in parties
    assert all(one.sent is not None for one in told if one.unit)


def test_what_a_partner_reads_names_no_officer_and_no_phone(world: World, assigned: Hazard):
    services.act(
        world.user("lead-dd"), assigned.number, "note", now(assigned).version,
        reason="联系人 13912345678",
    )  # fmt: skip
    page = world.client("pa-gs").get(f"/rectify/{assigned.number}/").content.decode()
    assert "13912345678" not in page
    assert "lead-dd" not in page
    assert "交警" in page
    shown = world.client("op-zd").get(f"/hazards/{assigned.number}/").content.decode()
    assert "lead-dd" in shown, "control"


def test_an_agency_without_account_is_told_by_somebody_as_before(found: Found, take: Walk):
    one = take(found(), "assign", values={**THEIRS, "duty_name": "虚构养护段"})
    assert one.duty_party is None
    assert HazardNotice.objects.get(hazard=one, party="虚构养护段").sent is None


def test_the_partner_cannot_be_answered_for(world: World, assigned: Hazard):
    """A notice to an agency is acknowledged by its own accounts only."""
    notice = Notice.objects.get(about=f"hazard:{assigned.number}", party__code="gs")
    with pytest.raises(TransitionError):
        channels.acknowledge(world.user("op-zd"), notice.pk, notice.version)


def test_raised_from_a_case_and_from_a_vehicle_of_the_fleet(world: World):
    case = world.raise_case()
    client = world.client("op-dd")
    assert f"/hazards/new/?case={case.number}" in client.get(f"/cases/{case.pk}/").content.decode()
    page = client.get(f"/hazards/new/?case={case.number}").content.decode()
    assert case.place in page
    given = {"case": case.number, "kind": "sight", "text": "视距不良", "lat": str(case.lat),
             "lon": str(case.lon)}  # fmt: skip
    assert client.post("/hazards/new/", given).status_code == 302
    made = Hazard.objects.get()
    assert (made.origin, made.origin_ref) == ("crash", case.number)
    world.board({"vehicle": case.vehicle})
    forget()
    page = client.get(f"/vehicles/{case.vehicle}/").content.decode()
    assert f"/hazards/new/?vehicle={case.vehicle}" in page
    page = client.get(f"/hazards/new/?vehicle={case.vehicle}").content.decode()
    assert "虚构货运一公司" in page
    given = {"vehicle": case.vehicle, "kind": "enterprise", "text": "动态监控不落实",
             "enterprise": "虚构货运一公司"}  # fmt: skip
    assert client.post("/hazards/new/", given).status_code == 302
    assert Hazard.objects.get(kind="enterprise").origin == "freight"
