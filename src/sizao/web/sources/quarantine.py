"""Browsing quarantine newest first, reading it again on trial, and ordering a replay.

The record is the log; nothing of it is copied into the database. A record is named
``LOG-SEGMENT-ROW``. Reading the bytes is reading personal data: it is audited here.
"""

from __future__ import annotations

import heapq
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from sizao.core.schemas import QUARANTINE_ORDER
from sizao.core.sources import kind_of
from sizao.feeds.redecode import NEVER, Again, Kept, again
from sizao.log.interface import LogWriter, Segment
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.ports import Quarantine, ports
from sizao.web.sources.models import QuarantineOrder
from sizao.web.units.models import User
from sizao.web.writing import write

STEP = 200
"""Segments read in one step back."""

MOST_EXAMINED = 20_000
"""Records looked at for one page; more than that and the page says how far it got."""

MOST_TRIED = 5_000
"""Records read again for one trial."""


@dataclass(frozen=True)
class Record:
    """One quarantine record and where it is."""

    log: str
    seq: int
    row: int
    kept: Kept
    replayed: bool

    @property
    def ref(self) -> str:
        return f"{self.log}-{self.seq}-{self.row}"

    @property
    def received(self) -> datetime:
        return datetime.fromtimestamp(self.kept.received_us / 1e6, UTC)

    @property
    def size(self) -> int:
        return len(self.kept.raw)


@dataclass(frozen=True)
class Wanted:
    """Which records; empty is any."""

    source: str = ""
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    """In peer or detail, or as hexadecimal or text in the bytes."""

    def fits(self, kept: Kept) -> bool:
        if self.source and kept.source != self.source:
            return False
        if self.reason and kept.reason != self.reason:
            return False
        return not self.text or self._found(kept)

    def _found(self, kept: Kept) -> bool:
        text = self.text.lower()
        if text in kept.peer.lower() or text in kept.detail.lower():
            return True
        try:
            needle = bytes.fromhex(text.removeprefix("0x"))
        except ValueError:
            needle = b""
        return (bool(needle) and needle in kept.raw) or self.text.encode() in kept.raw


@dataclass
class Page:
    """Records newest first, and where to go on."""

    records: list[Record] = field(default_factory=list)
    before: str = ""
    """Position to go on from; empty at the end."""
    examined: int = 0
    cut_short: bool = False
    """Too much was looked at without filling the page."""


def browse(wanted: Wanted, *, before: str = "", limit: int = 50) -> Page:
    """A page of records. Raises LogError if a log is damaged."""
    page = Page()
    places = _places(before)
    walks = [
        _back(name, log, wanted, places.get(name)) for name, log in ports().quarantines.items()
    ]
    merged = heapq.merge(*walks, key=lambda one: -one.kept.received_us)
    last: dict[str, tuple[int, int]] = dict(places)
    for record in merged:
        page.examined += 1
        last[record.log] = (record.seq, record.row)
        if wanted.fits(record.kept):
            page.records.append(record)
        if len(page.records) >= limit or page.examined >= MOST_EXAMINED:
            page.cut_short = len(page.records) < limit
            page.before = "~".join(f"{name}-{seq}-{row}" for name, (seq, row) in last.items())
            break
    return page


def find(ref: str) -> Record | None:
    """The record of a name; None if there is none, or no longer."""
    place = _place(ref)
    if place is None or place[0] not in ports().quarantines:
        return None
    name, seq, row = place
    log = ports().quarantines[name]
    if not log.first() <= seq <= log.last():
        return None
    segments = log.read(seq - 1, 1)
    if not segments or segments[0].seq != seq or not 0 <= row < len(segments[0].batch):
        return None
    return _record(name, segments[0], row, log.replayed(seq, seq))


def read_raw(user: User, record: Record, how: str) -> None:
    """Note that somebody looks at the bytes of a record, before they do."""
    with write():
        audit.record(
            user, "quarantine.read", "quarantine", record.ref,
            {"source": record.kept.source, "reason": record.kept.reason, "how": how},
        )  # fmt: skip


