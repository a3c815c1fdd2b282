"""What the writer of the feeds log does now and then, between appends."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from sizao.core.clock import Clock
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.track_pages import TrackPages

logger = logging.getLogger(__name__)

DAY_S = 86_400


@dataclass(frozen=True)
class Retention:
    """How long what is kept, in days."""

    segments: float = 7.0
    """As appended: for the pipeline, for replaying, for rebuilding."""
    tracks: float = 183.0
    """As pages: half a year of positions, about 25 bytes each."""
    quarantine: float = 30.0


class Housekeeping:
    """Call it each minute or so in the thread that writes the log; each call takes a moment."""

    def __init__(self, log: SqliteLog, clock: Clock, retention: Retention | None = None) -> None:
        self.log = log
        self.clock = clock
        self.retention = retention or Retention()
        self.pages = TrackPages(log)

    def __call__(self) -> None:
        self.pages.make()
        wall_s = time.time()
        # What is not yet in pages must not go before it is.
        if self.log.first("positions") <= self.pages.upto():
            self._told("positions", wall_s - self.retention.segments * DAY_S)
        self._told("quarantine", wall_s - self.retention.quarantine * DAY_S)
        feed_us = (self.clock.time_s() - self.retention.tracks * DAY_S) * 1_000_000
        gone = self.pages.prune(round(feed_us))
        if gone:
            logger.info("%d track pages older than %g days deleted", gone, self.retention.tracks)

    def _told(self, topic: str, before_s: float) -> None:
        gone = self.log.prune(topic, before_s, at_most=5_000)
        if gone:
            logger.info("%s: %d old segments deleted", topic, gone)
