"""Writing and checking the audit log.

Each entry's hash covers its own content and the hash of the entry before, so that a later
change, removal or insertion anywhere breaks every hash after it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.db import connection

from sizao.web.audit.models import AuditEntry
from sizao.web.clock import feed_now

GENESIS = "0" * 64
SYSTEM = "system"
_LOCK_KEY = 0x51A0


def _digest(entry: AuditEntry) -> str:
    content = [
        entry.seq, int(entry.at.timestamp() * 1_000_000), entry.actor, entry.actor_unit,
        entry.action, entry.object_type, entry.object_id, entry.data, entry.prev_hash,
    ]  # fmt: skip
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


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
    last = AuditEntry.objects.order_by("-seq").only("seq", "hash").first()
    unit = getattr(actor, "unit", None)
    entry = AuditEntry(
        seq=last.seq + 1 if last else 1,
        at=feed_now(),
        actor=actor.get_username() if actor is not None else SYSTEM,
        actor_unit=unit.name_zh if unit is not None else "",
        action=action,
        object_type=object_type,
        object_id=str(object_id),
        # Through JSON once, so that what is hashed is what the database gives back.
        data=json.loads(json.dumps(data or {}, ensure_ascii=False, default=str)),
        prev_hash=last.hash if last else GENESIS,
    )
    entry.hash = _digest(entry)
    entry.save()
    return entry


@dataclass(frozen=True)
class ChainReport:
    """What a check of the chain found."""

    entries: int
    broken_at: int | None
    """The first ``seq`` whose hash, predecessor or number is wrong; None if the chain holds."""

    @property
    def intact(self) -> bool:
        return self.broken_at is None


def verify_chain() -> ChainReport:
    """Recompute every hash in order."""
    expected_seq, prev = 1, GENESIS
    for entry in AuditEntry.objects.order_by("seq").iterator(chunk_size=2000):
        if entry.seq != expected_seq or entry.prev_hash != prev or entry.hash != _digest(entry):
            return ChainReport(expected_seq - 1, expected_seq)
        expected_seq, prev = expected_seq + 1, entry.hash
    return ChainReport(expected_seq - 1, None)
