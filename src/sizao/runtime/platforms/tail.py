"""Positions of our own log, in order, from where somebody stands."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sizao.core import durable
from sizao.log.interface import LogReader, Segment

logger = logging.getLogger(__name__)

Wanted = Callable[[str], bool]
"""Whether a vehicle's positions are to be sent."""


def rows_of(segment: Segment, wanted: Wanted, but_not: str) -> list[dict[str, Any]]:
    """Rows of a segment as dicts, ``time`` in microseconds: those of wanted vehicles that did not
    come from the source ``but_not``, the peer itself."""
    batch = segment.batch
    names = batch.column("vehicle").dictionary_encode()
    keep = pa.array([wanted(name) for name in names.dictionary.to_pylist()], pa.bool_())
    mask = pc.and_(
        keep.take(names.indices), pc.fill_null(pc.not_equal(batch.column("source"), but_not), True)
    )
    kept = batch.filter(mask)
    columns = {
        name: (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column)
        for name, column in zip(kept.schema.names, kept.columns, strict=True)
    }
    return pa.table(columns).to_pylist()


class Offset:
    """How far a peer has confirmed, kept in a file."""

    def __init__(self, path: Path, durable: bool = True) -> None:
        self._path = path
        self._durable = durable
        self.seq: int | None = None
        """None before anything was confirmed or decided."""
        if durable:
            try:
                self.seq = int(json.loads(path.read_text(encoding="utf-8"))["confirmed"])
            except FileNotFoundError:
                pass
            except (ValueError, KeyError, TypeError, OSError) as error:
                # From where the log begins: too much is better than too little.
                logger.error("%s: %s; starting from the beginning of the log", path, error)
                self.seq = 0

    def confirm(self, seq: int) -> None:
        """Remember durably."""
        self.seq = seq
        if not self._durable:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        durable.replace(self._path, json.dumps({"confirmed": seq}).encode())


class Tail:
    """Reads on; :attr:`seq` is the last segment taken."""

    def __init__(self, log: LogReader, seq: int) -> None:
        self._log = log
        self.seq = seq

    def read(self, max_rows: int = 20_000) -> list[Segment]:
        """What follows; empty at the end. Raises LogError."""
        found = self._log.read("positions", self.seq, max_rows)
        if found:
            self.seq = found[-1].seq
        return found
