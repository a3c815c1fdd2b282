"""The live board in memory: read once for everybody, with the squadron responsible for each row."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.errors import ConfigError
from sizao.web.config import config
from sizao.web.ports import Ports, ports
from sizao.web.units.models import Unit, User
from sizao.web.units.territory import territory

NORMAL, ACTIVE, OFFLINE, POLICE = 0, 1, 2, 3
"""Status of a vehicle on the map: see ``status``."""


@dataclass(frozen=True)
class Board:
    """One second's board. Arrays have shape (n,), in the board's row order, which is stable.

    lat, lon, speed_kmh, heading_deg : float64, NaN when not reported
    time_us : int64, event time of the last position, microseconds since the epoch
    squadron : int64, id of the unit responsible for the place
    """

    batch: pa.RecordBatch
    vehicle: list[str]
    row_of: dict[str, int]
    lat: npt.NDArray[np.float64]
    lon: npt.NDArray[np.float64]
    heading_deg: npt.NDArray[np.float64]
    time_us: npt.NDArray[np.int64]
    active: npt.NDArray[np.bool_]
    police: npt.NDArray[np.bool_]
    squadron: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.vehicle)

    def online(self, now_us: int) -> npt.NDArray[np.bool_]:
        """Reported within the offline limit."""
        limit_us = timedelta(minutes=config.offline_min.read()) // timedelta(microseconds=1)
        return now_us - self.time_us <= limit_us

    def status(self, now_us: int) -> npt.NDArray[np.uint8]:
        """0 normal, 1 an episode is open, 2 reported nothing for 5 min, 3 police."""
        status = np.where(self.active, ACTIVE, NORMAL)
        status = np.where(self.police, POLICE, status)
        return np.where(self.online(now_us), status, OFFLINE).astype(np.uint8)

    def visible(self, scope: Scope) -> npt.NDArray[np.bool_]:
        """Rows whose place lies in the scope."""
        if scope.everything:
            return np.ones(len(self), np.bool_)
        return np.isin(self.squadron, np.array(sorted(scope.units), np.int64))


@dataclass(frozen=True)
class Scope:
    """Which places a user sees: all, or those of some units. Equal scopes share one encoding."""

    everything: bool
    units: frozenset[int] = frozenset()


def scope_of(user: User) -> Scope:
    """The scope of a user's subtree."""
    if user.sees_all:
        return Scope(True)
    if not user.path:
        return Scope(False)
    return Scope(
        False,
        frozenset(Unit.objects.filter(path__startswith=user.path).values_list("pk", flat=True)),
    )


def _floats(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.float64]:
    column = batch.column(name).cast(pa.float64())
    return column.to_numpy(zero_copy_only=False).astype(np.float64)


def _words(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.str_]:
    return np.array(batch.column(name).fill_null("").to_pylist() or [""], dtype=np.str_)[
        : len(batch)
    ]


def make(batch: pa.RecordBatch) -> Board:
    """A board from a LIVE batch."""
    vehicle = batch.column("vehicle").to_pylist()
    lat, lon = _floats(batch, "lat"), _floats(batch, "lon")
    try:
        squadron = territory().responsible(
            _words(batch, "area"), _words(batch, "road_class"), lat, lon
        )
    except ConfigError:  # no units yet: nobody but a unit-less auditor can look anyway
        squadron = np.full(len(batch), -1, np.int64)
    return Board(
        batch=batch,
        vehicle=vehicle,
        row_of={name: row for row, name in enumerate(vehicle)},
        lat=lat,
        lon=lon,
        heading_deg=_floats(batch, "heading_deg"),
        time_us=batch.column("time").cast(pa.int64()).to_numpy(zero_copy_only=False),
        active=pc.not_equal(batch.column("active").fill_null(""), "").to_numpy(
            zero_copy_only=False
        ),
        police=pc.equal(batch.column("kind").fill_null(""), "police").to_numpy(
            zero_copy_only=False
        ),
        squadron=squadron,
    )


_turn = threading.Lock()
_kept: tuple[tuple[int, int], Board] | None = None


def board(given: Ports | None = None) -> Board:
    """The newest board; the file is read again only when it was replaced."""
    global _kept
    source = given or ports()
    try:
        facts = source.data.live.stat()
        stamp = (facts.st_mtime_ns, facts.st_ino)
    except FileNotFoundError:
        stamp = (0, 0)
    with _turn:
        if _kept is None or _kept[0] != stamp:
            _kept = (stamp, make(source.board()))
        return _kept[1]


def forget() -> None:
    """Drop the kept board (tests, and after units were loaded)."""
    global _kept
    with _turn:
        _kept = None
