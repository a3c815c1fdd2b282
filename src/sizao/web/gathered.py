"""Rows of one transaction that are saved together: an INSERT a table, not one a row.

Whoever makes rows calls :func:`put` instead of ``save()``. Outside :func:`gathered` that is the
same; inside, a new row waits until the block ends and is saved with all others of its table. A
query in between does not find it, so what follows from a row that waits is kept in :func:`memo`,
which lives as long as the block.

A flood of warnings is what this is for: each makes ten rows in seven tables.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from django.db import connection, models


class _Block:
    """What waits. Tables are saved in an order in which nothing refers to a row without a key."""

    def __init__(self) -> None:
        self.rows: dict[type[models.Model], list[models.Model]] = {}
        self.waiting: set[int] = set()
        self.memo: dict[Any, Any] = {}
        self.last: list[Callable[[], models.Model]] = []

    def put(self, row: models.Model) -> None:
        if id(row) in self.waiting:
            return  # it is saved as it will be then
        if row._state.adding:
            self.waiting.add(id(row))
            self.rows.setdefault(type(row), []).append(row)
        else:
            row.save()

    def flush(self) -> None:
        for model in self._ordered():
            model._base_manager.bulk_create(self.rows[model])
        made: dict[type[models.Model], list[models.Model]] = {}
        for make in self.last:
            row = make()
            made.setdefault(type(row), []).append(row)
        for model, rows in made.items():
            model._base_manager.bulk_create(rows)

    def _ordered(self) -> list[type[models.Model]]:
        found: list[type[models.Model]] = []

        def add(model: type[models.Model]) -> None:
            if model in found or model not in self.rows:
                return
            for field in model._meta.concrete_fields:
                if field.is_relation and field.related_model is not model:
                    add(field.related_model)
            found.append(model)

        for model in self.rows:
            add(model)
        return found


_local = threading.local()


def _block() -> _Block | None:
    return getattr(_local, "block", None)


@contextmanager
def gathered() -> Iterator[None]:
    """Let rows wait until the block ends; within the caller's transaction.

    An error inside saves none of them. Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("gathered() needs the transaction of what is gathered")
    if _block() is not None:
        yield
        return
    block = _local.block = _Block()
    try:
        yield
        block.flush()
    finally:
        _local.block = None


def put(row: models.Model) -> None:
    """Save a row: now, or with the others when the block ends."""
    block = _block()
    if block is None:
        row.save()
    else:
        block.put(row)


def put_last(make: Callable[[], models.Model]) -> None:
    """Save what ``make`` returns after everything that was put: by then every row has its key."""
    block = _block()
    if block is None:
        make().save()
    else:
        block.last.append(make)


def memo() -> MutableMapping[Any, Any]:
    """What was looked up or made within the block; outside one, nothing is kept."""
    block = _block()
    return {} if block is None else block.memo
