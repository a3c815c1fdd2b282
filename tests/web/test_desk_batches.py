"""Detections in batches: the same effects as one by one, for a fraction of the queries; and a kill
between any two statements leaves all of a batch or nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from sizao.web.audit.services import verify_chain
from sizao.web.cases.models import Case, CaseEvent
from sizao.web.cases.timeline import check_all
from sizao.web.channels.models import Delivery, Notice
from sizao.web.desk import services
from sizao.web.gathered import gathered, put, put_last
from sizao.web.live.models import OutboxEvent
from sizao.web.warnings.models import Warning, WarningRepeat
from sizao.web.writing import write
from tests.web.processes import desks
from tests.web.storms import rows_of

from .conftest import NOON, World


class Undo(Exception):
    pass


def effects(world: World, rows: list[dict[str, Any]], size: int) -> list[Any]:
    """Deliver rows in transactions of a size, say what came of them, and undo it."""
    found: list[Any] = []
    try:
        with transaction.atomic():
            for start in range(0, len(rows), size):
                # Of two warnings the later speaks for their case.
                world.clock.advance(1)
                services.deliver_rows(rows[start : start + size], 0)
            assert verify_chain().intact
            assert all(report.intact for report in check_all())
            numbers = dict(Case.objects.values_list("pk", "number"))
            events = OutboxEvent.objects.order_by("id")
            found = [
                list(Warning.objects.order_by("pk").values_list(
                    "pk", "level", "refers_to", "case__number", "unit__code", "row_id")),
                list(WarningRepeat.objects.order_by("detection", "revision").values_list(
                    "detection", "revision", "warning", "counts")),
                list(Case.objects.order_by("number").values_list(
                    "number", "level", "unit__code", "reach", "version")),
                list(CaseEvent.objects.order_by("case__number", "seq").values_list(
                    "case__number", "seq", "action")),
                list(Notice.objects.order_by("key").values_list("key", "case__number")),
                list(Delivery.objects.order_by("key").values_list("key", "state")),
                [(e.name, e.reach, e.data.get("action"), e.data.get("version"),
                  e.data.get("repeats"), numbers.get(e.data.get("case"))) for e in events],
            ]  # fmt: skip
            raise Undo
    except Undo:
        return found


@pytest.mark.parametrize("seed", range(4))
def test_a_batch_does_what_its_rows_do_one_by_one(world: World, seed: int):
    rows = rows_of(world, 40, seed)
    single, batch = effects(world, rows, 1), effects(world, rows, 40)
    for one, other in zip(single, batch, strict=True):
        assert one == other
    assert len(batch[1]) > 3, "there are repeats"
    assert len({row[3] for row in batch[0]}) < len(batch[0]), "and updates"


def test_rows_delivered_again_in_one_batch_change_nothing(world: World):
    rows = rows_of(world, 30, 9)
    once, again = effects(world, rows, 60), effects(world, rows + rows, 60)
    assert once == again


def test_a_batch_asks_a_few_times_not_a_few_times_a_row(world: World):
    """12 to 17 queries a detection cost 12 to 14 ms of processor."""
    rows = rows_of(world, services.CHUNK, 3)
    services.deliver_rows(rows[:1], 0)
    with CaptureQueriesContext(connection) as asked:
        services.deliver_rows(rows[1:], 0)
    assert len(asked) < 2 * len(rows)
    fresh = [
        world.detection(vehicle=f"1971000{n:04}", start=world.now - timedelta(seconds=n))
        for n in range(services.CHUNK)
    ]
    with CaptureQueriesContext(connection) as asked:
        assert len(services.deliver_rows(fresh, 0)) == services.CHUNK
    assert len(asked) < 60


def test_what_is_gathered_is_saved_at_the_end_or_not_at_all(world: World):
    def event(name: str) -> OutboxEvent:
        return OutboxEvent(at=world.now, name=name, reach="", data={})

    before = OutboxEvent.objects.count()

    def fail() -> None:
        with write(), gathered():
            put(event("lost"))
            raise Undo

    with pytest.raises(Undo):
        fail()
    with write(), gathered():
        put_last(lambda: event("last"))
        put(event("first"))
        with gathered():
            put(event("inner"))
        assert OutboxEvent.objects.count() == before, "it waits"
    names = list(OutboxEvent.objects.order_by("pk").values_list("name", flat=True))[before:]
    assert names == ["first", "inner", "last"]
    with write():
        put(event("now"))
        assert OutboxEvent.objects.filter(name="now").exists()


COUNTS = (
    "SELECT (SELECT count(DISTINCT detection) FROM (SELECT detection FROM warnings_warning UNION "
    "SELECT detection FROM warnings_warningrepeat)), (SELECT count(*) FROM warnings_warning), "
    "(SELECT count(*) FROM warnings_warningrepeat), (SELECT count(*) FROM cases_case), "
    "(SELECT count(*) FROM live_outboxevent WHERE name = 'warning'), (SELECT count(*) FROM "
    "audit_auditentry), (SELECT coalesce(max(seq), 0) FROM desk_cursor)"
)


def test_a_desk_killed_between_any_two_steps_loses_and_doubles_nothing(db: None, tmp_path: Path):
    at_s = NOON.timestamp()
    storm = {"count": 60, "seed": 5}
    with desks(tmp_path) as killed:
        killed.run("append", at_s, given=storm)
        killed.run("round", at_s)
        (wanted,) = killed.rows(COUNTS)
        assert wanted[0] > 30
        killed.renew()
        killed.run("append", at_s, given=storm)
        (nothing,) = killed.rows(COUNTS)
        tables = ("cases_case", "warnings_warning", "audit_auditentry", "channels_delivery",
                  "live_outboxevent", "desk_cursor")  # fmt: skip
        for table in tables:
            assert killed.run("round", at_s, kill=(table, 1)) == "killed", table
            assert killed.rows(COUNTS) == [nothing], f"after a kill at {table}"
        # A later one is killed when the first transaction of the round is through.
        assert killed.run("round", at_s, kill=("desk_cursor", 2)) == "killed"
        (half,) = killed.rows(COUNTS)
        assert nothing[-1] < half[-1] < wanted[-1]
        killed.run("round", at_s)
        killed.run("round", at_s)
        assert killed.rows(COUNTS) == [wanted]


def test_control_a_position_moved_by_itself_loses_what_was_killed(db: None, tmp_path: Path):
    at_s = NOON.timestamp()
    with desks(tmp_path / "careless") as careless:
        careless.run("append", at_s, given={"count": 30, "seed": 5})
        assert careless.run("careless", at_s, kill=("warnings_warning", 1)) == "killed"
        careless.run("round", at_s)
        ((detections, *_),) = careless.rows(COUNTS)
        assert detections == 0, "read, moved on, and gone"
