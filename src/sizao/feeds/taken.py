"""What a codec made of one item of a message: a row to keep, pictures to store, or a reason why
not. Shared by the feeds that receive JSON objects and CSV rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pyarrow as pa

from sizao.feeds.forms import Problem
from sizao.feeds.images import Image, without_pictures

RAW_BYTES = 64 << 10
"""At most so much of a refused item is kept."""


@dataclass
class Taken:
    """One item. ``row`` maps columns of the topic's schema, None when the item is refused.

    id : what the sender calls it, for the answer
    key : the same for the same record sent again, so that it is kept once
    problems : why it is refused, or which values were left out
    raw : the item as it came, for quarantine
    """

    id: str
    key: tuple[str, ...] = ()
    row: dict[str, Any] | None = None
    images: list[Image] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    raw: bytes = b""

    @property
    def refused(self) -> bool:
        return self.row is None

    def why(self) -> str:
        """All problems in one line."""
        return "; ".join(problem.detail for problem in self.problems)


def as_tuple(row: Mapping[str, Any], schema: pa.Schema) -> tuple[Any, ...]:
    """A row in column order; columns it does not name are null."""
    return tuple(map(row.get, _names(schema)))


@lru_cache(maxsize=64)
def _names(schema: pa.Schema) -> tuple[str, ...]:
    return tuple(schema.names)


def quarantine_row(
    received_us: int, source: str, peer: str, problems: Sequence[Problem], raw: bytes
) -> tuple[Any, ...]:
    """A row of QUARANTINE: the first reason, every detail."""
    detail = "; ".join(problem.detail for problem in problems)[:2000]
    return (received_us, source, peer, problems[0].reason, detail, raw[:RAW_BYTES])


def raw_json(item: Any) -> bytes:
    """An item of a JSON message as bytes, without its pictures."""
    try:
        return json.dumps(without_pictures(item), ensure_ascii=True).encode()[:RAW_BYTES]
    except (ValueError, RecursionError):  # numbers of thousands of digits
        return repr(type(item)).encode()
