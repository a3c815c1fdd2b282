"""Write transactions: one at a time within this process.

SQLite lets one connection write at a time and lets the others poll for their turn, without an
order, so a busy writer can starve another for seconds. Within the one process that writes this
database a lock in front of ``BEGIN IMMEDIATE`` makes the queue fair and the wait short; the
soak (``sizao bench soak``) measures it. PostgreSQL locks rows and needs no such thing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_turn = threading.RLock()


@contextmanager
def write() -> Iterator[None]:
    """``with write():`` is a transaction. Nested uses join the outer one."""
    if connection.vendor != "sqlite":
        with transaction.atomic():
            yield
        return
    with _turn, transaction.atomic():
        yield
