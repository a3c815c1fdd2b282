"""The timeline of a case as a chain: each line carries the hash of the one before.

The audit log, which is a chain of its own, keeps the hash of every line too. So a timeline that was
written anew from some line on, with hashes that fit, is found all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sizao.web.audit.chain import GENESIS, ChainReport, Link, micros, seal, verify
from sizao.web.audit.models import AuditEntry
from sizao.web.cases.models import Case, CaseEvent
from sizao.web.gathered import memo, put


def content(number: str, row: Any) -> list[Any]:
    """What is sealed of a line; the case's number is in it, so that lines cannot change cases."""
    return [
        number, row.seq, micros(row.at), row.actor, row.actor_name, row.action, row.from_state,
        row.to_state, row.text_zh, row.text_en, row.data,
    ]  # fmt: skip


def append(row: CaseEvent) -> None:
    """Seal a line and save it, within the transaction of the case's change."""
    known, number = memo(), row.case.number
    row.prev_hash = known.get((CaseEvent, number)) or _hash_before(row)
    row.hash = known[CaseEvent, number] = seal(content(number, row), row.prev_hash)
    put(row)


def _hash_before(row: CaseEvent) -> str:
    if row.case_id is None:  # its case waits to be saved: this is the first line
        return GENESIS
    rows = CaseEvent.objects.filter(case=row.case_id).order_by("-seq")
    return rows.values_list("hash", flat=True).first() or GENESIS


@dataclass(frozen=True)
class TimelineReport:
    """How a case's timeline stands."""

    number: str
    chain: ChainReport
    rewritten_at: int | None
    """The first line whose hash is not the one that the audit log kept; None if all are."""

    @property
    def broken_at(self) -> int | None:
        found = [one for one in (self.chain.broken_at, self.rewritten_at) if one is not None]
        return min(found, default=None)

    @property
    def intact(self) -> bool:
        return self.broken_at is None


def check(case: Case) -> TimelineReport:
    """Recompute a case's chain and hold it against the audit log."""
    rows = list(CaseEvent.objects.filter(case=case).order_by("seq"))
    links = (Link(row.seq, row.prev_hash, row.hash, content(case.number, row)) for row in rows)
    chain = verify(links, length=case.version)
    hashes = {row.seq: row.hash for row in rows}
    kept = AuditEntry.objects.filter(
        object_type="case", object_id=case.number, action__startswith="case."
    ).values_list("data__version", "data__hash")
    wrong = [
        version for version, known in kept if known is not None and hashes.get(version) != known
    ]
    return TimelineReport(case.number, chain, min(wrong, default=None))


def check_all() -> Iterator[TimelineReport]:
    """Every case, drills too, oldest first."""
    for case in Case.every.order_by("pk").iterator(chunk_size=500):
        yield check(case)
