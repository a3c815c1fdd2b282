"""Facts about places: what a reading, a notice, a forecast and a platform's alarm become."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sizao.core.rulebook import entry
from sizao.respond import records
from sizao.warn.causes import CAUSES, ORIGINS, STATES
from sizao.warn.explain import explain
from sizao.warn.facts import Facts
from sizao.warn.nearness import Spot
from sizao.warn.sources import forecasts, notices, platforms, readings
from sizao.warn.table import PLACES, Decision, find, load, place_folder

NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
BRIDGE = Spot(26.56, 101.86, "G5", 120_300.0, "510411")
PROVINCES = ("", "64", "32")


def reading(**over: Any) -> dict[str, Any]:
    row = {
        "station": "qx1",
        "time": NOW,
        "lat": 26.56,
        "lon": 101.86,
        "visibility_m": 12_000.0,
        "rain_mm_h": 0.0,
        "air_c": 8.0,
        "road_c": 9.0,
        "wind_ms": 1.0,
        "road_state": "dry",
    }
    return {**row, **over}  # fmt: skip


def graded(province: str, facts: Facts) -> Decision | None:
    return find(facts, load(NOW.date(), place_folder(province)))


def of_reading(province: str = "", road_class: str = "expressway", **over: Any) -> Decision | None:
    (facts,) = readings.facts_of(reading(**over), [], BRIDGE, road_class)
    return graded(province, facts)


def test_a_clear_dry_warm_road_is_no_fact() -> None:
    assert readings.facts_of(reading(), [], BRIDGE, "expressway") == []


@pytest.mark.parametrize(
    ("metres", "row", "level"),
    [(49, "visibility-50", "red"), (50, "visibility-100", "orange"),
     (99.9, "visibility-100", "orange"), (100, "visibility-200", "orange"),
     (200, "visibility-500", "yellow"), (499, "visibility-500", "yellow")],
)  # fmt: skip
def test_visibility_on_both_sides_of_its_edges(metres: float, row: str, level: str) -> None:
    found = of_reading(visibility_m=metres)
    assert found is not None
    assert (found.row_id, found.level.code) == (row, level)


def test_fog_beyond_the_widest_band_makes_no_warning() -> None:
    assert of_reading(visibility_m=500) is None


def test_provinces_grade_differently_and_each_says_whose_grade_it_is() -> None:
    here = {province: of_reading(province, visibility_m=25) for province in PROVINCES}
    grades = {province: found.control.grade for province, found in here.items()}  # type: ignore[union-attr]  # None fails here
    assert grades == {"": "", "64": "1", "32": "special"}
    told = here["32"]
    assert told is not None
    (facts,) = readings.facts_of(reading(visibility_m=25), [], BRIDGE, "expressway")
    said = explain(facts, told, place="G5 K120+300")
    assert said.advice_zh[0].startswith("特级管制：")
    assert said.advice_zh[0].endswith("待核实）")
    assert said.what_zh == "G5 K120+300附近测站能见度25米。"
    assert place_folder("51") == place_folder("")


@pytest.mark.parametrize("province", PROVINCES)
def test_the_numbers_are_those_of_the_rule_book(province: str) -> None:
    table = load(NOW.date(), place_folder(province))
    controls = [row.control for row in table.rows if row.control]
    for control in controls:
        rule = entry(control.rule)
        bands = rule.parameters.get("grades") or rule.parameters["bands"]
        same = [
            one for one in bands
            if str(one.get("grade", "")) == control.grade
            and (one.get("max_speed_kmh", one.get("inside_max_speed_kmh")) == control.max_speed_kmh)
        ]  # fmt: skip
        assert same, control


def test_the_signals_of_the_rule_book_are_rows() -> None:
    for band in entry("warning.rain").value("bands"):
        facts = readings.facts_of(reading(rain_mm_h=5.0), [], BRIDGE, "county")[0]
        facts = Facts.from_dict({**facts.to_dict(), "sums": {f"mm_{band['hours']}h": band["mm"]}})
        found = graded("", facts)
        assert found is not None
        assert found.level.code == band["colour"]


def test_ice_on_a_bridge_and_a_road_about_to_freeze() -> None:
    ice = of_reading(road_state="ice", road_c=-1.5)
    assert ice is not None
    assert (ice.row_id, ice.level.code, ice.command_level.code) == ("ice-fast", "orange", "brigade")
    freezing = of_reading(road_state="wet", road_c=-0.1)
    assert freezing is not None
    assert freezing.row_id == "freezing"
    assert readings.facts_of(reading(road_state="wet", road_c=0.0), [], BRIDGE, "") == []


def test_rain_is_summed_over_hours_whatever_the_interval_and_order() -> None:
    at = NOW.timestamp()
    often = [(at - 300 * step, 20.0) for step in range(1, 48)]
    seldom = [(at - 1800 * step, 20.0) for step in range(1, 8)]
    for earlier in (often, seldom):
        sums = readings.sums_of([*earlier, (at, 20.0)], at)
        assert sums["mm_3h"] == pytest.approx(60.0, rel=0.01)
        assert readings.sums_of([(at, 20.0), *reversed(earlier)], at) == sums
        assert readings.sums_of([*earlier, *earlier, (at, 20.0)], at) == sums
    # A station that was silent for a day does not make a day's rain of one reading.
    assert readings.sums_of([(at - 86_400, 20.0), (at, 20.0)], at)["mm_12h"] == pytest.approx(20.0)


def notice(**over: Any) -> dict[str, Any]:
    row = {
        "notice": "n1",
        "time": NOW,
        "received": NOW,
        "sent": NOW,
        "until": NOW + timedelta(hours=6),
        "action": "alert",
        "refers_to": None,
        "kind": "fog",
        "level": "orange",
        "status": "actual",
        "headline": "大雾橙色预警",
        "text": "",
        "area": "510411",
        "area_name": "仁和区",
        "issuer": "市气象台",
        "quality": None,
        "polygon": "POLYGON ((101.7 26.4, 101.9 26.4, 101.9 26.6, 101.7 26.4))",
        "source": "weather:city",
    }
    return {**row, **over}  # fmt: skip


def test_a_notice_keeps_its_colour_and_words() -> None:
    facts = notices.facts_of(notice(), NOW)
    assert facts is not None
    found = graded("", facts)
    assert found is not None
    assert (found.row_id, found.level.code) == ("signal-orange", "orange")
    said = explain(facts, found, place="仁和区")
    assert said.what_zh == "仁和区低能见度，橙色预警信号：市气象台：大雾橙色预警。"
    assert facts.outline is not None
    assert facts.area == "510411"


@pytest.mark.parametrize(
    "over", [{"status": "exercise"}, {"status": "test"}, {"action": "cancel"}, {"until": NOW}]
)
def test_exercises_cancellations_and_what_is_over_are_no_facts(over: dict[str, Any]) -> None:
    assert notices.facts_of(notice(**over), NOW) is None


def test_a_neighbours_notice_is_graded_as_such() -> None:
    facts = notices.facts_of(notice(source="cap:next-city", level="yellow", kind="other"), NOW)
    assert facts is not None
    found = graded("", facts)
    assert found is not None
    assert (facts.origin, facts.rule, found.row_id) == ("neighbour", "neighbour", "neighbour")


def test_a_forecast_needs_rank_and_ratio() -> None:
    row = {
        "assessment": "a",
        "time": NOW + timedelta(hours=5),
        "received": NOW,
        "until": NOW + timedelta(hours=7),
        "kind": "forecast",
        "site": "1-2",
        "lat": 26.5,
        "lon": 101.7,
        "road": "G5",
        "expected": 0.003,
        "usual": 0.001,
        "lower": 0.001,
        "upper": 0.006,
        "per_km_hour": 0.01,
        "share": 0.0004,
        "reasons": ["ratio 3.00", "weather.rain 2 h"],
        "model": "m",
        "source": "risk",
    }
    facts = forecasts.facts_of(row, NOW)  # fmt: skip
    assert facts is not None
    found = graded("", facts)
    assert found is not None
    assert (found.row_id, found.level.code) == ("forecast-orange", "orange")
    less = graded("", Facts.from_dict({**facts.to_dict(), "share": 0.01}))
    assert less is None
    usual = forecasts.facts_of({**row, "expected": 0.0015}, NOW)
    assert usual is not None
    assert graded("", usual) is None
    assert forecasts.facts_of(row, NOW + timedelta(hours=7)) is None


def test_a_platforms_alarm_about_a_road_is_a_fact_and_one_about_a_vehicle_is_not() -> None:
    body = {"alarm_source": 3, "alarm_type": 6, "content": "G5 K118 堵塞2公里"}
    message = {"message": "m", "time": NOW, "direction": "in", "kind": "0x9400/0x9402",
               "body": json.dumps(body)}  # fmt: skip
    facts = platforms.facts_of(message)
    assert facts is not None
    found = graded("", facts)
    assert found is not None
    assert (facts.rule, found.row_id) == ("congestion", "platform-road")
    for other in ({**body, "alarm_type": 1},):
        assert platforms.facts_of({**message, "body": json.dumps(other)}) is None
    assert platforms.facts_of({**message, "direction": "out"}) is None


def test_facts_survive_json_with_missing_numbers() -> None:
    (facts,) = readings.facts_of(
        reading(road_state="ice", road_c=None, air_c=None), [], BRIDGE, "county"
    )
    again = Facts.from_dict(json.loads(json.dumps(facts.to_dict())))
    assert repr(again) == repr(facts)


def test_origins_states_and_folders_are_those_of_the_rest() -> None:
    assert {code: names for code, names in records.ORIGINS.items() if code != "call"} == ORIGINS
    assert not set(CAUSES) & set(STATES)
    assert PLACES == "place_tables"
    assert load(date(2020, 1, 1), place_folder("")).start == date(2026, 1, 1)
