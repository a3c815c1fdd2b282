"""Messages to platforms that somebody asked for: the topic ``platform_orders``.

An order is durable as a row of ``platform_messages`` before its bytes go out, under its own id, so
that a restart neither forgets nor repeats it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa


@dataclass(frozen=True)
class PlatformOrder:
    """One row of the topic; times in microseconds of feed time."""

    id: str
    link: str
    kind: int
    fields: dict[str, Any]
    expires_us: int | None


def known_ids(messages: Iterable[pa.RecordBatch]) -> set[str]:
    """Ids of the messages of ours that were dealt with."""
    found: set[str] = set()
    for batch in messages:
        columns = (batch.column(name).to_pylist() for name in ("message", "direction"))
        found |= {name for name, direction in zip(*columns, strict=True) if direction == "out"}
    return found


def orders(batch: pa.RecordBatch) -> list[PlatformOrder]:
    """The orders of a segment. One that cannot be read is an order without fields, which the
    link then refuses in a row that says so."""
    found = []
    for row in batch.to_pylist():
        try:
            kind = int(row["kind"].rpartition("/")[2], 16)
            fields = json.loads(row["body"])
            if not isinstance(fields, dict):
                raise ValueError("no object")
        except ValueError:
            kind, fields = 0, {"unreadable": row["body"]}
        if row["plate"] is not None:
            fields |= {"plate": row["plate"], "plate_color": row["plate_colour"] or 0}
        expires = row["expires"]
        found.append(
            PlatformOrder(
                row["order"],
                row["link"],
                kind,
                fields,
                None if expires is None else round(expires.timestamp() * 1_000_000),
            )
        )
    return found
