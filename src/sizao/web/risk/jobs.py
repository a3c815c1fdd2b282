"""Assessments one after another, beside the pages; each is computed in a process of its own."""

from __future__ import annotations

import logging
import threading

from django.db import connection

from sizao.core.errors import ConfigError
from sizao.web.background import Background
from sizao.web.risk import services
from sizao.web.risk.models import Assessment

log = logging.getLogger("sizao.risk")


def do(run_id: int) -> None:
    """Do a run. Never raises: its row says what went wrong."""
    try:
        services.run(run_id)
    except Exception as error:
        log.exception("assessment %d failed", run_id)
        services.give_up(Assessment.objects.get(pk=run_id), f"{type(error).__name__}: {error}")


line = Background("assessments", do, int, services.mend)
submit, mend_once = line.submit, line.mend_once


def first_run(after_s: float = 0.0) -> None:
    """Start the first assessment of an installation that has records and roads, and none yet.

    ``after_s`` leaves the other parts of a demonstration the time to start.
    """
    timer = threading.Timer(after_s, _first_run)
    timer.daemon = True
    timer.start()


def _first_run() -> None:
    try:
        years = services.usual_years()
        if years is not None and not Assessment.objects.exists():
            submit(services.open_run(None, years=years).pk)
    except ConfigError as error:
        log.warning("no first assessment: %s", error)
    finally:
        connection.close()
