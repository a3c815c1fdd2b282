"""Made-up trajectories for tests: a vehicle on a straight road, told leg by leg."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from sizao.core.schemas import POSITION
from sizao.detect import engine
from sizao.detect.engine import Context, EngineState

START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
METRES_A_DEGREE_EAST = 111_195.0 * math.cos(math.radians(26.5))

Row = dict[str, Any]


@dataclass
class Track:
    """Samples of one vehicle that drives east. Times are seconds after START."""

    vehicle: str = "13912345678"
    every_s: float = 15.0
    driver: str | None = None
    limit_kmh: float = 80.0
    now_s: float = 0.0
    east_m: float = 0.0
    rows: list[Row] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)

    def leg(self, seconds: float, kmh: float, **values: Any) -> Track:
        """``seconds`` at one speed: a sample now and each ``every_s``, none at the end."""
        stop_s = self.now_s + seconds
        while self.now_s < stop_s - 1e-9:
            self.sample(kmh, **values)
            step_s = min(self.every_s, stop_s - self.now_s)
            self.now_s += step_s
            self.east_m += kmh / 3.6 * step_s
        return self

    def drive(self, minutes: float, kmh: float = 60.0, **values: Any) -> Track:
        return self.leg(minutes * 60, kmh, **values)

    def stand(self, minutes: float, **values: Any) -> Track:
        return self.leg(minutes * 60, 0.0, **values)

    def silence(self, minutes: float, metres: float = 0.0) -> Track:
        """No samples for a while; the vehicle is so many metres farther on afterwards."""
        self.now_s += minutes * 60
        self.east_m += metres
        return self

    def sample(self, kmh: float | None, **values: Any) -> Track:
        """One sample now; ``limit_kmh`` and any POSITION column may be given."""
        values = dict(values)
        self.limits.append(values.pop("limit_kmh", self.limit_kmh))
        time = START + timedelta(seconds=self.now_s)
        row: Row = {
            "vehicle": self.vehicle,
            "time": time,
            "received": time + timedelta(seconds=1),
            "lat": 26.5,
            "lon": 101.7 + self.east_m / METRES_A_DEGREE_EAST,
            "speed_kmh": kmh,
            "heading_deg": 90.0,
            "positioned": True,
            "driver": self.driver,
        }
        self.rows.append({**row, **values})
        return self

    def batch(self) -> pa.RecordBatch:
        return batch_of(self.rows)

    def limit_column(self) -> np.ndarray:
        return np.array(self.limits, np.float32)


def batch_of(rows: Sequence[Row]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows), schema=POSITION)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def minutes(value: float) -> datetime:
    return at(value * 60)


def shanghai(text: str) -> float:
    """Seconds after START of a local time, ``22:00``, ``22:00:01``, or ``1 06:00`` a day later.

    >>> shanghai("08:00"), shanghai("22:00:01"), shanghai("1 02:00")
    (0.0, 50401.0, 64800.0)
    """
    days, _, clock = text.rpartition(" ")
    hours, minute, *second = clock.split(":")
    local_s = int(hours) * 3600 + int(minute) * 60 + float(second[0] if second else 0)
    return int(days or 0) * 86_400 + local_s - 8 * 3600


def begin(time: str, **values: Any) -> Track:
    """A coach's track that begins at a local time of :func:`shanghai`."""
    return Track(now_s=shanghai(time), **values)


def detect(
    track: Track,
    rule: str,
    *,
    end: bool = True,
    kind: str = "other",
    service: str = "",
    **changes: Any,
) -> list[Row]:
    """Detections of one rule over a whole track, open episodes closed if ``end``."""
    context = Context.build(
        only=frozenset({rule}),
        changes={rule: changes},
        kinds={track.vehicle: kind},
        services={track.vehicle: service},
    )
    found, state = engine.step(track.batch(), EngineState(), context, track.limit_column())
    rows: list[Row] = found.to_pylist()
    if end:
        rows += engine.close(state, context).to_pylist()
    return rows


def episodes(rows: list[Row]) -> list[Row]:
    """The last revision of each episode, by start."""
    last: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row["revision"]):
        last[row["id"]] = row
    return sorted(last.values(), key=lambda row: row["start"])
