"""``sizao archive run``: from the log of positions into the archive, beside the pipeline.

A process of its own and not a thread of the pipeline: packing and sorting hold Python's lock for
tens of milliseconds at a time, and a merge wants memory. It runs at a lower priority, so that on
a busy machine it falls behind and detection does not; the log keeps what waits.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sizao.core.clock import Clock
from sizao.core.errors import LogError
from sizao.core.rulebook import entry
from sizao.log.archive.arrivals import Arrivals
from sizao.log.archive.store import FRESH_FILES, ArchiveStore, retention_limit
from sizao.runtime.archive.held import TOPIC, is_of
from sizao.runtime.counters import rss_mb
from sizao.runtime.embedded import track_pages
from sizao.runtime.embedded.log import SqliteLog

logger = logging.getLogger(__name__)

READ_ROWS = 500_000
"""Rows read at a time."""

RETENTION_RULE = "retention.positions"


@dataclass(frozen=True)
class Cadence:
    """When to do what; times in wall seconds."""

    take_rows: int = 4_000_000
    """So many rows at most are taken at once: each takes 100 bytes of memory until it is written.
    The log has them as long, so that nothing is written twice for being held a while ..."""
    take_s: float = 300.0
    """... and they are taken when the oldest waiting segment is so old. What is younger is still
    answered from the log."""
    compact_rows: int = 16_000_000
    """Compact when so many rows are fresh ..."""
    compact_s: float = 3600.0
    """... or so often, so that a day's question opens a dozen fresh files and not hundreds."""
    spare_share: float = 0.25
    """Past days are made tidy while what has to be done takes no more than this share of the
    time: when a whole nation's positions come in, that waits for the night."""
    spare_s: float = 60.0
    """The share is of so long."""
    expire_s: float = 600.0
    poll_s: float = 5.0
    quiet_s: float = 1.0
    """Heartbeat."""


