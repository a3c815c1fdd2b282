"""What a rule finds, and the row of ``core.schemas.DETECTION`` that it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sizao.core.ids import content_id, observation_id_of
from sizao.core.places import ROAD_CLASSES
from sizao.detect.context import Context
from tests.detect.plain.sample import Sample


@dataclass(frozen=True, slots=True)
class Found:
    """One revision of an episode. Times are microseconds since the epoch.

    Place and driver are those of the sample with the worst value, or what the rule says.
    ``received_us`` is the receipt of what made it fire. ``quality`` is the rule's own comma list,
    without what :func:`row` adds.
    """

    rule: str
    vehicle: str
    revision: int
    start_us: int
    end_us: int
    fired_us: int
    received_us: int
    worst_us: int
    measured: float
    limit: float
    severity: str
    lat: float | None
    lon: float | None
    segment: int | None
    stake_m: float | None
    driver: str | None
    quality: str = ""
    fence: int | None = None
    measure: str | None = None
    """Id of the temporary limit gone by."""
    part: str | None = None
    """What tells episodes of one vehicle apart that start at one moment."""
    seen: str | None = None
    """The vehicle of the evidence, where the subject is a place."""
    ended: bool | None = None
    """Whether the episode is over with this report, as its rule sees it: with all but its first."""

    def __post_init__(self) -> None:
        if self.ended is None:
            object.__setattr__(self, "ended", self.revision > 0)

    @property
    def key(self) -> tuple[str, str, int, str, int]:
        """Rule, vehicle, start, part, revision: there is one of each."""
        return self.rule, self.vehicle, self.start_us, self.part or "", self.revision


def place(sample: Sample) -> dict[str, Any]:
    """The fields of a finding that come from the sample it is placed at."""
    return {
        "lat": sample.lat,
        "lon": sample.lon,
        "segment": sample.segment,
        "stake_m": sample.stake_m,
        "driver": sample.driver,
        "worst_us": sample.time_us,
    }


def row(found: Found, context: Context) -> dict[str, Any]:
    """The row of DETECTION, times as microseconds."""
    rule = next(rule for rule in context.rules if rule.id == found.rule)
    version = rule.version(context.params[found.rule])
    network = context.network
    road = road_class = area = None
    if found.segment is not None and network is not None:
        road = str(network.ref[found.segment]) or str(network.name[found.segment]) or None
        road_class = list(ROAD_CLASSES)[network.road_class[found.segment]]
        area = str(network.area[found.segment]) or None
    moments = (found.start_us, found.worst_us, found.end_us)
    if found.seen:
        moments = (found.worst_us,)
    quality = [
        found.quality,
        f"limit_temporary={found.measure}" if found.measure else "",
        "unmatched" if found.segment is None and network is not None else "",
    ]
    part = [] if found.part is None else [found.part]
    return {
        "id": content_id(found.rule, version, found.vehicle, found.start_us, *part),
        "revision": found.revision,
        "rule": found.rule,
        "rule_version": version,
        "vehicle": found.vehicle,
        "vehicle_kind": context.kinds.get(found.vehicle, "other"),
        "driver": found.driver,
        "start": found.start_us,
        "end": found.end_us,
        "fired": found.fired_us,
        "received": found.received_us,
        "measured": round(found.measured, 3),
        "limit": round(found.limit, 3),
        "measured_unit": rule.measured_unit,
        "severity": found.severity,
        "lat": found.lat,
        "lon": found.lon,
        "road": road,
        "road_class": road_class,
        "stake_m": found.stake_m,
        "area": area,
        "final": found.ended,
        "evidence": [observation_id_of(found.seen or found.vehicle, us) for us in moments],
        "quality": ",".join(filter(None, quality)) or None,
        "fence": found.fence,
    }
