"""Files, findings, documents, and the board at a past moment against what it was."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from django.utils import timezone

from sizao.core.errors import TransitionError
from sizao.web.audit.models import AuditEntry
from sizao.web.cases.errors import NotAllowedError
from sizao.web.cases.models import Case
from sizao.web.cases.services import act
from sizao.web.cases.timeline import check
from sizao.web.drills import services as drills
from sizao.web.evidence.wanted import Wanted
from sizao.web.response import services as response
from sizao.web.response.models import PlanTask
from sizao.web.review import services
from sizao.web.review.board import cases_at, units_at
from sizao.web.review.models import Attachment
from tests.web.conftest import World
from tests.web.reports.conftest import png

pytestmark = pytest.mark.django_db


def handled(world: World) -> Case:
    """A case with a plan that is deviated from, resolved over open tasks."""
    case = world.raise_case(severity="ge70", measured=120.0)
    user = world.user("op-zd")
    case = act(user, case.pk, "sign", case.version)
    case = response.start(user, case.pk, "landslide", (), f"2026-11-01 {case.level_code}")
    world.clock.advance(60)
    guard = PlanTask.every.get(task="guard")
    response.answer(world.user("off-dd1"), guard.pk, "task_deviate", "ordered", "只封一端")
    case.refresh_from_db()
    case = act(user, case.pk, "dispatch", case.version, units=["东一01"])
    world.clock.advance(600)
    case = act(user, case.pk, "arrive", case.version)
    return act(user, case.pk, "resolve", case.version, reason="已清理", left="交通局接手")


def test_a_file_is_kept_named_by_its_hash_and_in_the_chain(world: World):
    case = world.raise_case()
    made = services.attach(world.user("off-dd1"), case, "现场.png", png(), "路面")
    case.refresh_from_db()
    event = case.events.last()
    assert event.data["details"]["evidence"] == made.evidence
    assert check(case).intact
    assert services.attach(world.user("op-zd"), case, "again.png", png()).pk == made.pk
    assert case.events.count() == 2, "the same file twice is one line"
    assert Wanted(world.now).why(made.evidence, "", "", world.now) == "case"
    client = world.client("op-zd")
    answer = client.get(f"/cases/{case.pk}/files/{made.pk}/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert AuditEntry.objects.filter(action="case.file", actor="op-zd").count() == 1
    assert world.client("lead-xd").get(f"/cases/{case.pk}/files/{made.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.exe", b"MZ"), ("a.pdf", b"<html>"), ("a.docx", b"x"), ("a", b"%PDF-1"), ("a.png", b"")],
)
def test_what_is_no_photo_or_document_is_refused(world: World, name: str, data: bytes):
    case = world.raise_case()
    with pytest.raises(TransitionError):
        services.attach(world.user("op-zd"), case, name, data)
    assert not Attachment.objects.exists()
    assert case.events.count() == 1


def test_files_and_findings_are_for_who_may_act(world: World):
    case = world.raise_case()
    for who in ("audit", "off-dd2"):
        with pytest.raises(NotAllowedError):
            services.attach(world.user(who), case, "a.png", png())
        with pytest.raises(NotAllowedError):
            services.find(world.user(who), case, "x")


def test_a_finding_with_an_action_needs_owner_and_day(world: World):
    case = world.raise_case()
    user = world.user("lead-dd")
    with pytest.raises(TransitionError, match="期限"):
        services.find(user, case, "警戒不足", "配发警示牌")
    made = services.find(user, case, "警戒不足", "配发警示牌", "东区大队", date(2026, 12, 1))
    case.refresh_from_db()
    assert "配发警示牌" in case.events.last().text_zh
    with pytest.raises(TransitionError):
        services.finish(user, made, " ")
    services.finish(user, made, "已配发20块")
    with pytest.raises(TransitionError, match="已确认"):
        services.finish(world.user("op-zd"), made, "again")
    assert check(case).intact


def test_a_finding_stands_in_no_operators_way(world: World):
    case = world.raise_case()
    seen = case.version
    services.find(world.user("lead-dd"), case, "x")
    act(world.user("op-zd"), case.pk, "sign", seen)


def test_the_review_page_and_its_documents(world: World):
    case = handled(world)
    client = world.client("op-zd")
    page = client.get(f"/cases/{case.pk}/review/").content.decode()
    assert "只封一端" in page
    assert "交通局接手" in page
    assert 'data-clock="sign"' in page
    made = client.get(f"/cases/{case.pk}/review.pdf")
    assert made.content.startswith(b"%PDF-")
    word = client.get(f"/cases/{case.pk}/review.docx")
    from docx import Document

    tables = Document(io.BytesIO(word.content)).tables
    text = "\n".join(cell.text for table in tables for row in table.rows for cell in row.cells)
    assert "设置警戒" in text
    moment = f"{timezone.localtime(case.raised_at):%Y-%m-%d %H:%M}"
    assert moment in text, "a paper is read in other years"
    assert str(world.user("off-dd1")) not in text, "units are judged, not people"
    assert AuditEntry.objects.filter(action="case.review_file").count() == 2
    assert client.get(f"/cases/{case.pk}/review.exe").status_code == 404


def test_costs_come_from_the_patrols_sent(world: World):
    case = handled(world)
    spent = services.costs_of(case)
    assert spent.vehicle_min == 10
    assert spent.person_min == 20
    assert not spent.going_on


def test_the_board_at_any_past_moment_is_what_it_was(world: World):
    """Snapshots of the rows as they were kept, against the board played again from events."""
    user = world.user("op-zd")
    snapshots = []

    def snap() -> None:
        rows = Case.objects.filter(closed=False)
        patrols = {one.call_sign: one.state for one, _ in units_at(user, world.now)}
        snapshots.append((world.now, {one.number: one.machine for one in rows}, patrols))
        world.clock.advance(30)

    snap()
    first = world.raise_case()
    snap()
    first = act(user, first.pk, "sign", first.version)
    snap()
    first = act(user, first.pk, "dispatch", first.version, units=["东一01"])
    snap()
    second = world.raise_case(vehicle="19800000002", severity="ge70", measured=120.0)
    second = act(user, second.pk, "sign", second.version)
    response.start(user, second.pk, "landslide", (), f"2026-11-01 {second.level_code}")
    snap()
    world.clock.advance(3600)
    world.round()
    snap()
    first.refresh_from_db()
    first = act(user, first.pk, "arrive", first.version)
    first = act(user, first.pk, "resolve", first.version, reason="r")
    snap()
    act(world.user("lead-zd"), first.pk, "verify", first.version)
    snap()
    drills.start(user, drills.of_name("landslide"))
    world.round()
    snap()
    assert len(snapshots) == 9
    for at, kept, patrols in snapshots:
        again = {one.state.id: one.state.to_dict() for one in cases_at(user, at)}
        assert again == kept, at
        now_known = {one.call_sign: state for one, state in units_at(user, at) if state}
        for call_sign, state in now_known.items():
            assert patrols[call_sign] == state
    assert len(cases_at(user, snapshots[4][0])) == 2
    assert cases_at(user, snapshots[4][0] - timedelta(days=1)) == []


def test_the_board_shows_only_what_the_unit_may_see(world: World):
    world.raise_case()
    assert len(cases_at(world.user("lead-dd"), world.now)) == 1
    assert cases_at(world.user("lead-xd"), world.now) == []


def test_the_boards_page_and_its_slider(world: World):
    case = world.raise_case()
    raised = world.now
    client = world.client("op-zd")
    world.clock.advance(600)
    act(world.user("op-zd"), case.pk, "sign", case.version)
    local = (raised + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S")
    page = client.get("/board/", {"at": local}).content.decode()
    assert 'data-state="raised"' in page
    page = client.get("/board/").content.decode()
    assert 'data-state="signed"' in page
    begin = int((raised - timedelta(hours=1)).timestamp())
    page = client.get("/board/", {"begin": begin, "minute": 30, "part": "board"}).content.decode()
    assert "当时没有未结的案件" in page
    assert client.get("/board/", {"at": "yesterday"}).status_code == 200
    assert client.get("/board/", {"at": "2026-13-45T99:00"}).status_code == 200
