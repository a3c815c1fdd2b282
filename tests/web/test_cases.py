"""Acting on cases: the whole path, who may, and two people at once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from sizao.core.errors import TransitionError
from sizao.web.audit.models import AuditEntry
from sizao.web.audit.services import verify_chain
from sizao.web.cases import services
from sizao.web.cases.errors import CaseConflictError, NotAllowedError
from sizao.web.cases.models import Case
from sizao.web.cases.projection import state_of
from sizao.web.cases.queries import next_steps, propose_units, remaining
from sizao.web.measures.models import TerminalText
from sizao.web.units.models import PatrolUnit

from .conftest import EAST, World


def act(world: World, name: str, action: str, **details):
    case = Case.objects.get()
    return services.act(world.user(name), case.pk, action, case.version, **details)


def test_from_warning_to_verified_with_every_step_on_record(world: World):
    world.raise_case()
    act(world, "op-zd", "sign")
    case = act(world, "op-zd", "dispatch", units=["东一01"])
    patrol = PatrolUnit.objects.get(call_sign="东一01")
    assert (patrol.state, patrol.case) == ("assigned", case)
    world.clock.advance(120)
    act(world, "off-dd1", "arrive")
    patrol.refresh_from_db()
    assert patrol.state == "on_scene"
    act(world, "off-dd1", "control", text="请减速")
    act(world, "off-dd1", "resolve", reason="驾驶人已减速，口头教育")
    patrol.refresh_from_db()
    assert (patrol.state, patrol.case) == ("available", None)
    with pytest.raises(TransitionError):
        act(world, "off-dd1", "verify")
    case = act(world, "lead-dd", "verify")
    assert (case.state, case.closed, case.deadline) == ("verified", True, None)
    assert case.outcome == "驾驶人已减速，口头教育"
    actions = ["raise", "sign", "dispatch", "arrive", "control", "resolve", "verify"]
    assert [event.action for event in case.events.order_by("seq")] == actions
    audited = AuditEntry.objects.filter(object_type="case", object_id=case.number)
    assert [entry.action for entry in audited.order_by("seq")] == [f"case.{a}" for a in actions]
    assert verify_chain().intact
    assert case.version == len(actions) == state_of(case).version


def test_the_timeline_alone_rebuilds_the_case(world: World):
    from sizao.respond.case import replay
    from sizao.respond.records import Event

    world.raise_case()
    act(world, "op-dd", "sign")
    act(world, "op-dd", "control")
    world.clock.advance(3 * 3600)
    world.round()
    case = Case.objects.get()
    events = [Event.from_dict(event.data) for event in case.events.order_by("seq")]
    assert replay(events) == state_of(case)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("op-zd", "ok"), ("lead-zd", "ok"), ("op-dd", "ok"), ("lead-dd", "ok"),
        ("off-dd1", "ok"), ("off-dd2", "unseen"), ("lead-xd", "unseen"), ("off-xd1", "unseen"),
        ("audit", "refused"), ("admin", "refused"), ("nobody", "unseen"),
    ],
)  # fmt: skip
def test_who_may_sign_a_squadron_case(world: World, name: str, outcome: str):
    world.raise_case()
    if outcome == "ok":
        assert act(world, name, "sign").state == "signed"
    else:
        with pytest.raises(Case.DoesNotExist if outcome == "unseen" else NotAllowedError):
            act(world, name, "sign")
        assert Case.objects.get().state == "raised"


def test_an_officer_sees_a_detachment_case_on_the_own_road_but_acts_only_when_sent(world: World):
    case = world.raise_case(measured=95.0, severity="50-70")
    assert case.unit.code == "dd"
    officer = world.user("off-dd1")
    assert Case.objects.for_user(officer).count() == 1
    assert next_steps(officer, case) == ()
    with pytest.raises(NotAllowedError):
        act(world, "off-dd1", "sign")
    act(world, "op-dd", "sign")
    act(world, "op-dd", "dispatch", units=["东一01"])
    assert act(world, "off-dd1", "arrive").state == "on_scene"


def test_a_patrol_from_the_next_squadron_lets_that_squadron_in(world: World):
    world.raise_case()
    assert Case.objects.for_user(world.user("off-dd2")).count() == 0
    act(world, "op-dd", "sign")
    act(world, "op-dd", "dispatch", units=["东二01"])
    assert Case.objects.for_user(world.user("off-dd2")).count() == 1
    assert act(world, "off-dd2", "arrive").state == "on_scene"


def test_a_patrol_is_sent_once_and_only_by_its_own_command(world: World):
    first = world.raise_case()
    second = world.raise_case(vehicle="19800000002")
    user = world.user("op-dd")
    for case in (first, second):
        services.act(user, case.pk, "sign", case.version)
    first.refresh_from_db(), second.refresh_from_db()
    services.act(user, first.pk, "dispatch", first.version, units=["东一01"])
    with pytest.raises(TransitionError, match="不可派"):
        services.act(user, second.pk, "dispatch", second.version, units=["东一01"])
    with pytest.raises(TransitionError, match="没有可由您派出"):
        services.act(user, second.pk, "dispatch", second.version, units=["西一01"])


def test_proposals_rank_by_time_from_the_last_position(world: World):
    case = world.raise_case()
    near = {"vehicle": "19900000002", "kind": "police", "lat": EAST[0] + 0.001, "lon": EAST[1]}
    far = {"vehicle": "19900000001", "kind": "police", "lat": EAST[0] + 0.2, "lon": EAST[1],
           "time": world.now - timedelta(minutes=9)}  # fmt: skip
    world.board(near, far)
    found = propose_units(world.user("op-dd"), case)
    assert [one.candidate.call_sign for one in found] == ["东一02", "东二01", "东一01"]
    assert "位置为9分钟前" in found[2].zh
    assert not found[1].candidate.own_area
    assert all(one.candidate.call_sign != "西一01" for one in found)


def test_the_clock_of_a_case_runs_on_feed_time(world: World):
    case = world.raise_case()
    world.clock.advance(8 * 60)
    left = remaining(case)
    assert (left.left_s, left.phase) == (120.0, "soon")


def test_a_stale_version_is_told_who_did_what_and_when(world: World):
    case = world.raise_case()
    services.act(world.user("op-dd"), case.pk, "sign", 1)
    with pytest.raises(CaseConflictError) as caught:
        services.act(world.user("lead-dd"), case.pk, "sign", 1)
    assert "12:00:00 op-dd：签收" in caught.value.zh
    assert caught.value.version == 2
    assert Case.objects.get().owner.username == "op-dd"


def _at_once(world: World, texts: list[str]) -> list[object]:
    """Two people order a text from the same page at the same moment, each in a thread."""
    from django.db import connection

    case = Case.objects.get()
    version, pk = case.version, case.pk
    start, results = threading.Barrier(len(texts)), []

    def order(name: str, text: str) -> None:
        user = world.user(name)
        start.wait()
        try:
            results.append(services.act(user, pk, "control", version, text=text))
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=order, args=(name, text))
        for name, text in zip(("op-dd", "lead-dd"), texts, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return results


def test_of_two_at_once_one_wins_and_the_other_sees_why(threaded: World):
    threaded.raise_case()
    act(threaded, "op-dd", "sign")
    results = _at_once(threaded, ["请减速", "请停车"])
    won = [one for one in results if isinstance(one, Case)]
    lost = [one for one in results if isinstance(one, CaseConflictError)]
    assert (len(won), len(lost)) == (1, 1), results
    assert "采取控制措施" in lost[0].zh
    assert TerminalText.objects.count() == 1


def test_control_without_the_check_both_win(threaded: World, monkeypatch: pytest.MonkeyPatch):
    """The same race with the safeguard off: the driver would get two contradicting texts."""
    threaded.raise_case()
    act(threaded, "op-dd", "sign")
    monkeypatch.setattr(services, "check_version", lambda case, version: None)
    results = _at_once(threaded, ["请减速", "请停车"])
    assert [type(one) for one in results] == [Case, Case], results
    assert TerminalText.objects.count() == 2
