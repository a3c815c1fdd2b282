"""Many frames at once: columns for positions, raw frames for everything else.

The compiled loop gives the same rows as the Python path; a test holds both to that on every
vector and on random bytes. A pair of links uses it by itself for large arrivals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sizao.core.loads import BLOCK, address
from sizao.feeds.jt808.columns import (
    Columns,
    make_columns,
    places_of,
    position_batch,
    rules_at,
)
from sizao.feeds.jt808.fields import text
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt809 import cipher, kernel
from sizao.feeds.jt809.framing import unescape
from sizao.feeds.jt809.params import LinkParams
from sizao.feeds.jt809.subs import PLATE
from sizao.feeds.jt809.vehicles import Directory

BULK_FROM = 2048
"""Bytes of one arrival from which on the compiled loop pays."""
ROOM = 4096
"""Free bytes before an arrival, into which the beginning of a frame fits that came before it: so
a large one is decoded where it was received."""


@dataclass(frozen=True)
class Found:
    """A decoded buffer."""

    batch: pa.RecordBatch | None
    """Positions, ``core.schemas.POSITION``, in order; None if there are none."""
    rest: list[bytes]
    """Raw frames, without delimiters, of everything else."""
    strays: list[bytes]
    """Stretches between frames."""
    pending: bytes
    """The last opening delimiter and what follows, if it was not closed."""
    frames: int
    """Frames that were complete."""


class Bulk:
    """Remembers the plates of a link, so that each is looked up once."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._version = -1
        self._known = 0
        """So many plates have names: these, one behind the other, with where each ends."""
        self._names = np.zeros(BLOCK, np.uint8)
        self._ends = np.zeros(1, np.int32)
        self._longest = 0
        self._clear()
        self._row_keys = np.empty((0, kernel.KEY), np.int64)
        self._marks = np.empty(0, np.int32)
        self._rest = np.empty((0, kernel.REST), np.int64)
        self._scratch = np.empty(kernel.ARENA, np.uint8)
        self._waiting = np.empty((kernel.GROUP, kernel.WAITING), np.int64)

    def decode(self, data: bytes | memoryview, params: LinkParams, now_us: int) -> Found:
        """Decode every complete frame of ``data``, nothing of which is kept. Never raises."""
        buffer = np.frombuffer(data, np.uint8)
        rules = rules_at(now_us, params.limits)
        head = 22 if params.edition == "2011" else 30
        batches: list[pa.RecordBatch] = []
        raws: list[bytes] = []
        strays: list[bytes] = []
        pending = b""
        frames = at = 0
        key, stream = -1, self._scratch
        if params.keys is not None:
            key = _key_of(bytes(data))
            stream = np.frombuffer(cipher.stream(key, params.keys, kernel.SCRATCH), np.uint8)
        # The shortest item takes 36 bytes on the wire; a frame's items may be cut short.
        room = len(data) // 36 + 512
        self._make_room(len(data), room)
        rest = self._rest
        while True:
            columns = make_columns(room)
            n_rows, n_rest, n_frames, last, stopped = kernel.decode(
                address(buffer) + at,
                len(buffer) - at,
                head,
                params.access_code,
                rules,
                address(self._row_keys),
                address(self._scratch),
                address(self._waiting),
                key,
                address(stream),
                address(self._marks),
                address(rest),
                len(rest),
                room,
                places_of(columns),
            )
            frames += n_frames
            if n_rows:
                batches.append(self._batch(columns, n_rows, params.source, now_us))
            for kind, start, end in rest[:n_rest].tolist():
                stretch = bytes(data[at + start : at + end])
                if kind == kernel.FRAME:
                    raws.append(stretch)
                elif stretch.strip(b"\0\r\n "):
                    strays.append(stretch[:4096])
            if last >= 0:
                pending = bytes(data[at + last :])
            if stopped < 0:
                break
            at += stopped
        batch = pa.concat_batches(batches) if len(batches) > 1 else batches[0] if batches else None
        return Found(batch, raws, strays, pending, frames + len(raws))

    def _make_room(self, size: int, room: int) -> None:
        """For the marks, the rest and the rows of so many bytes; kept, because fresh memory costs
        a fault a page."""
        if len(self._marks) <= size:
            self._marks = np.empty(size + 1, np.int32)
            self._rest = np.empty((size // 26 + 1024, kernel.REST), np.int64)
            self._row_keys = np.empty((room, kernel.KEY), np.int64)

    def _grow(self) -> None:
        """Keep room for as many new plates as there are, and the table half empty."""
        used = int(self._used[0])
        size = len(self._keys)
        if size >= kernel.MAX_PLATES:
            if used == size:
                self._clear()
                self._known = self._longest = 0
        elif used * 2 > size:
            keys = self._keys[:used]
            self._clear(size * 4)
            kernel.enter(address(keys), used, self._plates())

    def _clear(self, room: int = 1024) -> None:
        """An empty table for so many plates."""
        self._keys = np.empty((room, kernel.KEY), np.int64)
        # Few enough to stay in the processor's cache with those of other links.
        self._slots = np.full(room * 2, -1, np.int32)
        self._used = np.zeros(1, np.int64)

    def _plates(self) -> kernel.Plates:
        """The table's addresses: good until it grows."""
        return kernel.Plates(
            address(self._keys),
            len(self._keys),
            address(self._slots),
            len(self._slots) - 1,
            address(self._used),
        )

    def _batch(self, columns: Columns, n: int, source: str, now_us: int) -> pa.RecordBatch:
        """The first rows of columns as a batch that shares their memory."""
        frame, keys, ends = address(columns.frame), address(self._row_keys), columns.name_at
        name = np.empty(0, np.uint8)
        done = 0
        while done < n:
            reached = kernel.number(done, n, keys, self._plates(), frame)
            self._look_up()
            begin = int(ends[done])
            more = np.empty((reached - done) * self._longest + BLOCK, np.uint8)
            name = np.concatenate([name[:begin], more]) if begin else more
            kernel.put_names(
                done,
                reached,
                frame,
                address(self._names),
                address(self._ends),
                address(name),
                address(ends),
            )
            done = reached
            self._grow()
        return position_batch(columns._replace(name=name), n, now_us, source=source)

    def _look_up(self) -> None:
        """Have the vehicle of each plate number."""
        used = int(self._used[0])
        if self._version != self._directory.version:
            self._version = self._directory.version
            self._known = self._longest = 0
        known = self._known
        if known == used:
            return
        found = []
        for key in self._keys[known:used].astype(">i8"):
            raw = key.tobytes()
            found.append(self._directory.vehicle(text(raw[:PLATE]), raw[PLATE]).encode())
        sizes = list(map(len, found))
        self._longest = max(self._longest, max(sizes))
        begin = int(self._ends[known])
        ends = begin + np.cumsum(sizes, dtype=np.int32)
        self._ends = np.concatenate([self._ends[: known + 1], ends])
        added = np.frombuffer(b"".join(found) + bytes(BLOCK), np.uint8)
        self._names = np.concatenate([self._names[:begin], added])
        self._known = used


def _key_of(data: bytes) -> int:
    """The header key of the first frame: senders keep to one. 0 if that cannot be read."""
    start = data.find(0x5B) + 1
    try:
        return int.from_bytes(unescape(data[start : start + 44].rstrip(b"\x5a\x5e"))[18:22], "big")
    except Malformed:
        return 0


def warm_up() -> None:
    """Load or compile the loops, so that the first large arrival does not wait for it."""
    bulk = Bulk(Directory())
    bulk.decode(b"\x5b\x5d", LinkParams(""), 0)
    columns, plates = make_columns(1), bulk._plates()
    kernel.enter(address(bulk._keys), 0, plates)
    kernel.number(0, 0, address(bulk._row_keys), plates, address(columns.frame))
    kernel.put_names(0, 0, *[address(columns.name_at)] * 5)
    bulk._batch(columns, 0, "", 0)
