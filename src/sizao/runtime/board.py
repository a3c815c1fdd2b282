"""The live board: where every vehicle was last seen, on which road, under which limit.

Rows are the engine's slots: a vehicle keeps its row for the life of the installation and new ones
append, so that the web may send rows without names. What the board shows is a function of the
positions read so far, however they were cut into batches.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from sizao.core.errors import LogError
from sizao.core.places import ROAD_CLASSES
from sizao.core.schemas import LIVE, TIME
from sizao.core.vehicles import KINDS
from sizao.detect.stage import Columns
from sizao.roads.network import Network

_ROW = np.dtype(
    [
        ("time_us", "<i8"),
        ("received_us", "<i8"),
        ("lat", "<f8"),
        ("lon", "<f8"),
        ("stake_m", "<f8"),
        ("speed_kmh", "<f4"),
        ("heading_deg", "<f4"),
        ("limit_kmh", "<f4"),
        ("segment", "<i4"),
        ("kind", "<i1"),
        ("seen", "<i1"),
    ]
)
_ROOM = 256
_KIND_WORDS = pa.array(list(KINDS), pa.string())


class Board:
    """Last state by slot. Not for several threads."""

    def __init__(self) -> None:
        self._rows = np.zeros(_ROOM, _ROW)
        self._used = 0
        self._names: pa.Array = pa.array([], pa.string())
        self._words: dict[str, pa.Array] = {}
        self._words_of: Network | None = None

    def __len__(self) -> int:
        return self._used

    def update(self, columns: Columns) -> None:
        """Take in prepared positions: the last row of each slot stands.

        A vehicle without a fix (in a tunnel) stays where it was last seen; its time goes on.
        """
        if not len(columns.slot):
            return
        slot = columns.slot
        self._make_room(int(slot.max()) + 1)
        _show(
            self._rows,
            slot,
            columns.time_us,
            columns.received_us,
            columns.lat,
            columns.lon,
            columns.stake_m,
            columns.speed_kmh,
            columns.heading_deg,
            columns.limit_kmh,
            columns.segment,
            columns.kind,
        )

    def batch(
        self, vehicles: list[str], active: list[str], network: Network | None
    ) -> pa.RecordBatch:
        """The board, schema LIVE, a row a vehicle in slot order.

        ``vehicles`` and ``active`` (comma list of rules with an open episode) are by slot. A slot
        whose every position was refused has no row yet and neither have those after it: rows
        must not move later.
        """
        used = min(self._used, len(vehicles))
        missing = np.flatnonzero(self._rows["seen"][:used] == 0)
        used = int(missing[0]) if len(missing) else used
        rows = self._rows[:used]
        segment = rows["segment"]
        on_road = segment >= 0

        place = pa.array(np.where(on_road, segment, 0), mask=~on_road)
        return pa.RecordBatch.from_arrays(
            [
                self._names_of(vehicles).slice(0, used),
                pa.array(rows["time_us"], TIME),
                pa.array(rows["received_us"], TIME),
                _number(rows["lat"]),
                _number(rows["lon"]),
                _number(rows["speed_kmh"]),
                _number(rows["heading_deg"]),
                _number(rows["limit_kmh"]),
                self._of_road("ref", place, network),
                self._of_road("road_class", place, network),
                _number(rows["stake_m"]),
                self._of_road("area", place, network),
                _KIND_WORDS.take(pa.array(rows["kind"])),
                pa.array(active[:used], pa.string()),
            ],
            schema=LIVE,
        )

    def to_bytes(self) -> bytes:
        """The same board gives the same bytes."""
        return self.frozen()()

    def frozen(self) -> Callable[[], bytes]:
        """The board as it is now; call it for the bytes, from any thread."""
        return partial(_bytes_of, self._rows[: self._used].copy())

    @classmethod
    def from_bytes(cls, data: bytes) -> Board:
        """A board of :meth:`to_bytes`. Raises LogError if the bytes are none.

        A board of another release's layout comes back empty: the next positions fill it.
        """
        try:
            rows = np.load(io.BytesIO(data), allow_pickle=False)
        except (ValueError, OSError, EOFError) as error:
            raise LogError(f"damaged live board of {len(data)} bytes: {error}") from error
        board = cls()
        if rows.dtype == _ROW:
            board._make_room(len(rows))
            board._rows[: len(rows)] = rows
        return board

    def _make_room(self, used: int) -> None:
        if used > len(self._rows):
            longer = np.zeros(max(used, 2 * len(self._rows)), _ROW)
            longer[: len(self._rows)] = self._rows
            self._rows = longer
        for name in ("lat", "lon", "stake_m", "heading_deg", "limit_kmh"):
            self._rows[name][self._used : used] = np.nan
        self._rows["segment"][self._used : used] = -1
        self._used = max(self._used, used)

    def _names_of(self, vehicles: list[str]) -> pa.Array:
        """Names as an array; only those that are new since the last call are converted."""
        known = len(self._names)
        if len(vehicles) > known:
            fresh = pa.array(vehicles[known:], pa.string())
            self._names = pa.concat_arrays([self._names, fresh])
        return self._names

    def _of_road(self, name: str, place: pa.Array, network: Network | None) -> pa.Array:
        """A word of the segment each vehicle is on. Words of a network are converted once."""
        if network is None or not len(network):
            return pa.nulls(len(place), pa.string())
        if self._words_of is not network:
            classes = np.array(list(ROAD_CLASSES))[network.road_class]
            columns = {"ref": network.ref, "area": network.area, "road_class": classes}
            self._words = {
                key: pa.array(values, pa.string(), mask=np.asarray(values) == "")
                for key, values in columns.items()
            }
            self._words_of = network
        return self._words[name].take(place)


def _bytes_of(rows: npt.NDArray[Any]) -> bytes:
    sink = io.BytesIO()
    np.save(sink, rows, allow_pickle=False)
    return sink.getvalue()


@njit(cache=True, nogil=True)
def _show(  # type: ignore[no-untyped-def]  # numba
    rows, slot, time_us, received_us, lat, lon, stake_m, speed_kmh, heading_deg, limit_kmh,
    segment, kind,
):  # fmt: skip
    """Time rises within a slot, so of its rows the last that is written is the newest."""
    for i in range(len(slot)):
        row = rows[slot[i]]
        row.time_us = time_us[i]
        row.received_us = received_us[i]
        row.speed_kmh = speed_kmh[i]
        row.kind = kind[i]
        row.seen = 1
        if not np.isnan(lat[i]):
            row.lat = lat[i]
            row.lon = lon[i]
            row.stake_m = stake_m[i]
            row.heading_deg = heading_deg[i]
            row.limit_kmh = limit_kmh[i]
            row.segment = segment[i]


def _number(values: npt.NDArray[Any]) -> pa.Array:
    """Floats with NaN as null: "not known" is never a number on the wire."""
    return pa.array(values, from_pandas=True)
