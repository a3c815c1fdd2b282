"""Measures as WZDx 4.2: valid for every kind, the same bytes for the same measures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sizao.respond.measure_kinds import KINDS
from sizao.respond.wzdx import EXPORTED, Published, feed

from .wzdx_schema import check_feed

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
LINE = [[101.7, 26.5], [101.8, 26.5]]
LIMIT = Published(
    "GZ1", "speed_limit", "G5", "G5 K120+000–K125+000 下行", "临时限速 大雾", [LINE], NOON,
    NOON + timedelta(hours=2), True, NOON, NOON, limit_kmh=60.0, stake_from_m=120_000.0,
    stake_to_m=125_000.0,
)  # fmt: skip


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_gives_a_valid_feed(kind: str) -> None:
    found = feed([replace(LIMIT, kind=kind)], publisher="市交警支队")
    check_feed(found)
    assert len(found["features"]) == (kind in EXPORTED)


def test_what_a_road_user_needs_is_in_it() -> None:
    (limit,) = feed([LIMIT], publisher="x")["features"]
    event = limit["properties"]
    assert event["reduced_speed_limit_kph"] == 60.0
    assert event["vehicle_impact"] == "all-lanes-open"
    assert (event["beginning_milepost"], event["ending_milepost"]) == (120.0, 125.0)
    closed = replace(LIMIT, kind="closure", limit_kmh=None)
    (shut,) = feed([closed], publisher="x")["features"]
    assert shut["properties"]["vehicle_impact"] == "all-lanes-closed"
    (some,) = feed([replace(closed, lanes=(1, 2))], publisher="x")["features"]
    assert some["properties"]["vehicle_impact"] == "some-lanes-closed"
    assert [lane["order"] for lane in some["properties"]["lanes"]] == [1, 2]


def test_both_directions_are_two_road_events_and_no_line_is_none() -> None:
    both = feed([replace(LIMIT, lines=[LINE, LINE[::-1]])], publisher="x")
    check_feed(both)
    assert [one["id"] for one in both["features"]] == ["GZ1-1", "GZ1-2"]
    assert feed([replace(LIMIT, lines=[])], publisher="x")["features"] == []


def test_the_same_measures_give_the_same_feed_and_none_is_one_too() -> None:
    assert feed([LIMIT], publisher="x") == feed([LIMIT], publisher="x")
    check_feed(feed([], publisher="x"))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda feed: feed["feed_info"].pop("publisher"),
        lambda feed: feed["features"][0]["properties"].pop("end_date"),
        lambda feed: feed["features"][0]["properties"].update(vehicle_impact="closed"),
        lambda feed: feed["features"][0]["properties"]["core_details"].update(direction="下行"),
        lambda feed: feed["features"][0]["geometry"].update(type="MultiLineString"),
    ],
)
def test_control_the_check_refuses_what_is_no_feed(spoil) -> None:  # type: ignore[no-untyped-def]  # a change
    found = feed([LIMIT], publisher="x")
    spoil(found)
    with pytest.raises((AssertionError, KeyError)):
        check_feed(found)
