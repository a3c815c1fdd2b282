"""Deleting evidence whose time is over, a helping at a time, and proving it.

The logs say what came when. A sweep walks them behind the horizon of each period: what nothing
wants goes, what something wants is written into ``Retained`` and looked at again each run. What
is about to go is listed first (``log/deletions.py``), then it goes, then the audit entry with the
list's digest and the sweep's position are one transaction. A kill in between is finished by the
next run: a page never finds a file gone without finding out why.

Periods are days of the wall clock since the record was appended, as for the logs themselves.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sizao.core.errors import EvidenceError
from sizao.log import deletions
from sizao.log.deletions import Deletions, Gone
from sizao.log.evidence import EvidenceStore
from sizao.log.interface import LogReader
from sizao.web import audit
from sizao.web.audit.models import AuditEntry
from sizao.web.desk.models import Cursor
from sizao.web.evidence.follow import TOPICS, Sums, add, day_of, rows_of
from sizao.web.evidence.models import Piece, Retained
from sizao.web.evidence.periods import periods
from sizao.web.evidence.wanted import Wanted
from sizao.web.writing import write

log = logging.getLogger("sizao.evidence")

ROWS = 2_000
"""Rows looked at in one helping."""

ACTION = "evidence.deleted"
IN = 500
"""Names in one query."""


@dataclass
class Helping:
    """What one look at one period found."""

    going: dict[str, Gone] = field(default_factory=dict)
    sums: Sums = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    kept: list[Retained] = field(default_factory=list)
    freed: list[int] = field(default_factory=list)
    """Rows of Retained that are no longer."""
    seen: dict[int, str] = field(default_factory=dict)
    """Rows of Retained that go on, and why."""
    cursors: dict[str, int] = field(default_factory=dict)
    more: bool = False

    def empty(self) -> bool:
        return not (self.going or self.kept or self.freed or self.seen or self.cursors)


class Sweep:
    """A run over everything. Call :meth:`step` until it returns False."""

    def __init__(
        self,
        evidence: Path,
        logs: Mapping[str, LogReader],
        now: datetime,
        *,
        wall_s: float | None = None,
    ) -> None:
        """``now``: feed time, for cases, holds and the record; ``wall_s``: for periods."""
        self.store = EvidenceStore(evidence)
        self.lists = Deletions(evidence)
        self.logs = logs
        self.now = now
        self.wall_s = time.time() if wall_s is None else wall_s
        self.wanted = Wanted(now)
        self._finish_killed()
        self.store.tidy(self.wall_s)

    def step(self) -> bool:
        """One helping of each period; True if there is more."""
        more = False
        for span, kinds in periods().items():
            helping = self._gather(span, kinds)
            if not helping.empty():
                self._carry_out(helping, span)
            more = more or helping.more
        return more

    def _gather(self, span: timedelta, kinds: list[str]) -> Helping:
        helping = Helping()
        horizon_s = self.wall_s - span.total_seconds()
        self._again(helping, kinds)
        for name, reader in self.logs.items():
            for topic in TOPICS:
                key = f"out:{topic}:{name}:{span.days}"
                at = Cursor.objects.filter(pk=key).values_list("seq", flat=True).first() or 0
                segments = reader.read(topic, at, ROWS)
                due = [one for one in segments if one.appended_s <= horizon_s]
                for segment in due:
                    for row in rows_of(segment):
                        if row["what"] in kinds:
                            self._judge(helping, row, segment.appended_s)
                if due:
                    helping.cursors[key] = due[-1].seq
                    helping.more = helping.more or len(due) == len(segments)
        self._spare(helping, kinds)
        return helping

    def _judge(self, helping: Helping, row: dict, appended_s: float) -> None:
        why = self.wanted.why(row["evidence"], row["subject"], row["refers_to"], row["time"])
        if why:
            helping.kept.append(
                Retained(
                    evidence=row["evidence"], what=row["what"], subject=row["subject"][:96],
                    refers_to=row["refers_to"][:96], time=row["time"], size=row["bytes"],
                    appended=datetime.fromtimestamp(appended_s, UTC), why=why, seen=self.now,
                )
            )  # fmt: skip
            return
        _count(helping.sums, row["what"], appended_s, row["bytes"])
        helping.going[row["evidence"]] = Gone(row["evidence"], row["what"], "expired")

    def _again(self, helping: Helping, kinds: list[str]) -> None:
        """What was kept for somebody: does anybody still want it?"""
        rows = list(
            Retained.objects.filter(what__in=kinds, seen__lt=self.now).order_by("pk")[:ROWS]
        )
        helping.more = len(rows) == ROWS
        for row in rows:
            why = self.wanted.why(row.evidence, row.subject, row.refers_to, row.time)
            if why:
                helping.seen[row.pk] = why
                continue
            helping.freed.append(row.pk)
            _count(helping.sums, row.what, row.appended.timestamp(), row.size)
            helping.going[row.evidence] = Gone(row.evidence, row.what, "released")

    def _spare(self, helping: Helping, kinds: list[str]) -> None:
        """The same bytes may have come twice: what another record keeps does not go."""
        names = list(helping.going)
        kept = {row.evidence for row in helping.kept}
        for start in range(0, len(names), IN):
            some = names[start : start + IN]
            others = Retained.objects.filter(evidence__in=some).exclude(pk__in=helping.freed)
            kept.update(others.values_list("evidence", flat=True))
            shown = Piece.objects.filter(evidence__in=some, deleted_at=None)
            kept.update(shown.exclude(what__in=kinds).values_list("evidence", flat=True))
        for name in names:
            # A file that is not there went in a run that was killed before it moved on.
            if name in kept or not self.store.has(name):
                del helping.going[name]

    def _carry_out(self, helping: Helping, span: timedelta) -> None:
        path = None
        if helping.going:
            horizon_s = self.wall_s - span.total_seconds()
            path = self.lists.begin(helping.going.values(), self.now.timestamp(), horizon_s)
            outcome = self._remove(path)
        with write():
            if path is not None:
                self._record(path, outcome)
            Retained.objects.bulk_create(helping.kept, batch_size=500)
            Retained.objects.filter(pk__in=helping.freed).delete()
            for pk, why in helping.seen.items():
                Retained.objects.filter(pk=pk).update(seen=self.now, why=why)
            add(helping.sums, gone=True)
            for key, seq in helping.cursors.items():
                Cursor.objects.update_or_create(pk=key, defaults={"seq": seq})
        if path is not None:
            self.lists.finish(path)

    def _remove(self, path: Path) -> Counter[str]:
        not_after_s = deletions.head(path)["not_after_s"]
        outcome: Counter[str] = Counter()
        for piece in deletions.pieces(path):
            try:
                outcome[self.store.remove(piece.name, not_after_s)] += 1
            except EvidenceError as error:
                outcome["failed"] += 1
                log.error("evidence could not be deleted, though its list names it: %s", error)
        return outcome

    def _record(self, path: Path, outcome: Counter[str]) -> None:
        """The audit entry, and what pages show of it, within the caller's transaction."""
        listed = list(deletions.pieces(path))
        audit.record(
            None, ACTION, "evidence", path.stem,
            {"pieces": len(listed), "outcome": dict(outcome), "sha256": deletions.digest(path),
             "kinds": dict(Counter(one.kind for one in listed)),
             "reasons": dict(Counter(one.reason for one in listed))},
        )  # fmt: skip
        names = [one.name for one in listed if not self.store.has(one.name)]
        for start in range(0, len(names), IN):
            Piece.objects.filter(evidence__in=names[start : start + IN], deleted_at=None).update(
                deleted_at=self.now
            )
        log.info("%d pieces of evidence deleted, list %s", outcome["gone"], path.stem)

    def _finish_killed(self) -> None:
        """Carry out lists whose run was killed; one that was recorded only gets its name."""
        for path in self.lists.unfinished():
            if not AuditEntry.objects.filter(action=ACTION, object_id=path.stem).exists():
                outcome = self._remove(path)
                with write():
                    self._record(path, outcome)
            self.lists.finish(path)


def _count(sums: Sums, what: str, appended_s: float, size: int) -> None:
    total = sums[what, day_of(appended_s)]
    total[0] += 1
    total[1] += size


@dataclass(frozen=True)
class Proof:
    """One deletion, and whether its list is the one that was recorded."""

    entry: AuditEntry
    intact: bool


def proofs(evidence: Path, most: int = 20) -> list[Proof]:
    """The newest deletions, each held against its list."""
    folder = Deletions(evidence).folder
    found = []
    for entry in AuditEntry.objects.filter(action=ACTION).order_by("-seq")[:most]:
        path = folder / f"{entry.object_id}.list"
        intact = path.is_file() and deletions.digest(path) == entry.data["sha256"]
        found.append(Proof(entry, intact))
    return found
