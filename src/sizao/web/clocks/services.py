"""One round over all clocks: whatever has run out is acted on, each in its own transaction.

There is nothing to catch up with after the process was down: a deadline is a column, and the first
round after the start finds what passed meanwhile, in the order in which it passed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db import IntegrityError

from sizao.core.errors import ConfigError
from sizao.respond.clock_registry import CLOCKS
from sizao.web.clocks.models import Miss
from sizao.web.writing import write

log = logging.getLogger("sizao.clocks")


@dataclass(frozen=True)
class Ran:
    """A clock that ran out."""

    clock: str
    """An id of ``respond.clock_registry``."""
    subject: str
    """``case:20261123-0001``: what the clock belongs to."""
    due_at: datetime


class Domain(Protocol):
    """What a domain registers in ``registry.py``."""

    clocks: tuple[str, ...]

    def overdue(self, now: datetime) -> Iterable[int]:
        """Keys of rows with a deadline before ``now`` that was not acted on, the oldest first.
        A cheap query over an indexed column."""
        ...

    def fire(self, key: int, now: datetime) -> list[Ran]:
        """Act on one row, within the caller's transaction, and say which clocks ran out.

        Reads the row anew: somebody may have acted since ``overdue``; then an empty list."""
        ...


MOST_S = 0.3
"""A domain's time a round, of the wall clock. A storm that nobody signs runs out all at once, and
thousands of escalations in one round would keep new detections waiting for minutes."""


def fire_due(now: datetime, domains: Iterable[Domain]) -> int:
    """Act on clocks that ran out before ``now``, the oldest first, each domain for MOST_S at most;
    what is left comes in the next round. Returns how many did.

    A row that fails is logged and tried again next round; the others are not kept waiting.
    """
    fired = 0
    for domain in domains:
        until = time.monotonic() + MOST_S
        for key in list(domain.overdue(now)):
            if time.monotonic() > until:
                break
            try:
                fired += _fire(domain, key, now)
            except IntegrityError:
                log.exception("%s: a clock of %s would have fired twice", domain.clocks, key)
            except Exception:
                log.exception("%s: a clock of %s could not be acted on", domain.clocks, key)
    return fired


def _fire(domain: Domain, key: int, now: datetime) -> int:
    with write():
        ran = domain.fire(key, now)
        for one in ran:
            if one.clock not in CLOCKS or one.clock not in domain.clocks:
                raise ConfigError(f"clock {one.clock!r} is not registered")
            Miss.objects.create(
                clock=one.clock, subject=one.subject, due_at=one.due_at, fired_at=now
            )
    return len(ran)
