"""Runs one after another in a thread of the web process, which waits for a process of each.

Started with the first run. State is in the database, so a page asks there how far it is.
"""

from __future__ import annotations

import logging
import queue
import threading

from django.db import close_old_connections, connection

from sizao.core.errors import ConfigError
from sizao.web.risk import services
from sizao.web.risk.models import Assessment

log = logging.getLogger("sizao.risk")

_waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
_busy: set[int] = set()
_turn = threading.Lock()
_thread: threading.Thread | None = None
_mended = False


def submit(run_id: int) -> None:
    """Queue a run; its row says already that it waits."""
    global _thread
    with _turn:
        _busy.add(run_id)
        _waiting.put(run_id)
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_work, name="assessments", daemon=True)
            _thread.start()


def mend_once() -> None:
    """Close what an earlier process left unfinished; cheap after the first call."""
    global _mended
    if not _mended:
        _mended = True
        services.mend(_busy)


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


def _work() -> None:
    while True:
        run_id = _waiting.get()
        close_old_connections()
        try:
            do(run_id)
        finally:
            _busy.discard(run_id)
            connection.close()


def do(run_id: int) -> None:
    """Do a run. Never raises: its row says what went wrong."""
    try:
        services.run(run_id)
    except Exception as error:
        log.exception("assessment %d failed", run_id)
        services.give_up(Assessment.objects.get(pk=run_id), f"{type(error).__name__}: {error}")
