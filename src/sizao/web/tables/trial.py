"""A draft on trial: the last 30 days of detections and facts, put to it and to the table in force.

It reads, and never issues anything. One trial at a time runs in a thread of the web process.
"""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import close_old_connections, connection

from sizao.core.errors import ConfigError
from sizao.core.levels import CommandLevel
from sizao.log.interface import LogReader
from sizao.warn.facts import Facts
from sizao.warn.replay import Raised, compare
from sizao.web.clock import feed_now
from sizao.web.desk.raising import local_unit
from sizao.web.places.models import Fact
from sizao.web.ports import ports
from sizao.web.tables.books import edition
from sizao.web.tables.models import Version
from sizao.web.tables.services import today
from sizao.web.units.territory import territory
from sizao.web.writing import write

log = logging.getLogger("sizao.tables")

SPAN = timedelta(days=30)
ROWS = 10_000

_busy = threading.Lock()


def start(version_id: int) -> bool:
    """Begin a trial in the background; False if another one runs."""
    if not _busy.acquire(blocking=False):
        return False
    _note(version_id, {"state": "running", "at": feed_now().isoformat()})
    threading.Thread(target=_work, args=(version_id,), name="trial", daemon=True).start()
    return True


def running() -> bool:
    """Whether one runs in this process: what a former one left unfinished does not."""
    return _busy.locked()


def _work(version_id: int) -> None:
    close_old_connections()
    try:
        run(version_id)
    except Exception as error:
        log.exception("trial of version %d failed", version_id)
        _note(version_id, {"state": "failed", "error": f"{type(error).__name__}: {error}"[:300]})
    finally:
        _busy.release()
        connection.close()


def run(version_id: int) -> dict[str, Any]:
    """Do the trial and keep what it said with the version, unless the text changed meanwhile."""
    version = Version.objects.get(pk=version_id)
    now = feed_now()
    since = now - SPAN
    facts = places(since) if version.book == "places" else detections(ports().detections, since)
    held = edition(version.book, today())
    draft = version.text
    from sizao.web.tables.editing import checked

    found = compare(facts, held.table(), checked(draft), _unit)
    found |= {
        "state": "done", "at": now.isoformat(), "since": since.isoformat(), "against": held.name,
    }  # fmt: skip
    with write():
        kept = Version.objects.select_for_update().filter(pk=version_id).first()
        if kept is not None and kept.text == draft:
            kept.replay = found
            kept.save(update_fields=["replay"])
    return found


def _note(version_id: int, said: dict[str, Any]) -> None:
    with write():
        Version.objects.filter(pk=version_id).update(replay=said)


def places(since: datetime) -> Iterator[Facts]:
    """Facts about places, by time."""
    rows = Fact.objects.filter(received__gte=since).order_by("received", "at", "pk")
    for facts in rows.values_list("facts", flat=True).iterator(chunk_size=2000):
        yield Facts.from_dict(facts)


def detections(source: LogReader, since: datetime) -> Iterator[Facts]:
    """Revisions of detections that fired since, by the time they fired."""
    kept: list[tuple[float, int, Facts]] = []
    after = number = 0
    while segments := source.read("detections", after, ROWS):
        for segment in segments:
            after = segment.seq
            for row in segment.batch.to_pylist():
                if row["fired"] >= since:
                    number += 1
                    facts = Facts.from_row(row)
                    heapq.heappush(kept, (max(facts.fired_s, facts.end_s), number, facts))
    while kept:
        yield heapq.heappop(kept)[2]


def _unit(one: Raised) -> str:
    """Code of the unit that would command."""
    try:
        squadron = local_unit(one.area, one.road_class, one.lat, one.lon)
        return territory().commanding(squadron, CommandLevel.parse(one.command_level)).code
    except ConfigError:
        return ""
