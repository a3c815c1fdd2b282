"""The page of outcomes, from forecasts and weather warnings to shares with intervals."""

from __future__ import annotations

from datetime import datetime, timedelta

from sizao.web.cases.services import act
from sizao.web.imports.models import Batch, Crash
from sizao.web.outcomes.services import outcomes
from sizao.web.warnings.models import Warning
from tests.web.conftest import EAST, World
from tests.web.places.conftest import Sky, sky  # noqa: F401 - a fixture
from tests.web.places.test_places import forecast


def crash(world: World, at: datetime, **over: object) -> None:
    batch = Batch.objects.first() or Batch.objects.create(
        kind="crash", source="台账", file_name="a.csv", size=1, state="done", at=world.now
    )
    number = str(Crash.objects.count())
    given = {"lat": EAST[0], "lon": EAST[1], "area": "510402", **over}
    Crash.objects.create(source="台账", number=number, time=at, batch=batch, row=1, **given)


def line(world: World, kind: str, who: str = "op-zd"):
    return next(one for one in outcomes(world.user(who)).totals if one.kind == kind)


def test_forecasts_are_held_against_the_crash_register(world: World) -> None:
    forecast(world)
    forecast(world, assessment="b", site="7-8", lat=26.70)
    assert Warning.objects.count() == 2
    assert line(world, "crash_risk").tally.pending == 2
    crash(world, world.now + timedelta(hours=6))
    crash(world, world.now + timedelta(hours=9), lat=26.80)
    found = line(world, "crash_risk")
    tally = found.tally
    assert (tally.hits, tally.false_alarms, tally.covered, tally.missed) == (1, 1, 1, 1)
    assert found.lead_min == 360.0
    assert found.detected == 0.5
    assert found.detected_range is not None
    page = world.client("op-zd").get("/outcomes/").content.decode()
    assert "1/2" in page
    assert "95% 区间" in page
    told = world.client("op-zd").get("/outcomes/?format=csv").content.decode()
    assert "2026-11" in told


def test_what_people_found_and_weather_of_crashes_count(world: World, sky: Sky) -> None:  # noqa: F811 - a fixture
    sky.readings(sky.reading(visibility_m=40.0), sky.reading("b", visibility_m=40.0, lat=27.4))
    first, second = Warning.objects.order_by("lat")
    for warning, last in ((first, "resolve"), (second, "dismiss")):
        case = warning.case
        act(world.user("op-zd"), case.pk, "sign", 1)
        if last == "resolve":
            act(world.user("op-zd"), case.pk, "control", 2, measure="other", text="限速")
            act(world.user("op-zd"), case.pk, "resolve", 3, reason="雾散")
            act(world.user("lead-zd"), case.pk, "verify", 4)
        else:
            act(world.user("op-zd"), case.pk, "dismiss", 2, reason="传感器结露")
    crash(world, world.now + timedelta(days=1), weather="fog")
    tally = line(world, "low_visibility").tally
    assert (tally.hits, tally.false_alarms, tally.missed) == (1, 1, 1)


def test_each_sees_its_own_and_nothing_is_claimed_without_warnings(world: World) -> None:
    crash(world, world.now)
    assert outcomes(world.user("op-zd")).totals == []
    page = world.client("op-zd").get("/outcomes/").content.decode()
    assert "还没有可对照的预警" in page
    forecast(world)
    assert outcomes(world.user("lead-xd")).totals == []
    assert line(world, "crash_risk", "op-dd").tally.pending == 1
