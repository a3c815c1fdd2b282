"""What every way in needs: the clock, the log, the evidence store, the senders' keys, the counters.

The order is the house's: pictures first, then the record that names them, then the answer.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sizao.core.clock import Clock
from sizao.core.errors import EvidenceError
from sizao.core.schemas import EVIDENCE, TOPICS
from sizao.feeds.images import Image
from sizao.feeds.taken import Taken, as_tuple, quarantine_row
from sizao.log.datadir import DataDir
from sizao.log.evidence import EvidenceStore
from sizao.log.interface import LogReader
from sizao.log.tally import HOUR_US, Key, over_quota
from sizao.runtime.collector import Collector, Item, Records
from sizao.runtime.counters import Spread, rss_mb
from sizao.runtime.intake.recall import recent
from sizao.runtime.intake.refusal import Refusal, busy
from sizao.runtime.intake.seen import Seen, digest
from sizao.runtime.intake.senders import Senders

logger = logging.getLogger(__name__)

T = TypeVar("T")

LARGE = 256 << 10
"""Bytes of a body that are read in a thread: some milliseconds of work."""


@dataclass
class IntakeCounters:
    """Since the intake started."""

    requests: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Requests not taken, by code."""
    accepted: Counter[str] = field(default_factory=Counter)
    """Records kept, by topic."""
    repeated: Counter[str] = field(default_factory=Counter)
    """Records that had been kept before, by topic."""
    quarantined: Counter[str] = field(default_factory=Counter)
    """Quarantine records by reason code."""
    images: int = 0
    bytes: int = 0
    commits: int = 0
    commit_failures: int = 0
    rows: int = 0
    paused: int = 0
    """Times requests were refused because too much was waiting for the disk."""
    ways: dict[str, dict[str, object]] = field(default_factory=dict)
    """Figures of each way in, under its name."""
    started_s: float = field(default_factory=time.time)
    commit: Spread = field(default_factory=Spread)
    answer: Spread = field(default_factory=Spread)

    def as_dict(self) -> dict[str, Any]:
        plain = {
            name: dict(value) if isinstance(value, Counter) else value
            for name, value in vars(self).items()
            if not isinstance(value, Spread)
        }
        spreads = {"commit": self.commit, "answer": self.answer}
        for name, spread in spreads.items():
            for figure, value in spread.figures("ms", 1000).items():
                plain[f"{name}_{figure}"] = value
        return plain | {"rss_mb": rss_mb()}


