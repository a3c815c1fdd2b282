"""Simulations one after another in a thread of the web process, each in a process of its own."""

from __future__ import annotations

import logging
import queue
import threading

from django.db import close_old_connections, connection

from sizao.web.junctions import timings
from sizao.web.junctions.models import Timing
from sizao.web.refusals import kept

log = logging.getLogger("sizao.junctions")

_waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
_busy: set[int] = set()
_turn = threading.Lock()
_thread: threading.Thread | None = None
_mended = False


def submit(timing_id: int) -> None:
    """Queue a simulation; its row says already that it waits."""
    global _thread
    with _turn:
        _busy.add(timing_id)
        _waiting.put(timing_id)
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_work, name="junctions", daemon=True)
            _thread.start()


def mend_once() -> None:
    """Close what an earlier process left unfinished; cheap after the first call."""
    global _mended
    if not _mended:
        _mended = True
        timings.mend(_busy)


def _work() -> None:
    while True:
        timing_id = _waiting.get()
        close_old_connections()
        try:
            do(timing_id)
        finally:
            _busy.discard(timing_id)
            connection.close()


def do(timing_id: int) -> None:
    """Simulate. Never raises: the row says what went wrong."""
    try:
        timings.simulate(timing_id)
    except Exception as error:
        log.exception("simulation of timing %d failed", timing_id)
        timings.give_up(Timing.objects.get(pk=timing_id), kept(error))
