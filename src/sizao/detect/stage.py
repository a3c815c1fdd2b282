"""The contract of detection: columns and state in, detections and state out.

A rule is a pure function over columns. It gets observations in event time, never asks for the
time of day, never reads a file, and its result does not depend on where a batch was cut: for any
split of the rows into batches, all detections together, in one order, are the same byte for byte.

The engine (``engine.py``) prepares :class:`Columns` once for all rules: rows grouped by vehicle,
event time strictly rising within each (a late or repeated point is left out here and counted;
it stays in the log), road matched, limit found.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from sizao.core.rulebook import Entry, rulebook
from sizao.detect.params import version_of
from sizao.roads.fence_grid import NO_FENCES, Fences
from sizao.roads.limits_in_force import NO_LIMITS, LimitsInForce
from sizao.roads.network import Network


class Columns(NamedTuple):
    """One batch, prepared. Arrays have shape (n,), in order of ``slot``, time rising in each.

    A kernel takes it whole: ``columns.lat[i]`` works in compiled code. Rows are
    ``len(columns.slot)``.

    slot : int32, dense index of the vehicle in the state arrays
    row : int64, place in the batch, so the order of arrival, for what vehicles have in common
    time_us, received_us : int64, microseconds since the epoch, UTC
    lat, lon : float64, degrees WGS-84, NaN when the terminal had no fix
    speed_kmh, recorder_speed_kmh, heading_deg : float32, NaN when not reported
    altitude_m : float32, NaN when not reported
    alarm, status : uint32, JT/T 808 words, 0 when not reported
    driver : int32, index into ``drivers``; -1 is "unknown driver", a state of its own
    kind : int8, core.vehicles.KIND_CODES
    service : int8, core.vehicles.SERVICE_CODES; 0 when the register does not say
    segment : int32, road network segment; -1 unmatched
    match : int8, roads.matching quality: UNMATCHED, AMBIGUOUS, GOOD
    road_class : int8, core.places.ROAD_CLASS_CODES; -1 unmatched
    limit_kmh : float32, limit in force for this vehicle kind here and then; NaN unknown
    usual_kmh : float32, the same without temporary limits
    sure_kmh, sure_usual_kmh : float32, the highest that either may be within the error of the
        position: no driver is held to less
    measure : int32, number in ``EngineState.measures`` of the temporary limit that made it; 0 none
    stake_m : float64, linear reference along the road; NaN unknown
    offset_m : float64, metres from the segment's start in its direction; NaN unmatched
    limit_default : bool, the limit came from a class default and not from a sign
    prev_us : int64, event time of the vehicle's row before this one; 0 for its first
    prev_fix_us : int64, event time of the last row before this one that had a fix; 0 for none
    prev_lat, prev_lon : float64, where that was; NaN for none
    bound : int32, number of the vehicle in ``Fences.routes``; 0 if it is bound to no route
    fence_from : int64 (n + 1,); row i is inside ``fence[fence_from[i]:fence_from[i + 1]]``
    fence : int32 (m,), fences that hold the place, concern the vehicle's kind and are in force at
        the row's time, as places in ``World.fences``
    """

    slot: npt.NDArray[np.int32]
    row: npt.NDArray[np.int64]
    time_us: npt.NDArray[np.int64]
    received_us: npt.NDArray[np.int64]
    lat: npt.NDArray[np.float64]
    lon: npt.NDArray[np.float64]
    speed_kmh: npt.NDArray[np.float32]
    recorder_speed_kmh: npt.NDArray[np.float32]
    heading_deg: npt.NDArray[np.float32]
    altitude_m: npt.NDArray[np.float32]
    alarm: npt.NDArray[np.uint32]
    status: npt.NDArray[np.uint32]
    driver: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int8]
    service: npt.NDArray[np.int8]
    segment: npt.NDArray[np.int32]
    match: npt.NDArray[np.int8]
    road_class: npt.NDArray[np.int8]
    limit_kmh: npt.NDArray[np.float32]
    usual_kmh: npt.NDArray[np.float32]
    sure_kmh: npt.NDArray[np.float32]
    sure_usual_kmh: npt.NDArray[np.float32]
    measure: npt.NDArray[np.int32]
    stake_m: npt.NDArray[np.float64]
    offset_m: npt.NDArray[np.float64]
    limit_default: npt.NDArray[np.bool_]
    prev_us: npt.NDArray[np.int64]
    prev_fix_us: npt.NDArray[np.int64]
    prev_lat: npt.NDArray[np.float64]
    prev_lon: npt.NDArray[np.float64]
    bound: npt.NDArray[np.int32]
    fence_from: npt.NDArray[np.int64]
    fence: npt.NDArray[np.int32]


class Memory(NamedTuple):
    """What one rule remembers of all vehicles between batches.

    each : shape (slots,), the rule's ``state_dtype``, for every vehicle; all-zero is "never seen".
        Keep it to a few bytes: seven million vehicles have it
    few : a ``sparse`` table of ``few_dtype``, for vehicles with something more to remember
    """

    each: npt.NDArray[Any]
    few: npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class World:
    """What rules may look at beside positions. It does not change; new roads are a new world."""

    network: Network | None = None
    fences: Fences = NO_FENCES
    temporary: LimitsInForce = NO_LIMITS


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
    fence: list[int] = field(default_factory=list)
    """Numbers of the fences gone by; empty for rules without fences."""
    measure: list[int] = field(default_factory=list)
    """Numbers of the temporary limits gone by, 0 for none; empty for rules without limits."""
    stretch: list[int] = field(default_factory=list)
    """Of rules on places: the subject, a number of ``stretches.py``, in place of the vehicle."""
    part: list[str] = field(default_factory=list)
    """Where one vehicle may have several episodes of a rule that start at one moment, what tells
    them apart (the alarm bit's name); it goes into the id. Empty for all other rules."""


class Rule(Protocol):
    """One rule over positions. Each is one file and stands in ``registry.py``."""

    id: str
    """Rule id, e.g. ``speeding``."""
    measured_unit: str
    """Unit of ``measured`` and ``limit``: km/h, min, count."""
    state_dtype: np.dtype[Any]
    """What is kept of every vehicle."""
    few_dtype: np.dtype[Any]
    """What is kept of few: made by ``sparse.episodes``."""

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        """Slots of the vehicles that have an episode that has fired and not ended."""
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
        self, columns: Columns, memory: Memory, params: Mapping[str, Any], world: World
    ) -> tuple[Findings, Memory]:
        """One batch. The memory handed in is used up: a rule may change it in place."""
        ...

    def close(self, memory: Memory, params: Mapping[str, Any]) -> Findings:
        """Findings for episodes still open at the end of a finite recording: last revisions.

        The memory is not changed.
        """
        ...


class RuleBase(ABC):
    """What all rules share; a rule derives from it and is a :class:`Rule`."""

    code_version: ClassVar[int] = 1
    """Raise it when the code decides differently with the same numbers."""

    def version(self, params: Mapping[str, Any]) -> str:
        return version_of(self.code_version, params)

    @abstractmethod
    def params_from(self, book: Mapping[str, Entry]) -> Mapping[str, Any]: ...

    def default_params(self) -> Mapping[str, Any]:
        return self.params_from(rulebook())
