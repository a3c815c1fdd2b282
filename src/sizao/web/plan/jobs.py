"""Plans one after another, beside the pages; each is computed in a process of its own."""

from __future__ import annotations

import logging

from sizao.web.background import Background
from sizao.web.plan import services
from sizao.web.plan.models import Plan
from sizao.web.refusals import kept

log = logging.getLogger("sizao.plan")


def do(plan_id: int) -> None:
    """Make a plan. Never raises: its row says what went wrong."""
    try:
        services.make(plan_id)
    except Exception as error:
        log.exception("plan %d failed", plan_id)
        services.give_up(Plan.objects.get(pk=plan_id), kept(error))


line = Background("plans", do, int, services.mend)
submit, mend_once = line.submit, line.mend_once
