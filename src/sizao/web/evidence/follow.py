"""Following the logs: what evidence came, counted by kind and day, and found by vehicle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from sizao.log.interface import LogReader, Segment
from sizao.web.desk.models import Cursor
from sizao.web.evidence.models import Day, Piece
from sizao.web.evidence.periods import what_of
from sizao.web.writing import write

ROWS = 2_000
"""Rows taken over in one transaction."""

SHOWN = ("alarm", "media")
"""Kinds that pages find by vehicle."""

TOPICS = ("evidence", "dropped_files")

Sums = dict[tuple[str, date], list[int]]


def follow(logs: Mapping[str, LogReader]) -> int:
    """Take over what came since the last time, a helping of each log. Returns how many rows."""
    return sum(_follow(name, log, topic) for name, log in logs.items() for topic in TOPICS)


def _follow(name: str, log: LogReader, topic: str) -> int:
    key = f"in:{topic}:{name}"
    at = Cursor.objects.filter(pk=key).values_list("seq", flat=True).first() or 0
    segments = log.read(topic, at, ROWS)
    if not segments:
        return 0
    sums: Sums = defaultdict(lambda: [0, 0])
    pieces = []
    rows = 0
    for segment in segments:
        for row in rows_of(segment):
            rows += 1
            total = sums[row["what"], day_of(segment.appended_s)]
            total[0] += 1
            total[1] += row["bytes"]
            if row["what"] in SHOWN and row["subject"]:
                pieces.append(_piece(row))
    with write():
        Piece.objects.bulk_create(pieces, batch_size=500)
        add(sums)
        Cursor.objects.update_or_create(pk=key, defaults={"seq": segments[-1].seq})
    return rows


def rows_of(segment: Segment) -> list[dict[str, Any]]:
    """Rows of evidence with ``what``; a dropped file is evidence of the station it came from."""
    rows: list[dict[str, Any]] = segment.batch.to_pylist()
    if segment.topic == "dropped_files":
        return [
            {"evidence": row["file"], "time": row["time"], "subject": row["source"] or "",
             "refers_to": "", "bytes": row["bytes"], "what": "file"}
            for row in rows
        ]  # fmt: skip
    for row in rows:
        row["what"] = what_of(row["source"] or "", row["refers_to"])
        row["subject"] = row["subject"] or ""
        row["refers_to"] = row["refers_to"] or ""
    return rows


def day_of(wall_s: float) -> date:
    return timezone.localtime(datetime.fromtimestamp(wall_s, UTC)).date()


def add(sums: Sums, *, gone: bool = False) -> None:
    """Add pieces and bytes to their days, within the caller's transaction."""
    number, size = ("gone", "gone_size") if gone else ("pieces", "size")
    for (what, day), (pieces, total) in sums.items():
        row, _ = Day.objects.get_or_create(what=what, day=day)
        Day.objects.filter(pk=row.pk).update(**{number: F(number) + pieces, size: F(size) + total})


def _piece(row: dict[str, Any]) -> Piece:
    return Piece(
        evidence=row["evidence"],
        what=row["what"],
        subject=row["subject"][:32],
        refers_to=row["refers_to"][:96],
        time=row["time"],
        kind=row["kind"][:8],
        format=(row["format"] or "")[:8],
        name=(row["name"] or "")[:100],
        size=row["bytes"],
        channel=row["channel"],
        source=(row["source"] or "")[:96],
    )
