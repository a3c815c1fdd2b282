"""The contract of detection: columns and state in, detections and state out.

A rule is a pure function over columns. It gets observations in event time, never asks for the
time of day, never reads a file, and its result does not depend on where a batch was cut: for any
split of the rows into batches, all detections together, in one order, are the same byte for byte.

The engine (``engine.py``) prepares :class:`Columns` once for all rules: rows grouped by vehicle,
event time strictly rising within each (a late or repeated point is left out here and counted;
it stays in the log), road matched, limit found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from sizao.core.rulebook import Entry

FloatColumn = npt.NDArray[np.float32] | npt.NDArray[np.float64]
IntColumn = npt.NDArray[np.int64] | npt.NDArray[np.int32]


@dataclass(frozen=True)
class Columns:
    """One batch, prepared. Every array has shape (n,), grouped by ``slot``, time rising in each.

    slot : int32, dense index of the vehicle in the state arrays
    time_us, received_us : int64, microseconds since the epoch, UTC
    lat, lon : float64, degrees WGS-84, NaN when the terminal had no fix
    speed_kmh, recorder_speed_kmh, heading_deg : float32, NaN when not reported
    alarm, status : uint32, JT/T 808 words, 0 when not reported
    driver : int32, index into ``drivers``; -1 is "unknown driver", a state of its own
    kind : int8, core.vehicles.KIND_CODES
    segment : int32, road network segment; -1 unmatched
    road_class : int8, core.places.ROAD_CLASS_CODES; -1 unmatched
    limit_kmh : float32, limit in force for this vehicle kind here; NaN unknown
    stake_m : float64, linear reference along the road; NaN unknown
    limit_default : bool, the limit came from a class default and not from a sign
    """

    slot: npt.NDArray[np.int32]
    time_us: npt.NDArray[np.int64]
    received_us: npt.NDArray[np.int64]
    lat: npt.NDArray[np.float64]
    lon: npt.NDArray[np.float64]
    speed_kmh: npt.NDArray[np.float32]
    recorder_speed_kmh: npt.NDArray[np.float32]
    heading_deg: npt.NDArray[np.float32]
    alarm: npt.NDArray[np.uint32]
    status: npt.NDArray[np.uint32]
    driver: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int8]
    segment: npt.NDArray[np.int32]
    road_class: npt.NDArray[np.int8]
    limit_kmh: npt.NDArray[np.float32]
    stake_m: npt.NDArray[np.float64]
    limit_default: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.slot)


@dataclass(frozen=True)
class Findings:
    """What a rule's kernel emits, before names are put back. Shape (m,) each.

    ``fields`` maps a column of ``core.schemas.DETECTION`` to its values where the rule knows them
    as numbers; the engine fills vehicle, road, ids and evidence.
    """

    slot: npt.NDArray[np.int32]
    revision: npt.NDArray[np.int16]
    start_us: npt.NDArray[np.int64]
    end_us: npt.NDArray[np.int64]
    fired_us: npt.NDArray[np.int64]
    received_us: npt.NDArray[np.int64]
    worst_us: npt.NDArray[np.int64]
    measured: npt.NDArray[np.float64]
    limit: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    lon: npt.NDArray[np.float64]
    segment: npt.NDArray[np.int32]
    stake_m: npt.NDArray[np.float64]
    driver: npt.NDArray[np.int32]
    severity: list[str]
    quality: list[str]
    part: list[str] = field(default_factory=list)
    """Where one vehicle may have several episodes of a rule that start at one moment, what tells
    them apart (the alarm bit's name); it goes into the id. Empty for all other rules."""


class Rule(Protocol):
    """One rule. Implementations are one file each and stand in ``registry.py``."""

    id: str
    """Rule id, e.g. ``speeding``."""
    measured_unit: str
    """Unit of ``measured`` and ``limit``: km/h, min, count."""
    state_dtype: np.dtype[Any]
    """State of one vehicle as a NumPy structured type; all-zero means never seen."""

    def active(self, state: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Which vehicles have an episode that has fired and not ended, shape as ``state``."""
        ...

    def version(self, params: Mapping[str, Any]) -> str:
        """Version of code and parameters together, e.g. ``1-3fa9c2``: goes into each detection."""
        ...

    def params_from(self, book: Mapping[str, Entry]) -> Mapping[str, Any]:
        """Parameters as a given rule book has them. Raises ConfigError for a wrong value."""
        ...

    def default_params(self) -> Mapping[str, Any]:
        """Parameters with their defaults, drawn from the rule book."""
        ...

    def step(
        self, columns: Columns, state: npt.NDArray[Any], params: Mapping[str, Any]
    ) -> tuple[Findings, npt.NDArray[Any]]:
        """One batch. ``state`` has one row a slot; the returned state is the next call's.

        The state handed in is used up: a rule may change it in place and return it.
        """
        ...

    def close(self, state: npt.NDArray[Any], params: Mapping[str, Any]) -> Findings:
        """Findings for episodes still open at the end of a finite recording (revision 1).

        The state is not changed.
        """
        ...
