"""Actions from a phone: once however often sent, conflicts told, nothing lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from sizao.log.evidence import EvidenceStore
from sizao.web.audit.models import AuditEntry
from sizao.web.cases import services as cases
from sizao.web.cases.models import Case
from sizao.web.evidence.wanted import Wanted
from sizao.web.field import services
from sizao.web.field.models import FieldAction, FieldPhoto
from sizao.web.field.tasks import tasks_of
from sizao.web.measures.models import ControlMeasure

from ..conftest import World
from ..measures.conftest import roads
from ..reports.conftest import png

__all__ = ["roads"]  # a fixture of the neighbours

OFFICER = "off-dd1"


def sent_out(world: World) -> Case:
    """A signed case to which a patrol of the officer's squadron was sent."""
    case = world.raise_case()
    case = cases.act(world.user("op-dd"), case.pk, "sign", case.version)
    return cases.act(world.user("op-dd"), case.pk, "dispatch", case.version, units=["东一01"])


def send(world: World, case: Case, action: str, *, who: str = OFFICER, **given: Any) -> dict:
    known = {"client_id": f"phone-{action}", "case": case.pk, "action": action,
             "version": case.version, "at": world.now.timestamp() - 60}  # fmt: skip
    photo = given.pop("photo", None)
    return services.take(world.user(who), known | given, photo)


def test_the_phone_has_what_the_squadron_was_sent_to_and_nobody_elses(world: World):
    case = sent_out(world)
    (task,) = tasks_of(world.user(OFFICER))
    assert (task["id"], task["units"], task["arrived"]) == (case.pk, ["东一01"], False)
    assert "A0001" not in str(task)  # no plate on a phone that may be lost
    assert tasks_of(world.user("off-dd2")) == []
    assert tasks_of(world.user("nobody")) == []


def test_arrive_photo_measure_finish(roads: World):
    case = sent_out(roads)
    first = send(roads, case, "arrive")
    assert (first["result"], first["own"], first["state"]) == ("done", True, "on_scene")
    case.refresh_from_db()
    second = send(roads, case, "measure", kind="speed_limit", limit_kmh=40)
    assert (second["result"], second["state"], second["own"]) == ("done", "controlled", True)
    one = ControlMeasure.objects.get()
    assert (one.state, one.limit_kmh, one.case_id) == ("in_force", 40.0, case.pk)
    case.refresh_from_db()
    third = send(roads, case, "photo", photo=png())
    assert third["result"] == "done"
    fourth = send(roads, case, "resolve", reason="已恢复")
    assert fourth["result"] == "refused"  # the limit still stands
    assert one.number in fourth["said"][0]


def test_the_same_again_is_the_same_action(roads: World):
    """The answer was lost on the way, so the phone sends it once more."""
    case = sent_out(roads)
    once = send(roads, case, "measure", kind="closure", lanes="1")
    again = send(roads, case, "measure", kind="closure", lanes="1")
    assert again == {**once, "again": True}
    assert ControlMeasure.objects.count() == 1
    assert Case.objects.get().events.filter(action="control").count() == 1


def test_control_without_the_id_the_action_doubles(roads: World):
    """The same from a phone that gives each sending an id of its own: one closure at the roadside,
    two in the books."""
    case = sent_out(roads)
    for number in range(2):
        send(roads, case, "measure", kind="closure", lanes="1", client_id=f"phone-anew-{number}")
    assert ControlMeasure.objects.count() == 2


def test_a_conflict_does_nothing_and_says_who_did_what(world: World):
    case = sent_out(world)
    stale = case.version
    cases.act(world.user("lead-dd"), case.pk, "control", case.version, text="请停车")
    answer = send(world, case, "arrive")
    assert (answer["result"], answer["possible"]) == ("conflict", True)
    assert "请停车" in answer["events"][0]["zh"]
    assert answer["version"] == stale + 1
    assert not Case.objects.get().assignments.filter(arrived_at__isnull=False).exists()
    again = send(world, case, "arrive", version=answer["version"])
    assert again["result"] == "done"
    assert FieldAction.objects.get().result == "done"


