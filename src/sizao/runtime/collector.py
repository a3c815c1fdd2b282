"""Collects what connections reported in a tick, makes it durable, then lets them answer.

This is where "no acknowledgement before the append" lives. An :class:`Item` is records plus what
to do once they would survive a power cut. Appending happens in one worker thread, in one
transaction a tick, while the event loop goes on reading into the next tick.

If the log refuses, the records stay here and reading stops, so that memory stays bounded; the
append is tried again for ``retry_s``. After that the items fail: their connections are closed
without an answer, and a terminal that got no answer sends again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import pyarrow as pa

from sizao.core.errors import LogError
from sizao.core.schemas import TOPICS
from sizao.feeds.jt808.positions import Row, rows_to_batch
from sizao.log.interface import LogWriter
from sizao.log.tally import Key
from sizao.runtime.counters import CommitCounters

logger = logging.getLogger(__name__)


Records: TypeAlias = Sequence[Row] | pa.RecordBatch
"""Records of one topic: tuples in the column order of its schema, or a batch of that schema."""


@dataclass
class Item:
    """Records of one arrival, and what follows from their being durable or not."""

    records: Sequence[tuple[str, Records]]
    """(topic, rows or a batch) pairs; may be empty for an arrival that only wants an answer in
    turn. Rows suit a terminal's single message, a batch a platform's hundreds."""
    durable: Callable[[], None]
    """Called in the event loop after the commit. Its exceptions concern nobody else."""
    failed: Callable[[str], None]
    """Called in the event loop when the log refused for good, with the reason."""
    size: int = 0
    """Bytes the arrival holds in memory, roughly."""
    counts: Mapping[Key, int] | None = None
    """Added to the log's tally beside the records: bytes received, input refused for a quota."""
    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Ticks:
    """When to commit. The figures are from docs/reference/performance.md."""

    rows: int = 4096
    """Commit at once when so many rows wait."""
    busy_s: float = 0.02
    """Otherwise so long after the first arrival ..."""
    few: int = 256
    """... unless fewer rows than this wait; then"""
    calm_s: float = 0.1
    """so long. A quiet site gets few, larger segments and no worse service."""
    pending_rows: int = 65_536
    """Stop reading when so many rows wait behind a slow disk,"""
    pending_bytes: int = 64 << 20
    """or so many bytes of records."""
    retry_s: float = 10.0
    """How long a refused append is tried again before its connections are closed."""
    retry_every_s: float = 0.5


