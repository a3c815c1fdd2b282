"""The bridge: detections in, warnings and cases out, effect once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sizao.core.clock import now
from sizao.web.audit.models import AuditEntry
from sizao.web.audit.services import verify_chain
from sizao.web.cases import services as cases
from sizao.web.cases.clocks import CaseClocks
from sizao.web.cases.models import Case, CaseEvent
from sizao.web.clocks.services import fire_due
from sizao.web.desk import services
from sizao.web.live.models import OutboxEvent
from sizao.web.measures.models import TerminalText
from sizao.web.warnings.models import Warning, WarningRepeat

from .conftest import HAZMAT, TRUCK, WEST, World


def test_a_detection_becomes_a_warning_and_a_case_for_the_squadron_of_the_place(world: World):
    world.append(world.detection())
    assert world.round() == 1
    warning = Warning.objects.get()
    assert (warning.level_code, warning.command_level_code) == ("yellow", "squadron")
    assert warning.unit.code == "dd1"
    assert warning.place == "G353 K120+300"
    assert warning.plate == "川D·A0001"
    assert warning.issued == world.now
    assert "超速25%" in warning.explanation["what_zh"]
    case = warning.case
    assert case.number == "20261123-0001"
    assert (case.state, case.version, case.local_unit.code) == ("raised", 1, "dd1")
    assert case.deadline == world.now + timedelta(minutes=10)
    assert [event.action for event in case.events.all()] == ["raise"]
    assert {event.name for event in OutboxEvent.objects.all()} >= {"warning", "case"}


def test_one_offence_seen_from_positions_and_over_a_section_is_one_warning(world: World):
    world.append(world.detection())
    world.round()
    world.append(world.detection(rule="section_speed", id="section"))
    world.round()
    assert Warning.objects.count() == 1
    assert WarningRepeat.objects.get().detection == "section"


def test_the_same_segment_again_changes_nothing(world: World):
    seq = world.append(world.detection())
    world.round()
    before = (Case.objects.count(), Warning.objects.count(), AuditEntry.objects.count())
    segments = world.detect_log.read("detections", 0)
    assert services.deliver(segments) == []
    # And when the position was lost, so that the rows really go through again:
    services.Cursor.objects.all().delete()
    assert services.deliver(segments) == []
    assert services.cursor("detections") == seq
    assert (Case.objects.count(), Warning.objects.count(), AuditEntry.objects.count()) == before


def test_a_failure_half_way_leaves_neither_effects_nor_position(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    world.append(world.detection(), world.detection(vehicle=HAZMAT, vehicle_kind="hazmat"))
    real, calls = services.deliver_row, []

    def fails_at_the_second(row, now, known):
        calls.append(row["id"])
        if len(calls) == 2:
            raise OSError("disk full")
        return real(row, now, known)

    monkeypatch.setattr(services, "deliver_row", fails_at_the_second)
    from django.db import transaction

    with pytest.raises(OSError, match="disk full"), transaction.atomic():
        world.round()
    assert services.cursor("detections") == 0
    assert Case.objects.count() == 0
    monkeypatch.undo()
    world.round()
    assert Case.objects.count() == 2
    assert services.cursor("detections") == 1


@pytest.mark.parametrize(
    ("over", "unit", "local"),
    [
        ({}, "dd1", "dd1"),
        ({"lat": 26.589, "lon": 101.671}, "dd2", "dd2"),
        ({"area": "510403", "lat": WEST[0], "lon": WEST[1]}, "xd1", "xd1"),
        ({"road_class": "expressway", "road": "G5"}, "gd1", "gd1"),
        ({"measured": 95.0, "severity": "50-70"}, "dd", "dd1"),
        (
            {"measured": 130.0, "limit": 80.0, "severity": "50-70", "vehicle_kind": "hazmat",
             "road_class": "expressway"},
            "zd",
            "gd1",
        ),
        ({"area": None, "lat": None, "lon": None}, "dd1", "dd1"),
    ],
)  # fmt: skip
def test_routing_by_place_and_command_level(world: World, over: dict, unit: str, local: str):
    case = world.raise_case(**over)
    assert (case.unit.code, case.local_unit.code) == (unit, local)


def test_repeats_are_counted_and_the_warning_is_not_touched(world: World):
    case = world.raise_case()
    world.clock.advance(600)
    world.append(world.detection())
    world.round()
    warning = Warning.objects.get()
    assert Case.objects.count() == 1
    assert warning.repeats.filter(counts=True).count() == 1
    assert CaseEvent.objects.filter(case=case).count() == 1


def test_a_worse_detection_refers_to_the_earlier_warning_and_joins_its_case(world: World):
    case = world.raise_case()
    first = Warning.objects.get()
    world.clock.advance(600)
    world.append(world.detection(measured=100.0, severity="50-70"))
    world.round()
    second = Warning.objects.exclude(pk=first.pk).get()
    assert second.refers_to_id == first.pk
    assert second.case_id == case.pk
    case.refresh_from_db()
    assert (case.level_code, case.unit.code) == ("orange", "dd")
    assert case.reachable_from(world.unit("dd1").path)
    first.refresh_from_db()
    assert first.level_code == "yellow"


def test_the_end_of_an_episode_is_no_repeat_but_may_make_it_worse(world: World):
    row = world.detection()
    world.append(row)
    world.round()
    longer = {**row, "revision": 1, "final": True, "end": row["end"] + timedelta(seconds=60)}
    world.append(longer)
    world.round()
    assert Warning.objects.count() == 1
    assert [one.counts for one in WarningRepeat.objects.all()] == [False]

    other = world.detection(vehicle=HAZMAT, vehicle_kind="hazmat")
    world.append(other)
    world.round()
    world.append({**other, "revision": 1, "final": True, "measured": 95.0, "severity": "50-70"})
    world.round()
    levels = [one.level_code for one in Warning.objects.filter(vehicle=HAZMAT).order_by("level")]
    assert levels == ["yellow", "orange"]
    assert Case.objects.filter(vehicle=HAZMAT).count() == 1


def test_the_late_end_of_a_counted_repeat_is_no_new_warning(world: World):
    """An hour-long episode was counted as a repeat when it fired; its end is known again."""
    world.raise_case()
    world.clock.advance(600)
    repeat = world.detection()
    world.append(repeat)
    world.round()
    world.clock.advance(6 * 3600)
    late = repeat["end"] + timedelta(hours=6)
    world.append({**repeat, "revision": 1, "final": True, "end": late})
    world.round()
    assert Case.objects.count() == 1
    warning = Warning.objects.get()
    assert [one.counts for one in warning.repeats.order_by("pk")] == [True, False]


def test_a_case_that_escalated_as_far_as_it_can_is_left_alone(world: World):
    """Every look costs a write transaction: an overdue case must not cost one each round."""
    case = world.raise_case()
    for _ in range(12):
        world.clock.advance(24 * 3600)
        world.round()
    case.refresh_from_db()
    assert case.deadline < now(world.clock)
    assert case.escalate_at is None
    with CaptureQueriesContext(connection) as queries:
        assert fire_due(now(world.clock), [CaseClocks()]) == 0
    assert len(queries) == 1


def test_an_end_that_comes_after_the_case_was_resolved_raises_nothing_new(world: World):
    row = world.detection()
    world.append(row)
    world.round()
    case, user = Case.objects.get(), world.user("op-dd")
    case = cases.act(user, case.pk, "sign", case.version)
    cases.act(user, case.pk, "resolve", case.version, reason="已减速")
    world.append({**row, "revision": 1, "final": True})
    world.round()
    assert Case.objects.count() == 1
    assert Warning.objects.count() == 1


def test_a_clock_that_runs_out_escalates_one_level_once(world: World):
    case = world.raise_case()
    world.clock.advance(10 * 60)
    world.round()
    case.refresh_from_db()
    assert case.escalations == 0, "a deadline is kept at the very moment"
    world.clock.advance(1)
    world.round()
    world.round()
    case.refresh_from_db()
    assert (case.command_level_code, case.unit.code, case.escalations) == ("brigade", "dd", 1)
    assert case.events.filter(action="escalate").count() == 1
    assert case.reachable_from(world.unit("dd1").path), "the squadron still sees it"
    assert AuditEntry.objects.filter(action="case.escalate", actor="system").count() == 1


def test_a_text_travels_to_the_command_log_and_its_fate_comes_back(world: World):
    case, user = world.raise_case(), world.user("off-dd1")
    case = cases.act(user, case.pk, "sign", case.version)
    cases.act(user, case.pk, "control", case.version)
    measure = TerminalText.objects.get()
    assert (measure.state, measure.text[:4]) == ("queued", "您已超速")
    world.round()
    world.round()
    (segment,) = world.commands_log.read("commands", 0)
    (order,) = segment.batch.to_pylist()
    assert (order["command"], order["vehicle"]) == (measure.command, TRUCK)
    assert order["expires"] == world.now + timedelta(minutes=5)
    for state in ("sent", "acknowledged", "sent"):
        world.result(measure.command, state)
        world.round()
    measure.refresh_from_db()
    assert measure.state == "acknowledged", "an older word never undoes a newer one"
    assert measure.sent_at
    assert measure.answered_at
    assert verify_chain().intact


def test_a_crash_between_log_and_mark_orders_a_text_once(world: World):
    case, user = world.raise_case(), world.user("off-dd1")
    case = cases.act(user, case.pk, "sign", case.version)
    cases.act(user, case.pk, "control", case.version)
    services.flush_commands(world.commands_log)
    TerminalText.objects.update(log_seq=None)  # as if the process died before the mark
    assert services.flush_commands(world.commands_log) == 0
    assert world.commands_log.last("commands") == 1
    assert TerminalText.objects.get().log_seq == 1


def test_published_warnings_and_timelines_cannot_be_changed(world: World):
    from sizao.web.audit.models import AppendOnlyError

    world.raise_case()
    for row in (Warning.objects.get(), CaseEvent.objects.get(), AuditEntry.objects.first()):
        with pytest.raises(AppendOnlyError):
            row.save()
        with pytest.raises(AppendOnlyError):
            row.delete()
        with pytest.raises(AppendOnlyError):
            type(row).objects.all().delete()
        with pytest.raises(AppendOnlyError):
            type(row).objects.update(pk=row.pk)