class Archiver:
    """Call :meth:`turn` now and then, or :meth:`run` until :meth:`stop`."""

    def __init__(
        self,
        feeds: SqliteLog,
        store: ArchiveStore,
        clock: Clock,
        cadence: Cadence | None = None,
        *,
        keep_days: float | None = None,
        publish: Callable[[dict[str, Any]], None] = lambda counters: None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.feeds = feeds
        self.store = store
        self.clock = clock
        self.cadence = cadence or Cadence()
        self.keep_days = retention_days() if keep_days is None else keep_days
        self.error: str | None = None
        self.taken = 0
        self._publish = publish
        self._monotonic = monotonic
        self._wall = wall
        self._compacted = self._expired = monotonic()
        self._spent: deque[tuple[float, float]] = deque()
        """When a step of work that had to be done ended, and what it took, in seconds."""
        self._arrivals = Arrivals(self.cadence.take_rows)
        self._stop = threading.Event()
        self._checked = False

    def run(self, *, once: bool = False) -> None:
        """Work until :meth:`stop`; with ``once`` take everything there is, compact, expire."""
        while not self._stop.is_set():
            try:
                worked = self.turn(all_of_it=once)
                self.error = None
            except LogError as error:
                if once:
                    raise
                worked = False
                if self.error != str(error):
                    logger.error("%s; trying again", error)
                self.error = str(error)
            if once and not worked:
                break
            self._publish(self.counters())
            if not worked:
                self._wait()
        if once:
            while self.store.compact(self.cadence.compact_rows) or self.store.tidy(newest=True):
                pass
            self.expire()
        self._publish(self.counters())

    def stop(self) -> None:
        """Ask :meth:`run` to end. Safe from a signal handler."""
        self._stop.set()

    def turn(self, *, all_of_it: bool = False) -> bool:
        """One step if one is due. Says whether another is wanted at once."""
        self._check_log()
        began = self._monotonic()
        if self._take(all_of_it) or self._compact() or self.store.thin():
            self._spent.append((self._monotonic(), self._monotonic() - began))
            return True
        moment = self._monotonic()
        if moment - self._expired >= self.cadence.expire_s:
            self._expired = moment
            self.expire()
        return self._has_time() and self.store.tidy() > 0

    def expire(self) -> list[str]:
        """Delete days past the retention, by feed time. Returns their dates."""
        return self.store.expire(
            retention_limit(self.clock.time_s(), self.keep_days),
            rule=RETENTION_RULE,
            keep_days=self.keep_days,
            now_s=self.clock.time_s(),
        )

    def counters(self) -> dict[str, Any]:
        """What the heartbeat says."""
        found = self.store.manifest
        waiting = self.feeds.appended_s(TOPIC, found.upto + 1)
        return {
            "taken": self.taken,
            "upto": found.upto,
            "behind_s": round(max(self._wall() - waiting, 0.0), 1) if waiting else 0.0,
            "rows": found.rows,
            "bytes": found.size_bytes,
            "days": len(found.days),
            "fresh_files": len(found.fresh),
            "error": self.error,
            "rss_mb": rss_mb(),
        }

    # Inside

    def _take(self, all_of_it: bool) -> bool:
        upto = self.store.manifest.upto
        oldest = self.feeds.appended_s(TOPIC, upto + 1)
        if oldest is None:
            return False
        if not all_of_it and self._wall() - oldest < self.cadence.take_s:
            _, rows = self.feeds.rows_after(TOPIC, upto)
            if rows < self.cadence.take_rows:
                return False
        taken = self._arrivals
        taken.clear()
        mark_s = 0.0
        while (room := self.cadence.take_rows - len(taken)) > 0:
            segments = self.feeds.stored(TOPIC, upto, min(room, READ_ROWS))
            if not segments or (len(taken) and sum(one.rows for one in segments) > room):
                break
            taken.add_stored([segment.data for segment in segments])
            upto, mark_s = segments[-1].seq, segments[-1].appended_s
        self.taken += self.store.put(taken, upto, mark_s)
        return True

    def _compact(self) -> bool:
        fresh = self.store.manifest.fresh
        waited_s = self._monotonic() - self._compacted
        enough = sum(file.rows for file in fresh) >= self.cadence.compact_rows
        if not (
            enough or len(fresh) >= FRESH_FILES or (fresh and waited_s >= self.cadence.compact_s)
        ):
            return False
        self.store.compact(self.cadence.compact_rows)
        if not self.store.manifest.fresh:
            self._compacted = self._monotonic()
        return True

    def _has_time(self) -> bool:
        """Whether what had to be done lately took a small part of the time."""
        since = self._monotonic() - self.cadence.spare_s
        while self._spent and self._spent[0][0] < since:
            self._spent.popleft()
        spent_s = sum(took_s for _, took_s in self._spent)
        return spent_s <= self.cadence.spare_share * self.cadence.spare_s

    def _check_log(self) -> None:
        """Is it still the log that was read before?"""
        found = self.store.manifest
        if self._checked or not self.feeds.path.exists():
            return
        first = self.feeds.first(TOPIC)
        if not is_of(found, self.feeds):
            logger.warning("%s was replaced: reading it from its start", self.feeds.path.name)
            self.store.begin_anew()
        elif not found.upto and first > 1:
            self._adopt_pages(first - 1)
        elif first > found.upto + 1:
            logger.error(
                "segments %d to %d of %s were deleted before they were archived",
                *(found.upto + 1, first - 1, self.feeds.path.name),
            )
            self.store.skip_to(first - 1)
        self._checked = True

    def _adopt_pages(self, upto: int) -> None:
        """An older installation kept half a year as track pages and deleted their segments: take
        the pages. A kill on the way begins again, and repeats are kept once."""
        rows = 0
        for batch in track_pages.every(self.feeds):
            rows += self.store.take([batch], 0, 0.0)
        logger.info("%d positions taken over from track pages", rows)
        self.store.skip_to(upto)

    def _wait(self) -> None:
        until = self._monotonic() + self.cadence.poll_s
        while (left := until - self._monotonic()) > 0:
            if self._stop.wait(min(left, self.cadence.quiet_s)):
                return
            self._publish(self.counters())


def retention_days() -> float:
    """How long positions are kept, from the rule book."""
    return float(entry(RETENTION_RULE).value("keep"))
