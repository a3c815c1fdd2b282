"""What a decision table may look at: a detection, or what is known of a place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sizao.core.clock import SHANGHAI
from sizao.core.places import stake


@dataclass(frozen=True)
class Facts:
    """A detection, or a fact about a place, as grading sees it.

    Times are seconds since the epoch of the feed clock; a number that there is not is NaN.
    """

    detection: str
    """Id of the detection, or of what told the fact (a station's reading, a notice)."""
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
    vehicles: int = 1
    """Different vehicles in one place doing the same, this one included."""
    origin: str = "detection"
    """Key of ``respond.records.ORIGINS``."""
    lat: float | None = None
    lon: float | None = None
    area: str = ""
    """County or district code."""
    until_s: float | None = None
    """Expected end."""
    share: float = 1.0
    """Of a forecast: share of all kilometre-hours ahead that are at least as bad."""
    sums: Mapping[str, float] = field(default_factory=dict)
    """Sums over the last hours: ``mm_3h``, ``mm_6h``, ``mm_12h`` of rain."""
    said: str = ""
    """The issuer's own words."""
    outline: Mapping[str, Any] | None = None
    """GeoJSON geometry of its area."""

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
            lat=row.get("lat"),
            lon=row.get("lon"),
            area=row.get("area") or "",
        )

    def located(self, road: str, road_class: str, stake_m: float | None, area: str) -> Facts:
        """The same with the road beside it; what is known already stays where nothing is found."""
        return replace(
            self, road=road or self.road, road_class=road_class, stake_m=stake_m, area=area
        )

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON can hold, so that another table can be tried on them later."""
        return {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in asdict(self).items()
        } | {"quality": list(self.quality)}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Facts:
        """The facts of :meth:`to_dict`."""
        values = {**raw, "quality": tuple(raw["quality"])}
        for name in ("measured", "limit"):
            values[name] = math.nan if raw[name] is None else raw[name]
        return cls(**values)

    @property
    def local(self) -> datetime:
        """The moment the rule fired, in local time: its hour and day choose row and table."""
        return datetime.fromtimestamp(self.fired_s, SHANGHAI)

    @property
    def place(self) -> str:
        """``G5 K120+300``, or empty."""
        return stake(self.road, self.stake_m)
