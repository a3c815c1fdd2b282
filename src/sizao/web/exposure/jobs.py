"""Sums one after another beside the pages; when one is due is asked by the forecaster's thread."""

from __future__ import annotations

import logging
from datetime import datetime

from sizao.web.background import Background
from sizao.web.exposure import services
from sizao.web.exposure.models import FleetSum
from sizao.web.refusals import kept

log = logging.getLogger("sizao.exposure")


def do(number: int) -> None:
    """Make one. Never raises: its row says what went wrong."""
    try:
        services.run(number)
    except Exception as error:
        log.exception("fleet sum %d failed", number)
        services.give_up(FleetSum.objects.get(pk=number), kept(error))


line = Background("fleet-sums", do, int, lambda at_work: None)


def tick(now: datetime) -> FleetSum | None:
    """Send the sum that is due to be made. Returns it."""
    slot = None if line.busy else services.due(now)
    if slot is None:
        return None
    found = services.open_sum(slot)
    line.submit(found.pk)
    return found