class Collector:
    """The gateway's one way to the log.

    ``hold`` and ``release`` are called when reading must stop and may go on.
    """

    def __init__(
        self,
        log: LogWriter,
        counters: CommitCounters,
        ticks: Ticks | None = None,
        *,
        hold: Callable[[], None] = lambda: None,
        release: Callable[[], None] = lambda: None,
    ) -> None:
        self.log = log
        self.counters = counters
        self.ticks = ticks or Ticks()
        self.worker = ThreadPoolExecutor(1, thread_name_prefix="log")
        """The one thread that writes the log; other slow file work may queue behind it."""
        self._hold = hold
        self._release = release
        self._items: list[Item] = []
        self._rows = 0
        self._bytes = 0
        self._arrived = asyncio.Event()
        self._several = asyncio.Event()
        self._many = asyncio.Event()
        self._stopping = False
        self.held = False

    def add(self, item: Item) -> None:
        """Queue an arrival. Answers go out in the order of queueing."""
        self._items.append(item)
        for _, rows in item.records:
            self._rows += len(rows)
        self._bytes += item.size
        self._arrived.set()
        if self._rows >= self.ticks.few:
            self._several.set()
        if self._rows >= self.ticks.rows:
            self._many.set()
        if not self.held and (
            self._rows >= self.ticks.pending_rows or self._bytes >= self.ticks.pending_bytes
        ):
            self._stop_reading()

    async def run(self) -> None:
        """Commit tick after tick until :meth:`stop`; what has arrived by then is committed."""
        while True:
            await self._arrived.wait()
            if not self._stopping:
                await self._linger()
            items = self._take()
            if items:
                await self._commit(items)
            if self.held:
                self.held = False
                self._release()
            if self._stopping and not self._items:
                return

    def stop(self) -> None:
        """Let :meth:`run` finish what is queued and return."""
        self._stopping = True
        for event in (self._arrived, self._several, self._many):
            event.set()

    def close(self) -> None:
        self.worker.shutdown()

    async def _linger(self) -> None:
        """Wait for company: until enough rows are here or the first has waited its time."""
        first = self._items[0].at if self._items else time.monotonic()
        for event, limit_s in ((self._several, self.ticks.calm_s), (self._many, self.ticks.busy_s)):
            left_s = first + limit_s - time.monotonic()
            if left_s > 0 and not event.is_set():
                try:
                    async with asyncio.timeout(left_s):
                        await event.wait()
                except TimeoutError:
                    return

    def _take(self) -> list[Item]:
        items, self._items = self._items, []
        self._rows = self._bytes = 0
        if not self._stopping:
            for event in (self._arrived, self._several, self._many):
                event.clear()
        return items

    async def _commit(self, items: list[Item]) -> None:
        rows = _gather(items)
        counts: Counter[Key] = Counter()
        for item in items:
            counts.update(item.counts or {})
        if rows or counts:
            reason = await self._append(rows, counts)
            if reason is not None:
                for item in items:
                    _call(partial(item.failed, reason))
                return
            self.counters.rows += sum(len(some) for parts in rows.values() for some in parts)
        for item in items:
            _call(item.durable)

    async def _append(
        self, rows: dict[str, list[Records]], counts: Mapping[Key, int]
    ) -> str | None:
        """Append, trying again while there is hope. Returns why not, or None when durable."""
        loop = asyncio.get_running_loop()
        give_up = time.monotonic() + self.ticks.retry_s
        while True:
            began = time.monotonic()
            try:
                await loop.run_in_executor(self.worker, self._write, rows, counts)
            except LogError as error:
                self.counters.commit_failures += 1
                logger.error("log refused the append, nothing acknowledged: %s", error)
                if self._stopping or time.monotonic() + self.ticks.retry_every_s > give_up:
                    return str(error)
                self._stop_reading()
                await asyncio.sleep(self.ticks.retry_every_s)
            except Exception as error:
                # A broken promise between our own parts will not mend by trying again.
                self.counters.commit_failures += 1
                logger.exception("append failed")
                return f"{type(error).__name__}: {error}"
            else:
                self.counters.commits += 1
                self.counters.commit.add(time.monotonic() - began)
                return None

    def _write(self, rows: dict[str, list[Records]], counts: Mapping[Key, int]) -> None:
        """In the worker's thread: rows become columns there too, off the event loop."""
        batches = {topic: _batches(topic, parts) for topic, parts in rows.items()}
        self.log.append(batches, counts)

    def _stop_reading(self) -> None:
        if not self.held:
            self.held = True
            self.counters.paused += 1
            self._hold()


def _gather(items: Sequence[Item]) -> dict[str, list[Records]]:
    """By topic, in the order of arrival; neighbouring rows joined into one list."""
    found: dict[str, list[Records]] = {}
    for item in items:
        for topic, some in item.records:
            if not len(some):
                continue
            parts = found.setdefault(topic, [])
            if isinstance(some, pa.RecordBatch):
                parts.append(some)
            elif parts and isinstance(parts[-1], list):
                parts[-1].extend(some)
            else:
                parts.append(list(some))
    return found


def _batches(topic: str, parts: Sequence[Records]) -> list[pa.RecordBatch]:
    schema = TOPICS[topic]
    return [
        part if isinstance(part, pa.RecordBatch) else rows_to_batch(part, schema) for part in parts
    ]


def _call(action: Callable[[], None]) -> None:
    """Run what one connection wants done; its trouble must not reach the others.

    A prototype that let a write to a closed socket escape here never cleared its batch and
    span for ever once a client had hung up.
    """
    try:
        action()
    except Exception:
        logger.exception("a connection could not be answered")
