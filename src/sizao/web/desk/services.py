"""The bridge between the two records: the log in, the database out, effect once.

Delivery is at least once: the reading position of a topic is a row moved in the transaction of
the effects, and every effect has an id derived from content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import pyarrow as pa

from sizao.core.schemas import COMMAND
from sizao.log.interface import LogWriter, Segment
from sizao.web import audit, metrics
from sizao.web.basis.record import CORRECTED
from sizao.web.clock import feed_now
from sizao.web.clocks.registry import DOMAINS
from sizao.web.clocks.services import fire_due
from sizao.web.desk.batch import Batch
from sizao.web.desk.issue import deliver_row
from sizao.web.desk.models import Cursor
from sizao.web.gathered import gathered
from sizao.web.live import outbox
from sizao.web.measures.models import TerminalText
from sizao.web.warnings.models import Warning
from sizao.web.writing import write

CHUNK = 50
"""Rows a transaction, so that a backlog never keeps the people at the screens waiting."""


def cursor(topic: str) -> int:
    """The last segment of a topic whose effects are all committed."""
    return Cursor.objects.filter(pk=topic).values_list("seq", flat=True).first() or 0


def deliver(segments: Iterable[Segment]) -> list[Warning]:
    """Deliver segments of topic ``detections`` (schema DETECTION), in their order.

    Rows go in order, in transactions of at most CHUNK rows, small segments together and a large
    one in pieces; the position moves with the last row of a segment. Returns the warnings issued.
    A segment at or before the position is skipped.
    """
    issued: list[Warning] = []
    done = cursor("detections")
    rows: list[dict] = []
    for segment in segments:
        if segment.seq <= done:
            continue
        fresh = segment.batch.to_pylist()
        if rows and len(rows) + len(fresh) > CHUNK:
            issued += deliver_rows(rows, done)
            rows = []
        while len(fresh) > CHUNK:
            issued += deliver_rows(fresh[:CHUNK], done)
            fresh = fresh[CHUNK:]
        rows += fresh
        done = segment.seq
    if rows or done > cursor("detections"):
        issued += deliver_rows(rows, done)
    return issued


def deliver_rows(rows: list[dict], seq: int) -> list[Warning]:
    """One transaction: the rows, and the position of the last segment that ends with them."""
    made: list[Warning | None] = []
    with write():
        for run in _runs(rows):
            with gathered():
                known = Batch(run)
                # Each has its own moment: of two warnings of one batch the later speaks for their
                # case.
                made += [deliver_row(row, feed_now(), known) for row in run]
        if seq:
            _move("detections", seq)
    metrics.desk_delivered.inc(len(rows))
    return [warning for warning in made if warning is not None]


def _runs(rows: list[dict]) -> Iterator[list[dict]]:
    """Rows that may be delivered together. A correction stands alone: it changes cases that it
    looks up for itself."""
    run: list[dict] = []
    for row in rows:
        if CORRECTED in (row["quality"] or ""):
            if run:
                yield run
            yield [row]
            run = []
        else:
            run.append(row)
    if run:
        yield run


_RANK = {"queued": 0, "sent": 1, "offline": 2, "expired": 3, "refused": 4, "acknowledged": 5}


def apply_command_results(batch: pa.RecordBatch, seq: int) -> int:
    """Take over what became of texts (schema COMMAND_RESULT). Returns how many changed."""
    if seq <= cursor("command_results"):
        return 0
    changed = 0
    with write():
        for row in batch.to_pylist():
            changed += _apply_result(row)
        _move("command_results", seq)
    return changed


def _apply_result(row: dict) -> bool:
    measure = (
        TerminalText.objects.select_related("case", "measure")
        .filter(command=row["command"])
        .first()
    )
    # A result of something else than a control measure, or one that is older than what is known.
    if measure is None or _RANK[row["state"]] <= _RANK[measure.state]:
        return False
    measure.state, measure.detail = row["state"], row["detail"] or ""
    if row["state"] == "sent":
        measure.sent_at = row["time"]
    else:
        measure.answered_at = row["time"]
    measure.save()
    audit.record(
        None, f"control.{measure.state}", "control", measure.command,
        {"case": measure.case.number if measure.case else "", "detail": measure.detail},
    )  # fmt: skip
    outbox.control_event(measure)
    return True


def flush_commands(log: LogWriter) -> int:
    """Append queued texts to the command log and mark them. Returns how many were appended.

    The mark follows the durable append. After a crash between the two, the log is asked first,
    so that no text is ordered twice.
    """
    queued = list(TerminalText.objects.filter(log_seq=None).order_by("pk"))
    if not queued:
        return 0
    known = _recently_logged(log)
    fresh = [measure for measure in queued if measure.command not in known]
    if fresh:
        batch = pa.RecordBatch.from_pylist(
            [
                {
                    "command": measure.command,
                    "time": measure.ordered_at,
                    "vehicle": measure.vehicle,
                    "kind": measure.kind,
                    "text": measure.text,
                    "expires": measure.expires_at,
                }
                for measure in fresh
            ],
            schema=COMMAND,
        )
        seq = log.append({"commands": batch})["commands"]
        known.update((measure.command, seq) for measure in fresh)
    with write():
        for measure in queued:
            TerminalText.objects.filter(pk=measure.pk).update(log_seq=known[measure.command])
    return len(fresh)


def _recently_logged(log: LogWriter) -> dict[str, int]:
    """Ids in the command log after the last one marked."""
    marked = (
        TerminalText.objects.exclude(log_seq=None)
        .order_by("-log_seq")
        .values_list("log_seq", flat=True)
        .first()
    ) or 0
    known: dict[str, int] = {}
    position = marked
    while segments := log.read("commands", position):
        for segment in segments:
            known.update((name, segment.seq) for name in segment.batch["command"].to_pylist())
            position = segment.seq
    return known


def tick(now: datetime) -> int:
    """Act on every clock that ran out, of cases and whatever else has one. Returns how many."""
    return fire_due(now, DOMAINS)


def _move(topic: str, seq: int) -> None:
    Cursor.objects.update_or_create(pk=topic, defaults={"seq": seq})
