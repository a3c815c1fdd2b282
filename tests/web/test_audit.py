"""The audit log: complete, sealed, append-only."""

from __future__ import annotations

import pytest
from django.db import connection

from sizao.web import audit
from sizao.web.audit.models import AuditEntry
from sizao.web.audit.services import verify_chain
from sizao.web.writing import write

from .conftest import PASSWORD, World

pytestmark = pytest.mark.django_db


def _write(count: int) -> None:
    with write():
        for number in range(count):
            audit.record(None, "test", "thing", number, {"名": "值", "n": number, "x": 1.5})


def _sql(statement: str) -> None:
    """As somebody with the database file open would."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_untouched_chain_holds():
    _write(5)
    report = verify_chain()
    assert (report.entries, report.intact) == (5, True)


@pytest.mark.parametrize(
    ("tampering", "broken_at"),
    [
        ("UPDATE audit_auditentry SET actor = 'x' WHERE seq = 3", 3),
        ("UPDATE audit_auditentry SET data = '{}' WHERE seq = 2", 2),
        ("UPDATE audit_auditentry SET at = '2020-01-01 00:00:00' WHERE seq = 4", 4),
        ("DELETE FROM audit_auditentry WHERE seq = 3", 3),
        ("UPDATE audit_auditentry SET seq = 9 WHERE seq = 5", 5),
        ("UPDATE audit_auditentry SET prev_hash = hash WHERE seq = 1", 1),
    ],
)
def test_any_tampering_is_found_where_it_is(tampering: str, broken_at: int):
    _write(5)
    _sql(tampering)
    assert verify_chain().broken_at == broken_at


def test_an_entry_needs_the_transaction_of_its_change(transactional_db: None):
    with pytest.raises(RuntimeError, match="transaction"):
        audit.record(None, "test", "thing", 1)


def test_an_entry_goes_when_its_change_goes(transactional_db: None):
    def change_that_fails() -> None:
        with write():
            audit.record(None, "test", "thing", 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_that_fails()
    assert AuditEntry.objects.count() == 0


def test_signing_in_and_out_and_failing_to_are_entries(world: World, client):
    before = AuditEntry.objects.count()
    client.post("/login/", {"username": "op-dd", "password": "wrong"})
    client.post("/login/", {"username": "op-dd", "password": PASSWORD})
    client.post("/logout/")
    actions = list(
        AuditEntry.objects.filter(seq__gt=before).order_by("seq").values_list("action", flat=True)
    )
    assert actions == ["sign_in.failed", "sign_in", "sign_out"]
    assert PASSWORD not in str(list(AuditEntry.objects.values_list("data", flat=True)))


def test_reading_a_track_is_an_entry(world: World):
    world.client("op-zd").get("/api/v1/vehicles/19800000001/track?purpose=核查案件")
    entry = AuditEntry.objects.order_by("-seq").first()
    assert (entry.actor, entry.action, entry.object_id) == ("op-zd", "track.read", "19800000001")
    assert entry.data["purpose"] == "核查案件"


def test_changes_in_the_admin_are_entries(world: World):
    admin = world.client("admin")
    answer = admin.post(
        "/admin/units/patrolunit/add/",
        {"call_sign": "新01", "unit": world.unit("dd1").pk, "kind": "patrol_car", "vehicle": "",
         "state": "available"},
    )  # fmt: skip
    assert answer.status_code == 302
    entry = AuditEntry.objects.order_by("-seq").first()
    assert (entry.actor, entry.action, entry.object_type) == ("admin", "admin.add", "patrolunit")
