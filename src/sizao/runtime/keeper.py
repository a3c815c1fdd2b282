"""Puts media and evidence files into the store, off the event loop, before anything names them.

One thread writes, because a disk does not get faster by being asked twice at once. What follows,
the record in the log and the answer to the terminal, is the caller's: durable order is file,
record, answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sizao.core.errors import EvidenceError
from sizao.feeds.jt808.positions import Row
from sizao.log.evidence import EvidenceStore

logger = logging.getLogger(__name__)

_BYTES = 8
"""Column of the size in a row of topic ``evidence``."""


class Keeper:
    """Shared by every way in that takes evidence. Use from the event loop."""

    def __init__(self, store: EvidenceStore) -> None:
        self.store = store
        self.kept = 0
        self.bytes = 0
        self.refused = 0
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="evidence")
        self._tasks: set[asyncio.Task[None]] = set()

    def keep(
        self,
        write: Callable[[EvidenceStore], Row],
        kept: Callable[[Row], None],
        refused: Callable[[str], None],
    ) -> None:
        """Run ``write`` in the thread; then one of the others here, with the row or why not."""

        async def run() -> None:
            loop = asyncio.get_running_loop()
            try:
                row = await loop.run_in_executor(self._worker, write, self.store)
            except EvidenceError as error:
                self.refused += 1
                logger.error("evidence could not be kept: %s", error)
                refused(str(error))
                return
            except Exception as error:
                self.refused += 1
                logger.exception("evidence could not be kept")
                refused(f"{type(error).__name__}: {error}")
                return
            self.kept += 1
            self.bytes += row[_BYTES]
            kept(row)

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def waiting(self) -> int:
        """Pieces on their way to the disk."""
        return len(self._tasks)

    def figures(self) -> dict[str, object]:
        """For the heartbeat."""
        return {
            "kept": self.kept,
            "bytes": self.bytes,
            "refused": self.refused,
            "waiting": self.waiting,
        }

    async def finish(self) -> None:
        """Wait until everything is written."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def close(self) -> None:
        self._worker.shutdown()