@dataclass
class Door:
    """Shared by all ways in."""

    data: DataDir
    clock: Clock
    evidence: EvidenceStore
    senders: Senders
    counters: IntakeCounters
    collector: Collector
    log: LogReader
    strict: bool = False
    """Files of drop folders are imported whole or not at all."""
    seen: Seen = field(default_factory=Seen)
    files: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(4, thread_name_prefix="files")
    )
    """For work that waits for the disk."""
    hosts: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(16, thread_name_prefix="hosts")
    )
    """For work that waits for another host: one that does not answer must not hold up pictures."""
    in_flight: int = 0
    """Bytes of request bodies that are being read or wait for their append."""

    def now_us(self) -> int:
        """Feed time, microseconds since the epoch."""
        return round(self.clock.time_s() * 1_000_000)

    def charge(self, source: str, records: int, size: int) -> None:
        """Count a delivery against the source's quota. Raises Refusal; what was refused is counted
        in the log's tally."""
        now_s = self.clock.time_s()
        try:
            self.senders.charge(source, records, size)
        except Refusal:
            counts = over_quota(source, now_s, records, size)
            self.collector.add(Item([], _nothing, lambda reason: None, counts=counts))
            raise

    async def aside(self, size: int, work: Callable[[], T]) -> T:
        """Do work of the processor in a thread when its input is large, so that others are
        answered meanwhile."""
        if size < LARGE:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self.files, work)

    def recall(self, topic: str, *columns: str) -> None:
        """Fill the memory of kept records from the log; columns in the order of the codec's key.
        Raises LogError."""
        since_s = time.time() - self.seen.window_s
        for key in recent(self.log, topic, columns, since_s, self.seen.keep):
            self.seen.add(digest((topic, *key)))

    def append(
        self,
        records: Sequence[tuple[str, Records]],
        size: int = 0,
        counts: Mapping[Key, int] | None = None,
    ) -> asyncio.Future[None]:
        """Make records durable, all of them in one transaction. Await it before any answer; it
        raises Refusal when the log refused. Raises Refusal at once when too much is waiting.

        size : bytes they hold in memory; counts : added to the log's tally with them
        """
        if self.collector.held:
            raise busy("too much is waiting for the disk")
        outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Nobody may be left to wait: a client that hangs up takes its request with it.
        outcome.add_done_callback(lambda done: done.cancelled() or done.exception())

        def durable() -> None:
            if not outcome.done():
                outcome.set_result(None)

        def failed(reason: str) -> None:
            if not outcome.done():
                outcome.set_exception(busy(f"the log refused: {reason}", 10))

        self.collector.add(Item(records, durable, failed, size=size, counts=counts))
        return outcome

    async def take(
        self,
        topic: str,
        source: str,
        peer: str,
        items: Sequence[Taken],
        received_us: int,
        size: int = 0,
        *,
        more: Sequence[tuple[str, Records]] = (),
    ) -> list[bool]:
        """Keep the items of a message of ``size`` bytes; gives which had been kept before.

        Pictures are stored first; rows, the EVIDENCE rows of their pictures and quarantine
        records are one transaction, with ``more`` beside them. Raises Refusal, and then the sender
        must send all of it again.
        """
        names = [digest((topic, *item.key)) if item.key else b"" for item in items]
        pictured = [
            item
            for item, name in zip(items, names, strict=True)
            if item.images and item.row and not self.seen.has(name)
        ]
        evidence = await self._store(pictured, source, received_us) if pictured else []
        # From here to the append nothing else runs, so two requests cannot both be the first.
        rows, refused, repeated = [], [], []
        waits: list[asyncio.Future[None]] = []
        mine: set[bytes] = set()
        for item, name in zip(items, names, strict=True):
            if item.problems:
                refused.append(quarantine_row(received_us, source, peer, item.problems, item.raw))
            coming = self.seen.coming(name)
            again = bool(name) and (coming is not None or name in mine or self.seen.has(name))
            repeated.append(again and item.row is not None)
            if coming is not None:
                waits.append(coming)
            if item.row is not None and not again:
                rows.append(as_tuple(item.row, TOPICS[topic]))
                if name:
                    mine.add(name)
        records = [(topic, rows), ("evidence", evidence), ("quarantine", refused), *more]
        counts = {(source, received_us // HOUR_US, "bytes/received"): size} if size else {}
        if any(len(some) for _, some in records):
            held = 1000 * len(rows) + sum(len(row[-1]) for row in refused)
            append = self.append([(name, some) for name, some in records if some], held, counts)
            self.seen.expect(mine, append)
            waits.append(append)
        for wait in waits:
            await asyncio.shield(wait)
        self._count(topic, len(rows), sum(repeated), refused, len(evidence))
        return repeated

    def _count(
        self, topic: str, kept: int, again: int, refused: Sequence[tuple[Any, ...]], images: int
    ) -> None:
        counters = self.counters
        counters.accepted[topic] += kept
        counters.repeated[topic] += again
        counters.images += images
        for row in refused:
            counters.quarantined[row[_REASON]] += 1

    async def _store(
        self, items: Sequence[Taken], source: str, received_us: int
    ) -> list[tuple[Any, ...]]:
        """Store the pictures of items, name them in their rows; gives their EVIDENCE rows."""
        loop = asyncio.get_running_loop()
        flat = [(item, image) for item in items for image in item.images]
        try:
            names = await asyncio.gather(
                *(loop.run_in_executor(self.files, self.evidence.put, one.data) for _, one in flat)
            )
        except EvidenceError as error:
            logger.error("a picture could not be stored, nothing acknowledged: %s", error)
            raise busy(f"pictures cannot be stored: {error}", 10) from error
        found = []
        for item in items:
            assert item.row is not None
            item.row["images"] = []
        for (item, image), name in zip(flat, names, strict=True):
            assert item.row is not None
            item.row["images"].append(name)
            found.append(_evidence_row(item, image, name, source, received_us))
        return found


def _nothing() -> None:
    """Nobody waits for a count."""


_REASON = TOPICS["quarantine"].names.index("reason")


def _evidence_row(
    item: Taken, image: Image, name: str, source: str, received_us: int
) -> tuple[Any, ...]:
    assert item.row is not None
    row = {
        "evidence": name,
        "time": image.time_us if image.time_us is not None else item.row["time"],
        "received": received_us,
        "subject": item.row.get("checkpoint") or item.row.get("station"),
        "refers_to": item.id,
        "kind": "image" if image.format else "other",
        "format": image.format,
        "name": image.name,
        "bytes": len(image.data),
        "source": source,
    }
    return as_tuple(row, EVIDENCE)
