"""Long work, one piece after another, in a thread of the web process.

Started with the first piece. State is in the database, so a page asks there how far it is; what a
process was doing when it ended is closed by the next one's first look.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from django.db import close_old_connections, connection

Job = TypeVar("Job")


class Background(Generic[Job]):
    """One line of work.

    do : does a piece; it must not raise, the piece's own row says what went wrong
    key : number of the row that a piece works on
    mend : closes rows that an earlier process left unfinished, but for those given, now at work
    """

    def __init__(
        self,
        name: str,
        do: Callable[[Job], None],
        key: Callable[[Job], int],
        mend: Callable[[Collection[int]], object],
    ) -> None:
        self._name, self._do, self._key, self._mend = name, do, key, mend
        self._waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.busy: set[int] = set()
        """Rows that wait or are worked on."""
        self._turn = threading.Lock()
        self._thread: threading.Thread | None = None
        self._mended = False

    def submit(self, job: Job) -> None:
        """Queue a piece; its row says already that it waits."""
        with self._turn:
            self.busy.add(self._key(job))
            self._waiting.put(job)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()

    def mend_once(self) -> None:
        """Close what an earlier process left unfinished; cheap after the first call."""
        if not self._mended:
            self._mended = True
            self._mend(self.busy)

    def _work(self) -> None:
        while True:
            job = self._waiting.get()
            close_old_connections()
            try:
                self._do(job)
            finally:
                self.busy.discard(self._key(job))
                connection.close()
