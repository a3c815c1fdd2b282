"""Reviews one after another beside the pages; when one is due is asked by the forecaster's thread.

One that failed is tried again after a pause, as long as its occasion lasts.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sizao.web.background import Background
from sizao.web.enterprises import services

log = logging.getLogger("sizao.enterprises")

RETRY = timedelta(minutes=10)
_tried: dict[str, datetime] = {}


def do(slot: str) -> None:
    """Make one. Never raises: it is logged, and tried again."""
    try:
        services.run(slot)
    except Exception:
        log.exception("the review of enterprises %s failed and will be tried again", slot)


line = Background("enterprises", do, hash, lambda at_work: None)


def tick(now: datetime) -> str | None:
    """Send the review that is due to be made. Returns its occasion."""
    slot = None if line.busy else services.due(now)
    if slot is None or now - _tried.get(slot, now - RETRY) < RETRY:
        return None
    _tried.clear()
    _tried[slot] = now
    line.submit(slot)
    return slot
