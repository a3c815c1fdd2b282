"""What the writer of the feeds log does now and then, between appends."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from sizao.core.clock import Clock
from sizao.runtime.embedded import tallies
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.track_pages import TrackPages

logger = logging.getLogger(__name__)

DAY_S = 86_400

PAGED_ROWS = 40_000
"""Rows turned into track pages in one call: about 0.2 s of work."""


@dataclass(frozen=True)
class Retention:
    """How long what is kept, in days."""

    segments: float = 7.0
    """As appended: for the pipeline, for replaying, for rebuilding."""
    tracks: float = 183.0
    """As pages: half a year of positions, about 25 bytes each."""
    quarantine: float = 30.0
    tallies: float = 400.0
    """Counts by source and hour: a year and a month, to compare with the same month before."""


class Housekeeping:
    """Call it each minute or so in the thread that writes the log; each call takes a moment, and
    says whether another one is wanted at once."""

    def __init__(self, log: SqliteLog, clock: Clock, retention: Retention | None = None) -> None:
        self.log = log
        self.clock = clock
        self.retention = retention or Retention()
        self.pages = TrackPages(log)

    def __call__(self) -> bool:
        # In small helpings: appends wait for the thread that does this.
        made = self.pages.make(at_most=PAGED_ROWS)
        wall_s = time.time()
        # What is not yet in pages must not go before it is.
        if self.log.first("positions") <= self.pages.upto():
            self._told("positions", wall_s - self.retention.segments * DAY_S)
        self._told("quarantine", wall_s - self.retention.quarantine * DAY_S)
        feed_us = (self.clock.time_s() - self.retention.tracks * DAY_S) * 1_000_000
        hour = int((self.clock.time_s() - self.retention.tallies * DAY_S) // 3600)
        with self.log.transaction() as connection:
            tallies.prune(connection, hour)
        gone = self.pages.prune(round(feed_us))
        if gone:
            logger.info("%d track pages older than %g days deleted", gone, self.retention.tracks)
        return made * 2 > PAGED_ROWS

    def _told(self, topic: str, before_s: float) -> None:
        gone = self.log.prune(topic, before_s, at_most=5_000)
        if gone:
            logger.info("%s: %d old segments deleted", topic, gone)
