"""A vehicle's recorded track. Reading one is reading personal data, so it is written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.errors import ConfigError
from sizao.core.vehicles import KIND_CODES
from sizao.roads.limits import limits_on
from sizao.roads.matching import match, new_state
from sizao.web import audit
from sizao.web.fleet.access import Sight
from sizao.web.ports import ports
from sizao.web.units.models import User
from sizao.web.writing import write

LONGEST = timedelta(hours=48)


@dataclass(frozen=True)
class Track:
    """Positions in event time order (schema POSITION) and the limit in force at each, km/h.

    ``limit_kmh`` has shape (n,), NaN where no road or no limit is known.
    """

    batch: pa.RecordBatch
    limit_kmh: npt.NDArray[np.float32]


def track_of(
    user: User, vehicle: str, start: datetime, end: datetime, *, purpose: str = ""
) -> Track | None:
    """The track in ``start <= t < end``; None if the user may not see the vehicle.

    Writes an audit entry with account, vehicle, span and purpose before anything is read.
    Raises ConfigError if the span is empty or longer than 48 h.
    """
    if not start < end:
        raise ConfigError("start must be before end")
    if end - start > LONGEST:
        raise ConfigError("a track of more than 48 hours is not given in one piece")
    sight = Sight(user)
    if not sight.may_see(vehicle):
        return None
    with write():
        audit.record(
            user, "track.read", "vehicle", vehicle,
            {"start": start.isoformat(), "end": end.isoformat(), "purpose": purpose},
        )  # fmt: skip
    batch = ports().tracks.track(vehicle, start, end)
    return Track(batch, _limits(batch, sight.entry(vehicle).kind))


def _limits(batch: pa.RecordBatch, kind: str) -> npt.NDArray[np.float32]:
    network = ports().network
    n = len(batch)
    if network is None or not n:
        return np.full(n, np.nan, np.float32)
    lat, lon = _floats(batch, "lat"), _floats(batch, "lon")
    matched, _ = match(
        network,
        np.zeros(n, np.int32),
        batch.column("time").cast(pa.int64()).to_numpy(),
        lat,
        lon,
        _floats(batch, "heading_deg").astype(np.float32),
        _floats(batch, "speed_kmh").astype(np.float32),
        np.isfinite(lat) & np.isfinite(lon),
        new_state(1),
    )
    kinds = np.full(n, KIND_CODES.get(kind, KIND_CODES["other"]), np.int8)
    limit, _ = limits_on(network, matched.segment, kinds)
    return limit


def _floats(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.float64]:
    return batch.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False)
