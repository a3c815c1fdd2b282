"""Many frames at once: columns for positions, raw frames for everything else.

The compiled loop gives the same rows as the Python path; a test holds both to that on every
vector and on random bytes. A pair of links uses it by itself for large arrivals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sizao.core.loads import address
from sizao.core.schemas import POSITION, TIME
from sizao.feeds.jt808.fields import text
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt809 import cipher, kernel
from sizao.feeds.jt809.framing import unescape
from sizao.feeds.jt809.params import LinkParams
from sizao.feeds.jt809.subs import PLATE
from sizao.feeds.jt809.vehicles import Directory

BULK_FROM = 2048
"""Bytes of one arrival from which on the compiled loop pays."""
MAX_PLATES = 1 << 20
"""Plates a link may bring; further ones take the Python path."""


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
        self._names: list[str] = []
        self._array = pa.array([], pa.string())
        self._keys = np.empty((1024, kernel.KEY), np.int64)
        self._slots = np.full(4096, -1, np.int32)
        self._used = np.zeros(1, np.int64)
        self._scratch = np.empty(kernel.SCRATCH, np.uint8)
        self._rows = np.empty(0, kernel.ROW)

    def decode(self, data: bytes, params: LinkParams, now_us: int) -> Found:
        """Decode every complete frame of ``data``. Never raises."""
        buffer = np.frombuffer(data, np.uint8)
        limits = params.limits
        bounds = np.array(
            [
                limits.future_s * 1e6,
                -1.0 if limits.age_s is None else limits.age_s * 1e6,
                limits.speed_kmh,
                limits.altitude_m,
            ]
        )
        head = 22 if params.edition == "2011" else 30
        batches: list[pa.RecordBatch] = []
        raws: list[bytes] = []
        strays: list[bytes] = []
        pending = b""
        frames = at = 0
        key, stream = -1, self._scratch
        if params.keys is not None:
            key = _key_of(data)
            stream = np.frombuffer(cipher.stream(key, params.keys, kernel.SCRATCH), np.uint8)
        # The shortest item takes 36 bytes on the wire; a frame's items may be cut short.
        room = len(data) // 36 + 512
        while True:
            self._grow()
            rows = self._room(room)
            rest = np.empty((len(data) // 26 + 1024, 3), np.int64)
            n_rows, n_rest, n_frames, last, stopped = kernel.decode(
                address(buffer) + at,
                len(buffer) - at,
                head,
                params.access_code,
                now_us,
                bounds,
                self._keys,
                self._slots,
                self._used,
                address(self._scratch),
                key,
                address(stream),
                np.empty(len(data) - at + 1, np.int32),
                rest,
                rows,
            )
            frames += n_frames
            if n_rows:
                batches.append(self._batch(rows[:n_rows], params.source, now_us))
            for kind, start, end in rest[:n_rest].tolist():
                stretch = data[at + start : at + end]
                if kind == kernel.FRAME:
                    raws.append(stretch)
                elif stretch.strip(b"\0\r\n "):
                    strays.append(stretch[:4096])
            if last >= 0:
                pending = data[at + last :]
            if stopped < 0:
                break
            at += stopped
        batch = pa.concat_batches(batches) if len(batches) > 1 else batches[0] if batches else None
        return Found(batch, raws, strays, pending, frames + len(raws))

    def _room(self, room: int) -> np.ndarray:
        if len(self._rows) < room:
            self._rows = np.empty(room, kernel.ROW)
        return self._rows

    def _grow(self) -> None:
        """Keep room for as many new plates as there are, and the table half empty."""
        used = int(self._used[0])
        size = len(self._keys)
        if used * 2 <= size or size >= MAX_PLATES:
            return
        keys = self._keys[:used]
        self._keys = np.empty((size * 4, kernel.KEY), np.int64)
        self._slots = np.full(size * 16, -1, np.int32)
        self._used[0] = 0
        kernel.enter(keys, self._keys, self._slots, self._used)

    def _batch(self, rows: np.ndarray, source: str, now_us: int) -> pa.RecordBatch:
        """Rows as a batch that owns its memory."""
        n = len(rows)

        def column(name: str) -> pa.Array:
            kind = POSITION.field(name).type
            values = np.ascontiguousarray(rows[name])
            if values.dtype.kind == "f" and np.isnan(values).any():
                return pa.array(values, kind, from_pandas=True)
            # No bitmap of nulls where there are none: it would cost more than the values later.
            return pa.array(values, kind)

        columns = {
            "vehicle": self._vehicles().take(pa.array(np.ascontiguousarray(rows["plate"]))),
            "time": pa.array(np.ascontiguousarray(rows["time_us"])).cast(TIME),
            "received": pa.array(np.full(n, now_us, np.int64)).cast(TIME),
            "driver": pa.nulls(n, pa.string()),
            "source": pa.repeat(pa.scalar(source), n),
        }
        arrays = [
            columns[field.name] if field.name in columns else column(field.name)
            for field in POSITION
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=POSITION)

    def _vehicles(self) -> pa.Array:
        """Vehicle of each plate number."""
        used = int(self._used[0])
        if self._version != self._directory.version:
            self._version = self._directory.version
            self._names = []
        if len(self._names) < used:
            for key in self._keys[len(self._names) : used].astype(">i8"):
                raw = key.tobytes()
                self._names.append(self._directory.vehicle(text(raw[:PLATE]), raw[PLATE]))
            self._array = pa.array(self._names, pa.string())
        return self._array


def _key_of(data: bytes) -> int:
    """The header key of the first frame: senders keep to one. 0 if that cannot be read."""
    start = data.find(0x5B) + 1
    try:
        return int.from_bytes(unescape(data[start : start + 44].rstrip(b"\x5a\x5e"))[18:22], "big")
    except Malformed:
        return 0


def warm_up() -> None:
    """Load or compile the loop, so that the first large arrival does not wait for it."""
    Bulk(Directory()).decode(b"\x5b\x5d", LinkParams(""), 0)
