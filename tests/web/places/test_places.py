"""Weather, neighbours and forecasts through the desk: one cause, one warning, once."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sizao.core.schemas import ASSESSMENT
from sizao.web.cases.models import Case
from sizao.web.desk.models import Cursor
from sizao.web.places.models import Fact
from sizao.web.places.rounds import prune
from sizao.web.warnings.models import Warning, WarningRepeat
from tests.web.conftest import COACH, EAST, HAZMAT, TRUCK, World

from .conftest import Sky


def test_dense_fog_becomes_a_warning_with_case_version_and_reason(world: World, sky: Sky) -> None:
    sky.readings(sky.reading(visibility_m=40.0))
    warning = Warning.objects.get()
    assert (warning.origin, warning.kind, warning.level_code) == (
        "weather",
        "low_visibility",
        "red",
    )
    assert (warning.row_id, warning.table_version) == ("visibility-50-other", "2026-01-01")
    assert warning.explanation["what_zh"].endswith("附近测站能见度40米。")
    case = warning.case
    assert (case.local_unit.code, case.unit.code) == ("dd1", "zd")
    assert Fact.objects.get().became == "new"
    page = world.client("op-zd").get(f"/cases/{case.pk}/").content.decode()
    assert "低能见度" in page
    assert "已查证" in page


def test_clear_weather_makes_nothing_and_leaves_no_fact(world: World, sky: Sky) -> None:
    sky.readings(sky.reading())
    assert not Warning.objects.exists()
    assert not Fact.objects.exists()


def bank(sky: Sky, world: World) -> list[dict[str, Any]]:
    """Four stations 11 km apart, two readings each."""
    return [
        sky.reading(
            f"qx{station}",
            lat=26.585 + station * 0.1,
            time=world.now - timedelta(minutes=5 * again),
            visibility_m=150.0 + station,
        )
        for station in range(4)
        for again in (1, 0)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_one_fog_bank_is_one_warning_with_every_station_in_it(
    world: World, sky: Sky, seed: int
) -> None:
    rows = bank(sky, world)
    random.Random(seed).shuffle(rows)
    sky.readings(*rows)
    warning = Warning.objects.get()
    assert warning.repeats.filter(counts=True).count() == 7
    assert Case.objects.count() == 1


@pytest.mark.parametrize("seed", [1, 2])
def test_order_and_second_delivery_change_nothing(world: World, sky: Sky, seed: int) -> None:
    rows = bank(sky, world)
    again = [*rows, *rows]
    random.Random(seed).shuffle(again)
    for row in again:
        sky.readings(row)
    Cursor.objects.filter(pk__startswith="places:").delete()
    world.round()
    from sizao.web.places.events import event_of

    cases = list(Case.objects.all())
    found = {event_of(case).items for case in cases}
    assert len(found) == 1, "every case shows the same event"
    (items,) = found
    assert len(items) == 8
    assert Fact.objects.count() == 8


def test_fog_far_away_and_ice_are_other_warnings(world: World, sky: Sky) -> None:
    sky.readings(
        sky.reading("a", visibility_m=150.0),
        sky.reading("b", visibility_m=150.0, lat=27.5),
        sky.reading("a", road_state="ice", road_c=-1.0, time=world.now + timedelta(seconds=1)),
    )
    assert sorted(Warning.objects.values_list("kind", flat=True)) == [
        "low_visibility", "low_visibility", "road_ice",
    ]  # fmt: skip


def test_worse_fog_updates_and_keeps_the_case(world: World, sky: Sky) -> None:
    sky.readings(sky.reading(visibility_m=300.0))
    world.clock.advance(300)
    sky.readings(sky.reading(visibility_m=120.0))
    first, second = Warning.objects.order_by("issued")
    assert (second.refers_to_id, second.case_id) == (first.pk, first.case_id)
    assert second.case.level_code == "orange"
    assert Fact.objects.get(became="update").warning_id == second.pk


def test_a_reading_that_comes_too_late_is_kept_and_warns_nobody(world: World, sky: Sky) -> None:
    sky.readings(sky.reading(visibility_m=40.0, time=world.now - timedelta(hours=3)))
    assert not Warning.objects.exists()
    assert Fact.objects.get().became == "late"


def test_rain_adds_up_over_hours(world: World, sky: Sky) -> None:
    for step in range(13):
        sky.readings(
            sky.reading(rain_mm_h=20.0, time=world.now - timedelta(minutes=15 * (12 - step)))
        )
    levels = set(Warning.objects.values_list("row_id", flat=True))
    assert "rain-50-in-3h" in levels


def test_a_notice_for_a_county_is_its_brigades_and_an_update_joins(world: World, sky: Sky) -> None:
    sky.tell("weather_notices", sky.notice(level="yellow"))
    world.round()
    warning = Warning.objects.get()
    assert (warning.case.local_unit.code, warning.place) == ("dd", "东区")
    assert warning.until == world.now + timedelta(hours=6)
    sky.tell("weather_notices", sky.notice(notice="n2", action="update", refers_to="n1"))
    world.round()
    assert Warning.objects.count() == 2
    assert Case.objects.count() == 1


def test_a_neighbours_notice_and_a_platforms_alarm(world: World, sky: Sky) -> None:
    sky.tell("weather_notices", sky.notice(source="cap:next-city", kind="other", level="red"))
    sky.platform()
    told = dict(Warning.objects.values_list("kind", "origin"))
    assert told == {"neighbour": "neighbour", "congestion": "neighbour"}
    said = Warning.objects.get(kind="congestion").explanation["what_zh"]
    assert "G5 K118 堵塞2公里" in said


def forecast(world: World, **over: Any) -> None:
    row = {
        "assessment": "a", "time": world.now + timedelta(hours=5), "received": world.now,
        "until": world.now + timedelta(hours=7), "kind": "forecast", "site": "1-2",
        "lat": EAST[0], "lon": EAST[1], "road": "炳草岗大街", "expected": 0.004, "usual": 0.001,
        "lower": 0.001, "upper": 0.006, "per_km_hour": 0.01, "share": 0.0004,
        "reasons": ["ratio 4.00"], "model": "eb-week-1", "source": "risk",
    }  # fmt: skip
    world.data.forecasts.mkdir(exist_ok=True)
    batch = pa.RecordBatch.from_pylist([{**row, **over}], schema=ASSESSMENT)
    pq.write_table(
        pa.Table.from_batches([batch]),
        world.data.forecasts / f"{over.get('assessment', 'a')}.parquet",
    )
    world.round()


def test_a_forecast_warns_ahead_once(world: World) -> None:
    forecast(world)
    warning = Warning.objects.get()
    assert (warning.origin, warning.kind, warning.level_code) == (
        "forecast",
        "crash_risk",
        "orange",
    )
    assert warning.onset - warning.issued == timedelta(hours=5)
    assert warning.until == world.now + timedelta(hours=7)
    forecast(world, assessment="b")
    assert Warning.objects.count() == 1
    forecast(world, assessment="c", site="3-4", share=0.2, lat=26.7)
    assert Warning.objects.count() == 1


def test_a_spoilt_forecast_is_told_once_and_the_desk_goes_on(
    world: World, sky: Sky, caplog
) -> None:
    world.data.forecasts.mkdir()
    (world.data.forecasts / "x.parquet").write_bytes(b"no parquet")
    sky.readings(sky.reading(visibility_m=40.0))
    world.round()
    assert Warning.objects.count() == 1
    assert caplog.text.count("cannot be read") == 1


def test_vehicles_standing_in_one_place_are_one_warning_that_grows(world: World) -> None:
    for number in range(3):
        world.clock.advance(60)
        world.append(
            world.detection(
                rule="stopped_on_expressway",
                severity="standing",
                vehicle=f"1980000010{number}",
                road="G5",
                road_class="expressway",
                stake_m=120_000.0 + 200 * number,
                measured=5.0,
                limit=3.0,
                measured_unit="min",
            )
        )
        world.round()
    assert Case.objects.count() == 1
    worst = Warning.objects.order_by("-level").first()
    assert worst is not None
    assert worst.row_id == "stopped-several"
    assert WarningRepeat.objects.get().vehicle == "19800000101"


def test_old_facts_go_and_young_ones_stay(world: World, sky: Sky) -> None:
    sky.readings(sky.reading(visibility_m=900.0), sky.reading("b", rain_mm_h=1.0))
    assert Fact.objects.count() == 2
    assert prune(world.now + timedelta(days=34)) == 0
    assert prune(world.now + timedelta(days=36)) == 2


def test_the_province_chooses_the_table(world: World, sky: Sky, monkeypatch) -> None:
    from sizao.web.tables.books import edition

    here = edition("places", world.now.date())
    monkeypatch.setenv("SIZAO_PROVINCE", "32")
    there = edition("places", world.now.date())
    assert here.table().name_zh != there.table().name_zh


def test_a_case_shows_its_event_with_members_section_and_the_other_case(
    world: World, sky: Sky
) -> None:
    north = sky.reading("n", visibility_m=150.0, lat=26.785)
    south = sky.reading("s", visibility_m=150.0)
    sky.readings(north)
    sky.readings(south)
    assert Case.objects.count() == 2
    case, other = Case.objects.order_by("pk")
    client = world.client("op-zd")
    assert "data-event>" not in client.get(f"/cases/{case.pk}/").content.decode()
    # What lies between them arrives last: both stay, and each names the other.
    sky.readings(sky.reading("m", visibility_m=150.0, lat=26.685))
    for one, another in ((case, other), (other, case)):
        page = client.get(f"/cases/{one.pk}/").content.decode()
        assert "data-event>" in page
        assert another.number in page
        assert "data-outline" in page
        assert "data-now-inside" not in page
    # The control beside it: one inside, one far away, one that has been silent for an hour.
    long_ago = world.now - timedelta(hours=1)
    world.board(
        {"vehicle": TRUCK, "lat": 26.60},
        {"vehicle": HAZMAT, "lat": 26.70, "kind": "hazmat"},
        {"vehicle": COACH, "lat": 27.60, "kind": "line_coach"},
        {"vehicle": "19800000099", "lat": 26.60, "time": long_ago, "received": long_ago},
    )
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert "现有车辆 <b>2</b>" in " ".join(page.split())
    assert "其中危险货物运输车 <b>1</b>" in " ".join(page.split())
    assert "其中客车" not in page


def test_a_kill_in_the_middle_of_a_segment_leaves_nothing_and_repeats_nothing(
    world: World, sky: Sky, monkeypatch
) -> None:
    from sizao.web.places import rounds

    real, done = rounds.deliver_fact, []

    def dies_at_the_second(*args: Any, **more: Any) -> Any:
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(real(*args, **more))
        return done[-1]

    rows = [sky.reading("a", visibility_m=40.0), sky.reading("b", visibility_m=40.0, lat=27.5)]
    sky.tell("weather_readings", *rows)
    monkeypatch.setattr(rounds, "deliver_fact", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        world.round()
    assert not Warning.objects.exists()
    assert not Fact.objects.exists()
    monkeypatch.setattr(rounds, "deliver_fact", real)
    world.round()
    world.round()
    assert Warning.objects.count() == 2