def test_what_the_officer_gives_up_stays_on_record(world: World):
    case = sent_out(world)
    case = cases.act(world.user("op-dd"), case.pk, "control", case.version, text="请停车")
    cases.act(world.user("op-dd"), case.pk, "resolve", case.version, reason="好")
    case.refresh_from_db()
    cases.act(world.user("lead-dd"), case.pk, "verify", case.version)
    answer = send(world, case, "arrive")
    assert (answer["result"], answer["possible"], answer["closed"]) == ("conflict", False, True)
    assert send(world, case, "arrive", version=answer["version"])["result"] == "refused"
    assert send(world, case, "arrive", drop=True)["result"] == "dropped"
    assert send(world, case, "arrive")["result"] == "dropped"  # and that is the end of it
    assert AuditEntry.objects.filter(action="field.drop", object_id=case.number).count() == 1


def test_what_stands_is_ordered_whatever_the_desk_did_meanwhile(roads: World):
    case = sent_out(roads)
    cases.act(roads.user("lead-dd"), case.pk, "control", case.version, text="请停车")
    answer = send(roads, case, "measure", kind="closure", lanes="1", lat=1.0, lon=1.0)
    assert (answer["result"], answer["own"]) == ("done", False)
    assert ControlMeasure.objects.get().place.startswith("G353")


def test_a_picture_is_cleaned_kept_logged_and_wanted_while_the_case_is_open(world: World):
    case = sent_out(world)
    send(world, case, "photo", photo=png(), client_id="phone-p-1")
    photo = FieldPhoto.objects.get()
    assert EvidenceStore(world.data.evidence).has(photo.evidence)
    world.round()
    photo.refresh_from_db()
    rows = [row for one in world.commands_log.read("evidence", 0) for row in one.batch.to_pylist()]
    assert [(row["evidence"], row["refers_to"]) for row in rows] == [(photo.evidence, case.number)]
    why = Wanted(world.now).why(photo.evidence, case.number, case.number, world.now)
    assert why == "case"
    for bad in (b"not a picture", None):
        with pytest.raises(services.FieldError):
            send(world, case, "photo", photo=bad, client_id="phone-p-2")


@pytest.mark.parametrize(
    ("who", "error"),
    [("off-dd2", Case.DoesNotExist), ("audit", PermissionDenied), ("nobody", Case.DoesNotExist)],
)
def test_only_who_was_sent(world: World, who: str, error: type[Exception]):
    case = sent_out(world)
    with pytest.raises(error):
        send(world, case, "arrive", who=who)
    assert not FieldAction.objects.exists()


def test_an_id_is_its_officers(world: World):
    case = sent_out(world)
    send(world, case, "arrive")
    with pytest.raises(PermissionDenied):
        send(world, case, "arrive", who="op-dd")


def test_a_phone_whose_clock_runs_ahead_is_not_believed(world: World):
    case = sent_out(world)
    send(world, case, "arrive", at=world.now.timestamp() + 9999)
    assert FieldAction.objects.get().done_at == world.now


@pytest.mark.parametrize(
    "given",
    [{"client_id": "short"}, {"action": "verify"}, {"client_id": "x" * 65}],
)
def test_what_no_phone_of_ours_sends(world: World, given: dict):
    with pytest.raises(services.FieldError):
        send(world, sent_out(world), given.pop("action", "arrive"), **given)


def test_the_case_shows_what_was_done_in_the_field_and_what_was_given_up(world: World):
    case = sent_out(world)
    send(world, case, "photo", photo=png(), client_id="phone-p-1")
    send(world, case, "arrive", drop=True)
    page = world.client("op-dd").get(f"/cases/{case.pk}/").content.decode()
    photo = FieldPhoto.objects.get()
    assert f"/field/photos/{photo.pk}/?small=1" in page
    assert "民警看过后放弃" in page
    looked = world.client("op-dd").get(f"/field/photos/{photo.pk}/")
    assert (looked.status_code, looked.headers["Content-Type"]) == (200, "image/png")
    assert AuditEntry.objects.filter(action="field.look").count() == 1
    assert world.client("off-dd2").get(f"/field/photos/{photo.pk}/").status_code == 404
