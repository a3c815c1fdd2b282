"""How long the intake's log keeps what."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from sizao.core.clock import Clock
from sizao.runtime.embedded import tallies
from sizao.runtime.embedded.housekeeping import DAY_S
from sizao.runtime.embedded.log import SqliteLog

logger = logging.getLogger(__name__)

KEEP_DAYS: Mapping[str, float] = {
    "passages": 30.0,
    "weighings": 183.0,
    "roadside_checks": 366.0,
    "weather_readings": 183.0,
    "weather_notices": 366.0,
    "reports": 366.0,
    "platform_messages": 183.0,
    "evidence": 400.0,
    "dropped_files": 1100.0,
    "quarantine": 30.0,
}
"""Days a segment is kept. Passages are the most personal of these and go first. The record of a
piece of evidence outlives the piece: the desk deletes pieces by it (``web/evidence``)."""


TALLY_DAYS = 400.0
"""Counts by source and hour: a year and a month, as the gateway keeps them."""


class Retention:
    """Call it each minute or so in the thread that writes the log; deletes a helping of each
    topic, and says whether another call is wanted at once."""

    def __init__(
        self, log: SqliteLog, clock: Clock, keep_days: Mapping[str, float] | None = None
    ) -> None:
        self.log = log
        self.clock = clock
        self.keep_days = {**KEEP_DAYS, **(keep_days or {})}

    def __call__(self) -> bool:
        more = False
        for topic, days in self.keep_days.items():
            gone = self.log.prune(topic, time.time() - days * DAY_S, at_most=2_000)
            if gone:
                logger.info("%s: %d segments older than %g days deleted", topic, gone, days)
            more = more or gone == 2_000
        with self.log.transaction() as connection:
            tallies.prune(connection, int((self.clock.time_s() - TALLY_DAYS * DAY_S) // 3600))
        return more
