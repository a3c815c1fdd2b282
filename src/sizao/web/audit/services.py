"""Writing and checking the audit log. How its entries are sealed is ``audit.chain``."""

from __future__ import annotations

from typing import Any

from django.db import connection

from sizao.web.audit.chain import GENESIS, ChainReport, Link, micros, seal, stored, verify
from sizao.web.audit.models import AuditEntry
from sizao.web.clock import feed_now
from sizao.web.gathered import memo, put

SYSTEM = "system"
_LOCK_KEY = 0x51A0


def _content(entry: AuditEntry) -> list[Any]:
    return [
        entry.seq, micros(entry.at), entry.actor, entry.actor_unit,
        entry.action, entry.object_type, entry.object_id, entry.data,
    ]  # fmt: skip


def record(
    actor: Any, action: str, object_type: str, object_id: object, data: dict[str, Any] | None = None
) -> AuditEntry:
    """Append an entry within the caller's transaction.

    ``actor`` is a User or None for the system; ``data`` holds JSON values. Raises RuntimeError
    outside a transaction: an entry and what it tells about must stand or fall together.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("audit.record() needs the transaction of the change it records")
    if connection.vendor == "postgresql":  # SQLite's BEGIN IMMEDIATE already lets one in
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_KEY])
    known = memo()
    last = known.get(AuditEntry) or (
        AuditEntry.objects.order_by("-seq").only("seq", "hash").first()
    )
    unit = getattr(actor, "unit", None)
    entry = AuditEntry(
        seq=last.seq + 1 if last else 1,
        at=feed_now(),
        actor=actor.get_username() if actor is not None else SYSTEM,
        actor_unit=unit.name_zh if unit is not None else "",
        action=action,
        object_type=object_type,
        object_id=str(object_id),
        data=stored(data or {}),
        prev_hash=last.hash if last else GENESIS,
    )
    entry.hash = seal(_content(entry), entry.prev_hash)
    put(entry)
    known[AuditEntry] = entry
    return entry


def verify_chain() -> ChainReport:
    """Recompute every hash in order."""
    return verify(
        Link(entry.seq, entry.prev_hash, entry.hash, _content(entry))
        for entry in AuditEntry.objects.order_by("seq").iterator(chunk_size=2000)
    )
