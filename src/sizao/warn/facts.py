"""What the decision table may look at: a detection and how often it happened before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sizao.core.clock import SHANGHAI
from sizao.core.places import stake


@dataclass(frozen=True)
class Facts:
    """A detection as grading sees it. Times are seconds since the epoch of the feed clock."""

    detection: str
    rule: str
    severity: str
    vehicle: str
    measured: float
    limit: float
    measured_unit: str
    start_s: float
    end_s: float
    fired_s: float
    vehicle_kind: str = "other"
    road_class: str = ""
    road: str = ""
    stake_m: float | None = None
    rule_version: str = ""
    driver: str = ""
    quality: tuple[str, ...] = ()
    fence: int | None = None
    """Number of the electronic fence it was judged by."""
    repeats: int = 0
    """Earlier warnings of this rule for this vehicle within 24 h; merged repeats do not count."""

    @classmethod
    def from_row(cls, row: Mapping[str, Any], *, repeats: int = 0) -> Facts:
        """From one row of a DETECTION batch (``batch.to_pylist()``)."""
        return cls(
            detection=row["id"],
            rule=row["rule"],
            severity=row["severity"],
            vehicle=row["vehicle"],
            measured=row["measured"],
            limit=row["limit"],
            measured_unit=row["measured_unit"],
            start_s=row["start"].timestamp(),
            end_s=row["end"].timestamp(),
            fired_s=row["fired"].timestamp(),
            vehicle_kind=row.get("vehicle_kind") or "other",
            road_class=row.get("road_class") or "",
            road=row.get("road") or "",
            stake_m=row.get("stake_m"),
            rule_version=row.get("rule_version") or "",
            driver=row.get("driver") or "",
            quality=tuple(part for part in (row.get("quality") or "").split(",") if part),
            fence=row.get("fence"),
            repeats=repeats,
        )

    @property
    def local(self) -> datetime:
        """The moment the rule fired, in local time: its hour and day choose row and table."""
        return datetime.fromtimestamp(self.fired_s, SHANGHAI)

    @property
    def place(self) -> str:
        """``G5 K120+300``, or empty."""
        return stake(self.road, self.stake_m)