@dataclass
class Trial:
    """What reading again would give."""

    tried: int = 0
    good: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    """Records by topic that a replay would append."""
    bad: Counter[str] = field(default_factory=Counter)
    """Still bad, by the reason of today."""
    before: int = 0
    """Taken by an earlier replay."""
    cut_short: bool = False


def trial(wanted: Wanted) -> Trial:
    """Read the newest records again without keeping anything."""
    found = Trial()
    for name, log in ports().quarantines.items():
        for record in _back(name, log, wanted, None):
            if not wanted.fits(record.kept):
                continue
            if record.replayed:
                found.before += 1
                continue
            if found.tried >= MOST_TRIED:
                found.cut_short = True
                break
            found.tried += 1
            _add(found, again(record.kept, ports().link_readers))
    return found


def _add(found: Trial, result: Again) -> None:
    if result.good:
        found.good += 1
        for topic, rows in result.records:
            found.rows[topic] += len(rows)
        found.rows["evidence"] += len(result.media)
    else:
        found.bad[result.reason] += 1


def order_replay(user: User, wanted: Wanted) -> list[QuarantineOrder]:
    """Order the writers of the logs to read again and keep what decodes: one order a log that
    has such records. They begin within seconds if they run."""
    now = feed_now() + timedelta(microseconds=1)  # what came at this very moment too
    until = min(wanted.until or now, now)
    made = []
    with write():
        for name in ports().quarantines:
            if not _may_hold(name, wanted.source):
                continue
            order = QuarantineOrder.objects.create(
                id=uuid.uuid4().hex,
                log=name,
                source=wanted.source,
                reason=wanted.reason,
                since=wanted.since,
                until=until,
                ordered_at=feed_now(),
                ordered_by=user,
            )
            audit.record(
                user, "quarantine.replay", "quarantine", order.pk,
                {"log": name, "source": wanted.source, "reason": wanted.reason,
                 "since": wanted.since, "until": until},
            )  # fmt: skip
            made.append(order)
    return made


def flush_orders(log: LogWriter) -> int:
    """Append orders to the command log and mark them. Returns how many.

    An order that is appended twice because of a crash in between is carried out once: its writer
    knows it by its id, and the records by their names.
    """
    waiting = list(QuarantineOrder.objects.filter(log_seq=None).select_related("ordered_by"))
    if not waiting:
        return 0
    rows = [
        {
            "order": one.pk,
            "time": one.ordered_at,
            "log": one.log,
            "source": one.source or None,
            "reason": one.reason or None,
            "since": one.since,
            "until": one.until,
            "by": one.ordered_by.get_username(),
        }
        for one in waiting
    ]
    batch = pa.RecordBatch.from_pylist(rows, schema=QUARANTINE_ORDER)
    seq = log.append({"quarantine_orders": batch})["quarantine_orders"]
    with write():
        QuarantineOrder.objects.filter(pk__in=[one.pk for one in waiting]).update(log_seq=seq)
    return len(waiting)


def follow_orders(quarantines: Mapping[str, Quarantine]) -> int:
    """Take over what became of orders. Returns how many were finished."""
    finished = 0
    for order in QuarantineOrder.objects.filter(finished_at=None).exclude(log_seq=None):
        found = quarantines[order.log].outcome(order.pk) if order.log in quarantines else None
        if found is None or found["finished_us"] is None:
            continue
        order.finished_at = datetime.fromtimestamp(found.pop("finished_us") / 1e6, UTC)
        order.result = found
        with write():
            order.save()
            audit.record(None, "quarantine.replayed", "quarantine", order.pk, found)
        finished += 1
    return finished


def may_heal(reason: str) -> bool:
    """Whether reading again can help at all."""
    return reason not in NEVER


