"""In which of the last minutes every vehicle, and every source, was heard: two words each.

Kept beside the engine's state by whoever feeds it positions, and asked by rules over records
("did the vehicle that passed here report its place about then?"). A minute counts as heard if a
position was received in it, or if one was stamped with it and received at most ``LATE_US`` later:
who comes out of a dead zone and sends what it stored was not silent.

Answers are a function of the rows alone as long as they are asked for the last hour and after
every row received by then has been taken in; ``until_us`` says up to when that holds. Further
back nothing is known, and :meth:`Heard.minutes` says so.

>>> import numpy as np, pyarrow as pa
>>> heard, names = Heard(), Names.of(["a"])
>>> at = np.array([600_000_000], np.int64)
>>> heard.update(names, np.zeros(1, np.int32), at, at, pa.array(["jt808"]))
>>> heard.minutes("a", 8, 12), heard.minutes("b", 8, 12), heard.source_of("a")
(1, 0, 'jt808')
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from sizao.core.errors import LogError
from sizao.detect.names import Names

MINUTE_US = 60_000_000
LATE_US = 300_000_000
"""5 min: what came later does not change what a rule concluded in the meantime."""

SPAN = 64
"""Minutes remembered before the last one heard."""

_ROW = np.dtype([("bits", "u8"), ("minute", "i4"), ("source", "i4")], align=True)
"""Bit k of ``bits``: heard in ``minute`` less k. ``source`` is an index plus one."""


class Heard:
    """Minutes of vehicles by slot, and of sources. Not for several threads."""

    def __init__(self) -> None:
        self.until_us = 0
        """Everything received before this moment has been taken in; told by who feeds it."""
        self._names = Names()
        self._rows = np.zeros(64, _ROW)
        self._sources: dict[str, int] = {}
        self._of_source = np.zeros(16, _ROW)

    def update(
        self,
        names: Names,
        slots: npt.NDArray[np.int32],
        time_us: npt.NDArray[np.int64],
        received_us: npt.NDArray[np.int64],
        sources: pa.Array,
    ) -> None:
        """Take in rows, shape (n,) each, in any order; ``slots`` are those of ``names``."""
        self._names = names
        self._rows = _longer(self._rows, len(names))
        coded = sources.dictionary_encode()
        known = [self._sources.setdefault(name or "", len(self._sources)) for name in
                 coded.dictionary.to_pylist()]  # fmt: skip
        self._of_source = _longer(self._of_source, len(self._sources))
        none = self._sources.setdefault("", len(self._sources)) if coded.null_count else 0
        self._of_source = _longer(self._of_source, len(self._sources))
        index = np.array([*known, none], np.int32)[
            coded.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
        ]
        _mark(self._rows, self._of_source, slots, time_us, received_us, index, LATE_US)

    def minutes(self, vehicle: str, first: int, last: int) -> int | None:
        """In how many minutes from ``first`` to ``last`` (since the epoch, both included) the
        vehicle was heard; None if that is further back than anybody remembers."""
        slot = self._names.find(vehicle)
        return 0 if slot is None else _count(self._rows[slot : slot + 1], first, last)

    def ever(self, vehicle: str) -> bool:
        """Whether the vehicle was ever heard."""
        return self._names.find(vehicle) is not None

    def source_of(self, vehicle: str) -> str | None:
        """Source that last reported the vehicle."""
        slot = self._names.find(vehicle)
        if slot is None or slot >= len(self._rows) or not self._rows[slot]["source"]:
            return None
        return list(self._sources)[self._rows[slot]["source"] - 1]

    def source_minutes(self, source: str | None, first: int, last: int) -> int | None:
        """The same of a source; of None, the most of any."""
        if source is None:
            each = [self.source_minutes(name, first, last) for name in self._sources]
            return max((count for count in each if count is not None), default=0)
        at = self._sources.get(source)
        return 0 if at is None else _count(self._of_source[at : at + 1], first, last)

    def to_bytes(self) -> bytes:
        """What is remembered, without the names; the same memory gives the same bytes."""
        return self.frozen()()

    def frozen(self) -> Callable[[], bytes]:
        """What is remembered as it is now; call it for the bytes, from any thread."""
        rows = self._rows[: len(self._names)].copy()
        of_source = self._of_source[: len(self._sources)].copy()
        return partial(_bytes_of, list(self._sources), rows, of_source)

    def restore(self, data: bytes, names: Names) -> None:
        """Go on from :meth:`to_bytes`; ``names`` as they were then. Without bytes, anew.

        Raises LogError if they are damaged. Those of another layout are left out.
        """
        self.__init__()  # type: ignore[misc]  # begin anew, in the object that rules hold
        self._names = names
        self._rows = _longer(self._rows, len(names))
        if not data:
            return
        try:
            source = io.BytesIO(data)
            known = json.loads(source.readline())
            rows = np.load(source, allow_pickle=False)
            of_source = np.load(source, allow_pickle=False)
        except (ValueError, OSError, EOFError) as error:
            raise LogError(f"damaged minutes of {len(data)} bytes: {error}") from error
        if rows.dtype == _ROW and of_source.dtype == _ROW:
            self._sources = {name: at for at, name in enumerate(known)}
            self._rows[: len(rows)] = rows
            self._of_source = _longer(of_source.copy(), 16)


def _bytes_of(sources: list[str], rows: npt.NDArray[Any], of_source: npt.NDArray[Any]) -> bytes:
    sink = io.BytesIO()
    sink.write(json.dumps(sources, ensure_ascii=True).encode() + b"\n")
    np.save(sink, rows, allow_pickle=False)
    np.save(sink, of_source, allow_pickle=False)
    return sink.getvalue()


def _longer(rows: npt.NDArray[Any], wanted: int) -> npt.NDArray[Any]:
    if len(rows) >= wanted:
        return rows
    longer = np.zeros(max(wanted, 2 * len(rows)), _ROW)
    longer[: len(rows)] = rows
    return longer


def _count(rows: npt.NDArray[Any], first: int, last: int) -> int | None:
    """Heard minutes of one row, none where it was never heard."""
    if not len(rows) or not rows[0]["bits"]:
        return 0
    latest, bits = int(rows[0]["minute"]), int(rows[0]["bits"])
    if first <= latest - SPAN:
        return None
    return sum(bits >> (latest - minute) & 1 for minute in range(first, min(last, latest) + 1))


@njit(cache=True)
def _hear(row, minute):  # type: ignore[no-untyped-def]  # numba
    ahead = minute - row.minute
    if row.bits == 0 or ahead >= 64:
        row.bits = np.uint64(1)
        row.minute = minute
    elif ahead > 0:
        row.bits = (row.bits << np.uint64(ahead)) | np.uint64(1)
        row.minute = minute
    elif ahead > -64:
        row.bits |= np.uint64(1) << np.uint64(-ahead)


@njit(cache=True, nogil=True)
def _mark(rows, of_source, slots, time_us, received_us, source, late_us):  # type: ignore[no-untyped-def]  # numba
    # Most rows of a batch are of one minute: a division costs more than all else of a row.
    received, minute = np.int64(0), np.int64(0)
    received_until = until = np.int64(-(1 << 62))
    for i in range(len(slots)):
        row = rows[slots[i]]
        row.source = source[i] + 1
        came, at = received_us[i], time_us[i]
        if not received_until - 60_000_000 <= came < received_until:
            received = came // 60_000_000
            received_until = (received + 1) * 60_000_000
        _hear(row, received)
        _hear(of_source[source[i]], received)
        if 0 < came - at <= late_us:
            if not until - 60_000_000 <= at < until:
                minute = at // 60_000_000
                until = (minute + 1) * 60_000_000
            if minute != received:
                _hear(row, minute)
