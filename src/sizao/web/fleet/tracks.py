"""A vehicle's recorded track. Reading one is reading personal data, so it is written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.errors import ConfigError
from sizao.core.vehicles import KIND_CODES
from sizao.roads.limits import limits_on
from sizao.roads.limits_in_force import LimitsInForce
from sizao.roads.matching import match, new_state
from sizao.web import audit
from sizao.web.fleet.access import Sight
from sizao.web.fleet.directory import directory
from sizao.web.fleet.grants import LONGEST, Grant, Ground, ground_of
from sizao.web.measures.limits import stood
from sizao.web.ports import ports
from sizao.web.units.models import User
from sizao.web.writing import write

FREE = timedelta(hours=2)
"""What may be read of a vehicle one sees without saying why: what it is doing now. More is a
look-up, and needs a purpose and a case."""


@dataclass(frozen=True)
class Track:
    """Positions in event time order (schema POSITION) and the limit in force at each, km/h.

    ``limit_kmh`` has shape (n,), the temporary one where that is lower; NaN where no road or no
    limit is known.
    """

    batch: pa.RecordBatch
    limit_kmh: npt.NDArray[np.float32]


def track_of(
    user: User, vehicle: str, start: datetime, end: datetime, *, purpose: str = "", case: str = ""
) -> Track | None:
    """The track in ``start <= t < end``; None if the user may not see the vehicle.

    Writes an audit entry with account, vehicle, span, purpose and case before anything is read.
    Raises ConfigError if the span is empty or longer than 48 h, NoGround if it is longer than 2 h
    and purpose and case are not valid.
    """
    if not start < end:
        raise ConfigError("start must be before end")
    if end - start > LONGEST:
        raise ConfigError("a track of more than 48 hours is not given in one piece")
    if not Sight(user).may_see(vehicle):
        return None
    ground = Ground(purpose, case)
    if end - start > FREE:
        ground = ground_of(user, purpose, case)
    return granted(user, Grant(vehicle, start, end, ground))


def granted(user: User, grant: Grant) -> Track:
    """The track of a grant, audited first. For what was decided to be allowed."""
    with write():
        audit.record(
            user, "track.read", "vehicle", grant.vehicle,
            {"start": grant.start.isoformat(), "end": grant.end.isoformat(),
             "purpose": grant.ground.purpose, "case": grant.ground.case},
        )  # fmt: skip
    batch = ports().tracks.track(grant.vehicle, grant.start, grant.end)
    entry = directory().get(grant.vehicle)
    kind = entry.kind if entry else "other"
    return Track(batch, _limits(batch, kind, grant.start, grant.end))


def columns(track: Track) -> dict[str, list[Any]]:
    """For the player: epoch seconds, degrees, km/h, each a list in time order; null unknown."""
    batch = track.batch
    times = batch.column("time").cast(pa.int64()).to_numpy() / 1e6
    found = {"t": times.tolist(), "limit": _listed(track.limit_kmh, 0)}
    for name, column, digits in (
        ("lat", "lat", 6),
        ("lon", "lon", 6),
        ("speed", "speed_kmh", 1),
        ("heading", "heading_deg", 0),
    ):
        found[name] = _listed(_floats(batch, column), digits)
    return found


def _listed(values: npt.NDArray[Any], digits: int) -> list[float | None]:
    return [round(value, digits) if value == value else None for value in values.tolist()]


def _limits(
    batch: pa.RecordBatch, kind: str, start: datetime, end: datetime
) -> npt.NDArray[np.float32]:
    network = ports().network
    n = len(batch)
    if network is None or not n:
        return np.full(n, np.nan, np.float32)
    lat, lon = _floats(batch, "lat"), _floats(batch, "lon")
    time_us = batch.column("time").cast(pa.int64()).to_numpy()
    matched, _ = match(
        network,
        np.zeros(n, np.int32),
        time_us,
        lat,
        lon,
        _floats(batch, "heading_deg").astype(np.float32),
        _floats(batch, "speed_kmh").astype(np.float32),
        np.isfinite(lat) & np.isfinite(lon),
        new_state(1),
    )
    kinds = np.full(n, KIND_CODES.get(kind, KIND_CODES["other"]), np.int8)
    limit, _ = limits_on(network, matched.segment, kinds)
    # The lower one counts, as in detection: else the chart would clear whom a rule accuses.
    temporary = LimitsInForce(stood(start, end), network)
    _, low = temporary.at(matched.segment, matched.offset_m, time_us)
    return np.where(low < limit, low, limit).astype(np.float32)


def _floats(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.float64]:
    return batch.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False)
