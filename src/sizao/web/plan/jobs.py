"""Plans one after another in a thread of the web process, which waits for a process of each."""

from __future__ import annotations

import logging
import queue
import threading

from django.db import close_old_connections, connection

from sizao.web.plan import services
from sizao.web.plan.models import Plan

log = logging.getLogger("sizao.plan")

_waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
_busy: set[int] = set()
_turn = threading.Lock()
_thread: threading.Thread | None = None
_mended = False


def submit(plan_id: int) -> None:
    """Queue a plan; its row says already that it is being made."""
    global _thread
    with _turn:
        _busy.add(plan_id)
        _waiting.put(plan_id)
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_work, name="plans", daemon=True)
            _thread.start()


def mend_once() -> None:
    """Close what an earlier process left unfinished; cheap after the first call."""
    global _mended
    if not _mended:
        _mended = True
        services.mend(_busy)


def _work() -> None:
    while True:
        plan_id = _waiting.get()
        close_old_connections()
        try:
            do(plan_id)
        finally:
            _busy.discard(plan_id)
            connection.close()


def do(plan_id: int) -> None:
    """Make a plan. Never raises: its row says what went wrong."""
    try:
        services.make(plan_id)
    except Exception as error:
        log.exception("plan %d failed", plan_id)
        services.give_up(Plan.objects.get(pk=plan_id), f"{type(error).__name__}: {error}")
