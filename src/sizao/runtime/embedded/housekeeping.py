"""What the writer of the feeds log does now and then, between appends."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sizao.core.clock import Clock
from sizao.core.errors import LogError
from sizao.core.rulebook import entry
from sizao.runtime.embedded import tallies
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.track_pages import PATIENCE_S, TrackPages

logger = logging.getLogger(__name__)

DAY_S = 86_400

PAGED_ROWS = 100_000
"""Rows turned into track pages in one call: about 0.1 s of work. Of fewer each page has few rows,
and most of the work is to begin compressing its columns."""


def topic_days() -> dict[str, float]:
    """Days a segment of each smaller topic is kept: rule ``retention.topics``."""
    rule = entry("retention.topics")
    return {topic: float(rule.value(topic)) for topic in rule.parameters}


def detection_days() -> float:
    """Days a detection is kept in ``detect.sqlite``: rule ``retention.detections``."""
    return float(entry("retention.detections").value("keep"))


@dataclass(frozen=True)
class Retention:
    """How long what is kept, in days."""

    segments: float = 7.0
    """As appended: for the pipeline, for replaying, for rebuilding."""
    tracks: float = 8.0
    """As pages, by vehicle, of what the archive did not take in time."""
    quarantine: float = 30.0
    tallies: float = 400.0
    """Counts by source and hour: a year and a month, to compare with the same month before."""
    topics: Mapping[str, float] = field(default_factory=topic_days)
    """The other topics of the log."""


class Housekeeping:
    """Call it each minute or so in the thread that writes the log; each call takes a moment, and
    says whether another one is wanted at once.

    archived : the last segment of positions that the archive holds. Nothing that it does not hold
        is deleted, however old; without it (no archive is kept) age alone decides.
    """

    def __init__(
        self,
        log: SqliteLog,
        clock: Clock,
        retention: Retention | None = None,
        *,
        archived: Callable[[], int] | None = None,
    ) -> None:
        self.log = log
        self.clock = clock
        self.retention = retention or Retention()
        self.pages = TrackPages(log)
        self._archived = archived
        self._warned = False

    def __call__(self) -> bool:
        wall_s = time.time()
        held = self._held()
        # In small helpings: appends wait for the thread that does this.
        made = self.pages.make(archived=held or 0, before_s=wall_s - PATIENCE_S, at_most=PAGED_ROWS)
        # What is not yet in the archive must not go before it is, or in pages where there is none.
        upto = self.pages.span().upto if held is None else held
        self._told("positions", wall_s - self.retention.segments * DAY_S, upto)
        if held is not None:
            self._warn_if_unarchived(held, wall_s - self.retention.segments * DAY_S)
        self._told("quarantine", wall_s - self.retention.quarantine * DAY_S)
        for topic, days in self.retention.topics.items():
            self._told(topic, wall_s - days * DAY_S)
        feed_us = (self.clock.time_s() - self.retention.tracks * DAY_S) * 1_000_000
        hour = int((self.clock.time_s() - self.retention.tallies * DAY_S) // 3600)
        with self.log.transaction() as connection:
            tallies.prune(connection, hour)
        gone = 0 if held == 0 else self.pages.prune(round(feed_us))
        if gone:
            logger.info("%d track pages older than %g days deleted", gone, self.retention.tracks)
        return made * 2 > PAGED_ROWS

    def _held(self) -> int | None:
        if self._archived is None:
            return None
        try:
            return self._archived()
        except LogError as error:
            logger.error("%s; no position is deleted", error)
            return 0

    def _warn_if_unarchived(self, held: int, before_s: float) -> None:
        """Once, until it is mended: the disk fills, because nothing unarchived is deleted."""
        first = self.log.first("positions")
        appended_s = self.log.appended_s("positions", first)
        waiting = first > held and appended_s is not None and appended_s < before_s
        if waiting and not self._warned:
            logger.warning(
                "positions older than %g days are not archived yet and stay here:"
                " is `sizao archive run` running?",
                self.retention.segments,
            )
        self._warned = waiting

    def _told(self, topic: str, before_s: float, upto: int | None = None) -> None:
        gone = self.log.prune(topic, before_s, at_most=5_000, upto=upto)
        if gone:
            logger.info("%s: %d old segments deleted", topic, gone)
