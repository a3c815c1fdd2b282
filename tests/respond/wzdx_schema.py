"""What schemas/4.2 of WZDx ask of a WorkZoneFeed, as far as a feed of ours can break it.

Transcribed from usdot-jpo-ode/wzdx, schemas/4.2/{WorkZoneFeed,FeedInfo,RoadEventFeature,
Direction}.json: required keys, enumerations, patterns, and which keys a road event may have.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

IMPACTS = {
    "all-lanes-closed", "some-lanes-closed", "all-lanes-open", "alternating-one-way",
    "some-lanes-closed-merge-left", "some-lanes-closed-merge-right", "all-lanes-open-shift-left",
    "all-lanes-open-shift-right", "some-lanes-closed-split", "flagging",
    "temporary-traffic-signal", "unknown",
}  # fmt: skip
METHODS = {"channel-device-method", "sign-method", "junction-method", "other", "unknown"}
DIRECTIONS = {
    "northbound", "eastbound", "southbound", "westbound", "undefined", "unknown", "inner-loop",
    "outer-loop",
}  # fmt: skip
LANES = {"open", "closed", "shift-left", "shift-right", "merge-left", "merge-right",
         "alternating-flow"}  # fmt: skip
CORE = {"event_type", "data_source_id", "direction", "road_names"}
CORE_MAY = CORE | {"related_road_events", "name", "description", "creation_date", "update_date"}
TIMES = {"core_details", "start_date", "end_date", "is_start_date_verified", "is_end_date_verified"}
ZONE = TIMES | {"vehicle_impact", "location_method", "is_start_position_verified",
                "is_end_position_verified"}  # fmt: skip
MAY = {"beginning_cross_street", "ending_cross_street", "beginning_milepost", "ending_milepost"}
ZONE_MAY = ZONE | MAY | {"worker_presence", "reduced_speed_limit_kph", "restrictions",
                         "types_of_work", "lanes", "impacted_cds_curb_zones"}  # fmt: skip


def check_feed(feed: dict[str, Any]) -> None:
    """Raises AssertionError where the feed is no WZDx 4.2 WorkZoneFeed."""
    assert feed["type"] == "FeatureCollection"
    info = feed["feed_info"]
    assert {"update_date", "version", "publisher", "data_sources"} <= set(info)
    assert re.fullmatch(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)", info["version"])
    _moment(info["update_date"])
    sources = {one["data_source_id"] for one in info["data_sources"] if one["organization_name"]}
    assert sources
    ids = [one["id"] for one in feed["features"]]
    assert len(ids) == len(set(ids))
    for one in feed["features"]:
        _feature(one, sources)


def _feature(one: dict[str, Any], sources: set[str]) -> None:
    assert set(one) == {"id", "type", "properties", "geometry"}
    assert (one["type"], type(one["id"])) == ("Feature", str)
    assert one["geometry"]["type"] == "LineString"
    assert len(one["geometry"]["coordinates"]) >= 2
    for lon, lat in one["geometry"]["coordinates"]:
        assert -180 <= lon <= 180
        assert -90 <= lat <= 90
    event = one["properties"]
    core = event["core_details"]
    assert CORE <= set(core) <= CORE_MAY
    assert core["data_source_id"] in sources
    assert core["direction"] in DIRECTIONS
    assert core["road_names"]
    assert all(core["road_names"])
    _moment(core["creation_date"])
    _moment(core["update_date"])
    assert _moment(event["start_date"]) < _moment(event["end_date"])
    for name in MAY & set(event):
        assert event[name] >= 0
    if core["event_type"] == "detour":
        assert TIMES <= set(event) <= TIMES | MAY
        return
    assert core["event_type"] == "work-zone"
    assert ZONE <= set(event) <= ZONE_MAY
    assert event["vehicle_impact"] in IMPACTS
    assert event["location_method"] in METHODS
    assert event.get("reduced_speed_limit_kph", 0) >= 0
    for lane in event.get("lanes", ()):
        assert {"status", "type", "order"} <= set(lane)
        assert lane["order"] >= 1
        assert lane["status"] in LANES


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    assert at.tzinfo is not None
    return at
