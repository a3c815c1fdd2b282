"""Sources as pages and API show them, and what an operator may change about them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.utils import timezone

from sizao.core import source_access
from sizao.core.errors import ConfigError, TransitionError
from sizao.core.source_access import Access, Key, Switch
from sizao.core.source_book import ACCESS_FILE, SourceBook
from sizao.core.sources import HOUR_S, Promise, Registry, Source, kind_of
from sizao.log.source_figures import Figures, Hours, hourly, total
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.ports import ports
from sizao.web.sources.heard import heard
from sizao.web.sources.models import SourceEvent, Watched
from sizao.web.units.models import User
from sizao.web.writing import write

HOURS = 48
KEEP_S = 5.0
"""Wall seconds for which figures are shared between requests."""

POOR_QUARANTINE = 0.2
"""Share of unusable records from which a source is called poor."""

STATES = ("silent", "poor", "never", "unregistered", "waiting", "ok", "off")
"""Most pressing first. ``never`` has sent nothing and should have; ``waiting`` has sent nothing
and its first record is not yet due."""

PRESSING = ("silent", "poor", "never")
"""Somebody has to do something."""


@dataclass(frozen=True)
class Book:
    """The registry in force, and what is wrong with newer files."""

    registry: Registry
    access: Access
    problem: str = ""
    readable: bool = True
    """False when nothing good was ever read: then an empty registry means nothing."""


@dataclass
class SourceRow:
    """One source with its figures."""

    id: str
    entry: Source | None
    state: str
    switch: Switch | None
    last: datetime | None
    """Last accepted record."""
    last_refused: datetime | None
    today: Figures
    """Since midnight, local time."""
    day: Figures
    """The last 24 hours, the present one included."""
    hours: dict[int, Figures]
    events: list[SourceEvent] = field(default_factory=list)
    """Silences that go on."""
    missed: list[str] = field(default_factory=list)
    """Promises that the last 24 hours did not keep: complete, max_delay_s, quarantined."""

    @property
    def kind(self) -> str:
        return kind_of(self.id)

    @property
    def promised_completeness(self) -> float | None:
        return _least(one.complete for one in (self.entry.contract if self.entry else ()))

    @property
    def promised_delay_s(self) -> float | None:
        return _least(one.max_delay_s for one in (self.entry.contract if self.entry else ()))


_books: dict[Path, SourceBook] = {}
_kept: dict[tuple[Path, int, int], tuple[float, Hours]] = {}
_turn = threading.Lock()


def book() -> Book:
    """The registry of this installation; after a mistake at the start an empty one, with why."""
    root = ports().data.root
    with _turn:
        known = _books.get(root)
        if known is None:
            try:
                known = _books[root] = SourceBook(root)
            except ConfigError as error:
                return Book(Registry(), Access(), str(error), readable=False)
        return Book(known.registry, known.access, known.problem)


def figures(first_hour: int, last_hour: int) -> Hours:
    """Figures by source and hour, shared for some seconds."""
    root = ports().data.root
    now_s = feed_now().timestamp()
    key = (root, first_hour, last_hour)
    with _turn:
        kept = _kept.get(key)
        if kept is not None and time.monotonic() - kept[0] < KEEP_S:
            return kept[1]
    found = hourly(ports().tallies, book().registry, first_hour, last_hour, now_s)
    with _turn:
        if len(_kept) > 16:
            _kept.clear()
        _kept[key] = (time.monotonic(), found)
    return found


def forget() -> None:
    """Drop what is shared between requests (tests; and after a change of keys or switches)."""
    with _turn:
        _books.clear()
        _kept.clear()


def source_rows() -> list[SourceRow]:
    """Every source that is registered or was heard, most pressing first."""
    now = feed_now()
    hour = int(now.timestamp()) // HOUR_S
    found = figures(hour - HOURS + 1, hour)
    known = book()
    last = heard(ports().tallies, known.registry)
    silent: dict[str, list[SourceEvent]] = {}
    for event in SourceEvent.objects.filter(ended=None):
        silent.setdefault(event.source, []).append(event)
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    first_today = int(midnight.timestamp()) // HOUR_S
    since = {(row.source, row.topic): row.since for row in Watched.objects.all()}
    names = list(dict.fromkeys([*known.registry.sources, *found, *last]))
    rows = [
        _row(name, known, found.get(name, {}), last.get(name, {}), silent, hour, first_today)
        for name in names
        if name
    ]
    for row in rows:
        row.state = _state(row, known.registry, since, now)
    return sorted(rows, key=lambda row: STATES.index(row.state))


def source_row(source: str) -> SourceRow | None:
    """One of :func:`source_rows`, None if nobody knows it."""
    return next((row for row in source_rows() if row.id == source), None)


def _row(
    name: str,
    known: Book,
    hours: dict[int, Figures],
    heard: dict[str, int],
    silent: dict[str, list[SourceEvent]],
    hour: int,
    first_today: int,
) -> SourceRow:
    entry = known.registry.get(name)
    good = [us for topic, us in heard.items() if topic != "quarantine"]
    row = SourceRow(
        id=name,
        entry=entry,
        state="ok",
        switch=known.access.off.get(name),
        last=_moment(max(good)) if good else None,
        last_refused=_moment(heard["quarantine"]) if "quarantine" in heard else None,
        today=total(one for at, one in hours.items() if at >= first_today),
        day=total(one for at, one in hours.items() if at > hour - 24),
        hours=hours,
        events=silent.get(name, []),
    )
    row.missed = _missed(row, hour)
    return row


def _state(
    row: SourceRow,
    registry: Registry,
    since: Mapping[tuple[str, str], datetime | None],
    now: datetime,
) -> str:
    if row.entry is None:
        return "unregistered"
    if registry.refusal(row.id, now.timestamp()) is not None:
        return "off"
    if row.events:
        return "silent"
    if row.missed:
        return "poor"
    if row.last is not None:
        return "ok"
    now_s = now.timestamp()
    for one in row.entry.contract:
        # A line that nobody has watched yet is new, and so is one that was refused until now.
        watched = since.get((row.id, one.topic))
        if watched and one.overdue_from(watched.timestamp(), now_s) is not None:
            return "never"
    return "waiting"


def _missed(row: SourceRow, hour: int) -> list[str]:
    """Judged on the last 24 whole hours: the present one is not over."""
    past = total(one for at, one in row.hours.items() if hour - 24 <= at < hour)
    missed = []
    if past.received and past.quarantined_total / past.received > POOR_QUARANTINE:
        missed.append("quarantined")
    promised, found = row.promised_completeness, past.completeness
    if promised is not None and found is not None and found < promised:
        missed.append("complete")
    most, delay = row.promised_delay_s, past.delay(0.95)
    if most is not None and delay is not None and delay > most:
        missed.append("max_delay_s")
    return missed


def silences(source: str, most: int = 50) -> list[SourceEvent]:
    """Silences of a source, newest first."""
    return list(SourceEvent.objects.filter(source=source).select_related("acknowledged_by")[:most])


def open_silences() -> list[SourceEvent]:
    """Silences that go on and that nobody has taken note of."""
    return list(SourceEvent.objects.filter(ended=None, acknowledged=None))


def keys_of(source: str) -> tuple[Key, ...]:
    return book().access.keys.get(source, ())


# What a person may change. Who may is in access.py; the caller has asked.


def rotate_key(user: User, source: str, *, keep_old_h: float = 0.0) -> str:
    """Make a key; returns it, this once. Older ones work ``keep_old_h`` hours longer."""
    _registered(source)
    with write():
        key = source_access.new_key(
            _access_path(), source, feed_now().timestamp(), keep_old_s=keep_old_h * HOUR_S
        )
        data = {"fingerprint": key.partition(".")[0], "old_keys_hours": keep_old_h}
        audit.record(user, "source.key", "source", source, data)
    forget()
    return key


def revoke_keys(user: User, source: str) -> None:
    """Take every key back."""
    with write():
        audit.record(user, "source.key_revoked", "source", source)
        source_access.revoke_keys(_access_path(), source)
    forget()


def switch(user: User, source: str, *, on: bool, reason: str) -> None:
    """Refuse a source's input from now on, or take it again. Raises TransitionError without a
    reason."""
    _registered(source)
    reason = reason.strip()[:200]
    if not reason:
        raise TransitionError(
            "请写明原因，交接班的人要看。",
            "Give a reason; the next shift needs it.",
            code="missing_reason",
        )
    with write():
        audit.record(
            user, "source.on" if on else "source.off", "source", source, {"reason": reason}
        )
        # The file last: if it cannot be written, the entry is undone with the transaction.
        if on:
            source_access.switch_on(_access_path(), source)
        else:
            at_s = feed_now().timestamp()
            by = user.get_username()
            source_access.switch_off(_access_path(), source, reason=reason, by=by, at_s=at_s)
    forget()


def acknowledge(user: User, event_id: str, note: str = "") -> SourceEvent:
    """Somebody has taken note of a silence. A second time changes nothing."""
    with write():
        event = SourceEvent.objects.get(pk=event_id)
        if event.acknowledged is None:
            event.acknowledged, event.acknowledged_by = feed_now(), user
            event.note = note.strip()[:200]
            event.save()
            audit.record(
                user, "source.acknowledge", "source", event.source,
                {"topic": event.topic, "started": event.started, "note": event.note},
            )  # fmt: skip
    return event


def _registered(source: str) -> None:
    if book().registry.get(source) is None:
        raise TransitionError(
            f"数据源 {source} 未登记，请先写进 sources.yaml。",
            f"Source {source} is not registered; add it to sources.yaml first.",
            code="unknown_source",
        )


def _access_path() -> Path:
    return ports().data.root / ACCESS_FILE


def _least(values: Iterable[float | None]) -> float | None:
    return min((one for one in values if one is not None), default=None)


def _moment(us: int) -> datetime:
    return datetime.fromtimestamp(us / 1e6, UTC)


def promise_words(promise: Promise) -> tuple[str, str]:
    """A line of a contract in Chinese and English."""
    zh, en = [], []
    if promise.per_hour is not None:
        zh.append(f"每小时 {promise.per_hour:g} 条")
        en.append(f"{promise.per_hour:g} an hour")
    elif promise.interval_s is not None and promise.per == "vehicle":
        zh.append(f"行车时每车每 {promise.interval_s:g} 秒 1 条")
        en.append(f"one each {promise.interval_s:g} s from each vehicle whose engine runs")
    elif promise.interval_s is not None:
        zh.append(f"每 {promise.interval_s:g} 秒 1 条")
        en.append(f"one each {promise.interval_s:g} s")
    else:
        zh.append("不定期")
        en.append("irregular")
    if promise.active != ((0, 86_400),):
        spans = "、".join(f"{_clock(a)}–{_clock(b)}" for a, b in promise.active)
        zh.append(f"时段 {spans}")
        en.append(f"between {spans.replace('、', ', ')}")
    if promise.complete is not None:
        zh.append(f"完整率不低于 {promise.complete:.0%}")
        en.append(f"at least {promise.complete:.0%} complete")
    if promise.max_delay_s is not None:
        zh.append(f"95% 的数据在 {promise.max_delay_s:g} 秒内到达")
        en.append(f"95% within {promise.max_delay_s:g} s")
    if promise.silence_s is not None:
        zh.append(f"{promise.silence_s / 60:g} 分钟无数据即告警")
        en.append(f"alarm after {promise.silence_s / 60:g} min of silence")
    return "，".join(zh), ", ".join(en)


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}"
