"""A document as the intake takes it: rows to keep, or the reason why not, with the bytes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sizao.feeds.cap.decode import read
from sizao.feeds.cap.notices import rows
from sizao.feeds.cap.problems import Problem
from sizao.feeds.taken import Taken

KEY_COLUMNS = ("source", "notice", "sent", "kind")
"""What makes two rows the same notice."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def take(data: bytes, source: str, received_us: int) -> list[Taken]:
    """One item an event of the document; a refused document is one item. Never raises."""
    received = _EPOCH + timedelta(microseconds=received_us)
    found = read(data)
    if isinstance(found, Problem):
        return [Taken("", problems=[found], raw=data)]
    made = rows(found, received, source)
    if isinstance(made, Problem):
        return [Taken(found.alert.identifier, problems=[made], raw=data)]
    items = []
    for row in made:
        row = {name: _us(value) for name, value in row.items()}
        key = tuple(str(row[name]) for name in KEY_COLUMNS)
        items.append(Taken(row["notice"], key=key, row=row, raw=data))
    return items


def _us(value: object) -> object:
    return (value - _EPOCH) // timedelta(microseconds=1) if isinstance(value, datetime) else value
