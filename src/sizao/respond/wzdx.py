"""Control measures as a WZDx feed: what navigation services read about closed and slow roads.

WZDx 4.2 (Work Zone Data Exchange, USDOT; schemas/4.2 of github.com/usdot-jpo-ode/wzdx), a GeoJSON
FeatureCollection. Its road events are work zones and detours; a police measure on a section is
carried as the one or the other, with its own kind in ``description``. Holds, entrance controls
and texts have no road event and are left out; ``GET /api/v1/measures`` has them.

The standard's ``direction`` is the naming of US roads; 上行 and 下行 are in ``name``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

VERSION = "4.2"
SOURCE = "sizao"
EXPORTED = frozenset({"speed_limit", "closure", "convoy", "diversion"})

_IMPACT: Mapping[str, str] = {"speed_limit": "all-lanes-open", "convoy": "unknown"}


@dataclass(frozen=True)
class Published:
    """What the feed says of one measure. Times are aware; lines are lists of [lon, lat]."""

    number: str
    kind: str
    road: str
    name: str
    description: str
    lines: Sequence[Sequence[Sequence[float]]]
    start: datetime
    end: datetime
    begun: bool
    created: datetime
    changed: datetime
    lanes: tuple[int, ...] = ()
    limit_kmh: float | None = None
    stake_from_m: float | None = None
    stake_to_m: float | None = None


def feed(measures: Iterable[Published], *, publisher: str) -> dict[str, Any]:
    """The feed. ``update_date`` is the last change of a measure in it, so that the same measures
    give the same bytes."""
    known = [one for one in measures if one.kind in EXPORTED and one.lines]
    newest = max((one.changed for one in known), default=datetime.fromtimestamp(0, UTC))
    return {
        "feed_info": {
            "publisher": publisher,
            "version": VERSION,
            "update_date": _moment(newest),
            "data_sources": [
                {"data_source_id": SOURCE, "organization_name": publisher,
                 "update_date": _moment(newest)}
            ],
        },
        "type": "FeatureCollection",
        "features": [feature for one in known for feature in _features(one)],
    }  # fmt: skip


def _features(one: Published) -> list[dict[str, Any]]:
    """A feature a line: a road event is one road in one direction."""
    ids = [one.number] if len(one.lines) == 1 else [
        f"{one.number}-{number}" for number in range(1, len(one.lines) + 1)
    ]  # fmt: skip
    return [
        {
            "id": key,
            "type": "Feature",
            "properties": _detour(one) if one.kind == "diversion" else _zone(one),
            "geometry": {"type": "LineString", "coordinates": [list(at) for at in line]},
        }
        for key, line in zip(ids, one.lines, strict=True)
    ]


def _core(one: Published, event_type: str) -> dict[str, Any]:
    return {
        "event_type": event_type,
        "data_source_id": SOURCE,
        "road_names": [one.road or one.name],
        "direction": "undefined",
        "name": one.name,
        "description": one.description,
        "creation_date": _moment(one.created),
        "update_date": _moment(one.changed),
    }


def _times(one: Published) -> dict[str, Any]:
    return {
        "start_date": _moment(one.start),
        "end_date": _moment(one.end),
        "is_start_date_verified": one.begun,
        "is_end_date_verified": False,
    }


def _stakes(one: Published) -> dict[str, float]:
    found = {}
    if one.stake_from_m is not None and one.stake_from_m >= 0:
        found["beginning_milepost"] = round(one.stake_from_m / 1000, 3)
    if one.stake_to_m is not None and one.stake_to_m >= 0:
        found["ending_milepost"] = round(one.stake_to_m / 1000, 3)
    return found


def _zone(one: Published) -> dict[str, Any]:
    impact = _IMPACT.get(one.kind) or ("some-lanes-closed" if one.lanes else "all-lanes-closed")
    found: dict[str, Any] = {
        "core_details": _core(one, "work-zone"),
        **_times(one),
        **_stakes(one),
        "is_start_position_verified": False,
        "is_end_position_verified": False,
        "location_method": "unknown",
        "vehicle_impact": impact,
    }
    if one.limit_kmh is not None:
        found["reduced_speed_limit_kph"] = one.limit_kmh
    if one.lanes:
        found["lanes"] = [
            {"order": order, "status": "closed", "type": "general"} for order in one.lanes
        ]
    return found


def _detour(one: Published) -> dict[str, Any]:
    return {"core_details": _core(one, "detour"), **_times(one), **_stakes(one)}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
