"""Assessments one after another, beside the pages; each is computed in a process of its own."""

from __future__ import annotations

import logging

from sizao.web.background import Background
from sizao.web.refusals import kept
from sizao.web.risk import services
from sizao.web.risk.models import Assessment

log = logging.getLogger("sizao.risk")


def do(run_id: int) -> None:
    """Do a run. Never raises: its row says what went wrong."""
    try:
        services.run(run_id)
    except Exception as error:
        log.exception("assessment %d failed", run_id)
        services.give_up(Assessment.objects.get(pk=run_id), kept(error))


line = Background("assessments", do, int, services.mend)
submit, mend_once = line.submit, line.mend_once