def hexdump(data: bytes, most: int = 4096) -> str:
    """Offset, hexadecimal and printable text, sixteen bytes a line.

    >>> hexdump(b"~abc")
    '00000000  7e 61 62 63                                       |~abc|'
    """
    lines = []
    for start in range(0, min(len(data), most), 16):
        part = data[start : start + 16]
        pairs = part.hex(" ")
        pairs = f"{pairs[:24].rstrip():<24} {pairs[24:]}" if len(part) > 8 else pairs
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{start:08x}  {pairs:<48}  |{shown}|")
    return "\n".join(lines)


def _back(
    name: str, log: Quarantine, wanted: Wanted, before: tuple[int, int] | None
) -> Iterator[Record]:
    """Records of a log, newest first, within the wanted time, before a position."""
    first, upto = log.first(), log.last()
    if before is not None:
        upto = min(upto, before[0])
    elif wanted.until is not None and upto >= first:
        upto = _last_before(log, first, upto, wanted.until)
    since_us = None if wanted.since is None else wanted.since.timestamp() * 1e6
    until_us = None if wanted.until is None else wanted.until.timestamp() * 1e6
    while upto >= first:
        begin = max(first - 1, upto - STEP)
        segments = _between(log, begin, upto)
        taken = log.replayed(begin + 1, upto)
        newest_us = None
        for segment in reversed(segments):
            for row in reversed(range(len(segment.batch))):
                if before is not None and (segment.seq, row) >= before:
                    continue
                record = _record(name, segment, row, taken)
                received_us = record.kept.received_us
                newest_us = max(received_us, newest_us or received_us)
                if (until_us is None or received_us < until_us) and (
                    since_us is None or received_us >= since_us
                ):
                    yield record
        # Records come roughly in order of receipt: a step that is wholly too old ends the walk.
        if since_us is not None and newest_us is not None and newest_us < since_us:
            return
        upto = begin


def _between(log: Quarantine, after: int, upto: int) -> list[Segment]:
    found: list[Segment] = []
    while after < upto:
        segments = [one for one in log.read(after, 5_000) if one.seq <= upto]
        if not segments:
            break
        found += segments
        after = segments[-1].seq
    return found


def _last_before(log: Quarantine, first: int, last: int, until: datetime) -> int:
    """The last segment that begins before a moment, by halving."""
    low, high = first, last
    while low < high:
        middle = (low + high + 1) // 2
        begins = log.read(middle - 1, 1)[0].batch.column("received")[0].as_py()
        if begins < until:
            low = middle
        else:
            high = middle - 1
    return low


def _record(name: str, segment: Segment, row: int, taken: set[tuple[int, int]]) -> Record:
    one: dict[str, Any] = {
        field: segment.batch.column(field)[row].as_py() for field in segment.batch.schema.names
    }
    kept = Kept(
        source=one["source"],
        peer=one["peer"] or "",
        reason=one["reason"],
        detail=one["detail"] or "",
        raw=one["raw"],
        received_us=(one["received"] - _EPOCH) // timedelta(microseconds=1),
    )
    return Record(name, segment.seq, row, kept, (segment.seq, row) in taken)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _place(ref: str) -> tuple[str, int, int] | None:
    name, _, rest = ref.partition("-")
    seq, _, row = rest.partition("-")
    if not (seq.isascii() and seq.isdigit() and row.isascii() and row.isdigit()):
        return None
    return (name, int(seq), int(row)) if len(seq) < 16 and len(row) < 10 else None


def _places(text: str) -> dict[str, tuple[int, int]]:
    found = (_place(one) for one in text.split("~"))
    return {one[0]: one[1:] for one in found if one is not None}


def _may_hold(log: str, source: str) -> bool:
    """Whether a source's quarantine may be in a log: terminals and platforms write to feeds."""
    if not source:
        return True
    return (log == "feeds") == (kind_of(source) in ("jt808", "jt809", "replay"))
