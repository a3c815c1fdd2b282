"""Silence: each source is held against its contract once a minute of feed time.

The log notes every silence of a minute or more when it ends (``log/tally.py``), so a silence that
came and went while the desk was down is found all the same, with its true beginning and end, and
once: the event's id is derived from the last record before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from sizao.core.ids import content_id
from sizao.core.sources import Promise, Registry
from sizao.log.tally import TallyReader
from sizao.web import audit
from sizao.web.desk.models import Cursor
from sizao.web.live import outbox
from sizao.web.sources.heard import heard
from sizao.web.sources.models import SourceEvent, Watched
from sizao.web.units.models import Unit
from sizao.web.writing import write

EVERY_S = 60.0
"""Feed seconds between two looks."""

CURSOR = "quiet"
"""End of the last noted silence that was judged, in microseconds: a row of the desk's cursors."""

BACK_US = 600_000_000
"""Silences are judged again that far back: the logs' writers do not commit in step, and judging
twice changes nothing."""


def watch(readers: Iterable[TallyReader], registry: Registry, now: datetime) -> int:
    """Begin and end events as the contracts say. Returns how many began or ended."""
    readers = list(readers)
    now_s = now.timestamp()
    lines = {
        (source.id, promise.topic): promise
        for source in registry.sources.values()
        if registry.refusal(source.id, now_s) is None
        for promise in source.contract
    }
    promises = {key: line for key, line in lines.items() if line.silence_s is not None}
    last = heard(readers, registry)
    cursor = Cursor.objects.filter(pk=CURSOR).values_list("seq", flat=True).first() or 0
    quiet = [row for reader in readers for row in reader.quiet(max(0, cursor - BACK_US))]
    with write():
        since = _watched(lines, last, now)
        changed = 0
        for source, topic, from_us, to_us in quiet:
            promise = promises.get((source, topic))
            if promise is not None:
                changed += _past(source, promise, from_us, to_us, since[source, topic], now)
        for (source, topic), promise in promises.items():
            last_us = last.get(source, {}).get(topic)
            changed += _present(source, promise, last_us, since[source, topic], now)
        for event in SourceEvent.objects.filter(ended=None):
            if (event.source, event.topic) not in promises:
                _end(event, now, "unwatched")
                changed += 1
        if quiet:
            Cursor.objects.update_or_create(
                pk=CURSOR, defaults={"seq": max(cursor, *(row[3] for row in quiet))}
            )
    return changed


def _watched(
    lines: dict[tuple[str, str], Promise], last: Mapping[str, Mapping[str, int]], now: datetime
) -> dict[tuple[str, str], datetime]:
    """Since when each line is watched. One that is new is watched from its last record on, so
    that what fell silent long ago is noticed at once; one that was refused meanwhile, from now."""
    known = {(row.source, row.topic): row for row in Watched.objects.all()}
    rested = [row.pk for key, row in known.items() if key not in lines and row.since]
    if rested:
        Watched.objects.filter(pk__in=rested).update(since=None)
    found = {}
    for key in lines:
        row = known.get(key)
        if row is None:
            last_us = last.get(key[0], {}).get(key[1])
            since = now if last_us is None else min(now, _moment(last_us))
            row = Watched.objects.create(source=key[0], topic=key[1], since=since)
        elif row.since is None:
            row.since = now
            row.save()
        found[key] = row.since or now
    return found


def _past(
    source: str, promise: Promise, from_us: int, to_us: int, since: datetime, now: datetime
) -> int:
    """A silence that has ended."""
    base_s = max(from_us / 1e6, since.timestamp())
    started_s = promise.silent_from(base_s, to_us / 1e6)
    if started_s is None:
        return 0
    event, began = _event(source, promise.topic, from_us, started_s, now)
    if event.ended is not None:
        return int(began)
    _end(event, _moment(to_us), "heard")
    return 1


def _present(
    source: str, promise: Promise, last_us: int | None, since: datetime, now: datetime
) -> int:
    """A silence that goes on, or one whose end nobody noted."""
    changed = 0
    for event in SourceEvent.objects.filter(source=source, topic=promise.topic, ended=None):
        # The very first record of a source ends no silence that a log has noted, so its moment
        # is known to a minute only.
        if last_us is not None and (event.heard is None or last_us > _us(event.heard)):
            _end(event, _moment(last_us), "heard")
            changed += 1
    base_s = max((last_us or 0) / 1e6, since.timestamp())
    started_s = promise.silent_from(base_s, now.timestamp())
    if started_s is not None:
        _, began = _event(source, promise.topic, last_us, started_s, now)
        changed += began
    return changed


def _event(
    source: str, topic: str, heard_us: int | None, started_s: float, now: datetime
) -> tuple[SourceEvent, bool]:
    event, began = SourceEvent.objects.get_or_create(
        pk=content_id("silence", source, topic, heard_us),
        defaults={
            "source": source,
            "topic": topic,
            "heard": None if heard_us is None else _moment(heard_us),
            "started": datetime.fromtimestamp(started_s, UTC),
            "noticed": now,
        },
    )
    if began:
        audit.record(
            None, "source.silent", "source", source, {"topic": topic, "started": event.started}
        )
        _tell(event, "silent")
    return event, began


def _end(event: SourceEvent, at: datetime, outcome: str) -> None:
    event.ended, event.outcome = max(at, event.started), outcome
    event.save()
    audit.record(
        None, f"source.{outcome}", "source", event.source, {"topic": event.topic, "ended": at}
    )
    _tell(event, outcome)


def _tell(event: SourceEvent, what: str) -> None:
    """Screens of detachment and brigades look again."""
    paths = Unit.objects.exclude(level=Unit.Level.SQUADRON).values_list("path", flat=True)
    data = {"source": event.source, "topic": event.topic, "state": what}
    outbox.publish("source", "|" + "|".join(paths) + "|", data)


def _us(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6)


def _moment(us: int) -> datetime:
    return datetime.fromtimestamp(us / 1e6, UTC)
