"""Long steps of imports, one after another in a thread of the web process.

Started with the first job. State is in the database, so a page asks there how far it is; what a
process was doing when it ended is closed by the next one's first look (:func:`services.mend`).
"""

from __future__ import annotations

import logging
import queue
import threading
from typing import NamedTuple

from django.db import close_old_connections, connection

from sizao.web.imports import services
from sizao.web.imports.models import Batch
from sizao.web.units.models import User

log = logging.getLogger("sizao.imports")


class Job(NamedTuple):
    """A step of a batch: read, check or store, and for whom."""

    step: str
    batch: int
    user: int | None


_waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
_busy: set[int] = set()
_turn = threading.Lock()
_thread: threading.Thread | None = None
_mended = False


def submit(step: str, batch_id: int, user: User | None) -> None:
    """Queue a step. The batch's state says already that it is being worked on."""
    global _thread
    with _turn:
        _busy.add(batch_id)
        _waiting.put(Job(step, batch_id, user.pk if user is not None else None))
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_work, name="imports", daemon=True)
            _thread.start()


def mend_once() -> None:
    """Close what an earlier process left unfinished; cheap after the first call."""
    global _mended
    if not _mended:
        _mended = True
        services.mend(_busy)


def _work() -> None:
    while True:
        job = _waiting.get()
        close_old_connections()
        try:
            run(job)
        finally:
            _busy.discard(job.batch)
            connection.close()


def run(job: Job) -> None:
    """Do a step. Never raises: the batch says what went wrong."""
    try:
        if job.step == "read":
            services.run_read(job.batch)
        elif job.step == "check":
            services.run_check(job.batch)
        else:
            user = User.objects.filter(pk=job.user).first() if job.user is not None else None
            services.run_store(job.batch, user)
    except services.GivenUpError:
        log.info("import %d: given up during %s", job.batch, job.step)
    except Exception as error:
        log.exception("import %d: step %s failed", job.batch, job.step)
        services.give_up(Batch.objects.get(pk=job.batch), error)
