"""The days ahead on the map: which forecast a day is shown by, in whose words, beside what was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pytest

from sizao.risk.schedule import Slot
from sizao.web.forecast import days, files, services
from sizao.web.forecast.models import Forecast
from sizao.web.forecast.since import since
from sizao.web.imports.models import Batch, Crash
from sizao.web.risk import files as risk_files
from sizao.web.risk.models import Assessment
from tests.risk import grids
from tests.web.conftest import World
from tests.web.forecast.test_forecast import made
from tests.web.risk.conftest import assessed

CALENDAR = f"""
- {{kind: market, name: 虚构镇, rule: {{weekdays: [1]}}, lat: {grids.LAT}, lon: {grids.LON}}}
- {{kind: school_term, dates: [2026-09-01..2027-01-22]}}
- {{kind: holiday, name: 虚构节, dates: [2026-11-25]}}
"""


@pytest.fixture
def run(world: World) -> Iterator[Assessment]:
    for module in (files, days):
        module.forget()
    world.data.calendar.write_text(CALENDAR, encoding="utf-8")
    yield assessed(world)
    for module in (files, days, risk_files):
        module.forget()


def crash(world: World, **over) -> Crash:
    row = Crash.objects.first()
    given = {"source": row.source, "batch": Batch.objects.first(), "row": 1, "number": "new",
             "time": world.now, "hour_known": True, "lat": row.lat, "lon": row.lon,
             "area": "510402"}  # fmt: skip
    return Crash.objects.create(**{**given, **over})


def test_today_and_after_by_the_newest_days_behind_by_the_one_before(
    world: World, run: Assessment
) -> None:
    yesterday = made(Slot("night", "night:2026-11-22"))
    Forecast.objects.filter(pk=yesterday.pk).update(made=world.now - timedelta(hours=33))
    newest = made()
    found = days.days(run, world.now)
    assert [one.day for one in found][days.BEHIND] == date(2026, 11, 23)
    assert [one.forecast for one in found[: days.BEHIND]] == [None, None, None]
    assert {one.forecast for one in found[days.BEHIND :]} == {newest}
    assert [one.first for one in found[days.BEHIND :]] == list(range(0, 168, 24))
    before = days.before(run, date(2026, 11, 23))
    assert (before.forecast, before.beforehand, before.first) == (yesterday, True, 0)


def test_a_run_that_the_forecast_is_not_of_has_no_days(world: World, run: Assessment) -> None:
    made()
    other = Assessment.objects.create(
        state="done", by="op-zd", at=world.now, first_year=2024, last_year=2025, method="eb",
        version="1", parameters=run.parameters, summary=run.summary,
    )  # fmt: skip
    assert days.days(other, world.now) == []


def test_the_page_says_what_is_missing(world: World, run: Assessment) -> None:
    client = world.client("off-dd1")
    page = client.get("/risk/").content.decode()
    assert "data-no-forecast" in page
    assert "第一次预报正在准备" in page
    made()
    page = client.get("/risk/").content.decode()
    assert page.count('name="day"') == 1 + days.BEHIND + 7
    assert "data-forecast-bad" not in page
    world.clock.advance(3600 * 30)
    assert 'data-forecast-bad="stale"' in client.get("/risk/").content.decode()


def test_an_hour_s_values_and_its_words(world: World, run: Assessment) -> None:
    found = made()
    client = world.client("off-dd1")
    answer = client.get(f"/risk/ahead/{found.pk}/20.bin")
    assert "immutable" in answer.headers["Cache-Control"]
    values = np.frombuffer(answer.content, "<f4")
    ahead = files.opened(found)
    np.testing.assert_allclose(values, ahead.hours[20])
    assert client.get(f"/risk/ahead/{found.pk}/168.bin").status_code == 404
    told = client.get(f"/risk/ahead/{found.pk}/20/why/").content.decode()
    assert "赶集日 虚构镇" in told
    assert "学期内" in told
    assert "天气未知" in told
    assert "时段按周日" not in told
    holiday = client.get(f"/risk/ahead/{found.pk}/{2 * 24 + 9}/why/").content.decode()
    assert "时段按周日" in holiday
    assert "节假日 虚构节" in holiday


def test_a_place_has_its_level_with_an_interval_and_its_own_causes(
    world: World, run: Assessment
) -> None:
    found = made()
    ahead = files.opened(found)
    results = risk_files.results(run)
    (near,) = [one["rows"] for one in ahead.causes["local"]]
    assert 0 < len(near) < len(results.rows)
    client = world.client("off-dd1")
    site = results.rows[near[0]]["site"]
    told = client.get(f"/risk/ahead/{found.pk}/20/why/?run={run.pk}&site={site}").content.decode()
    assert "九成区间" in told
    assert "赶集日 虚构镇" in told
    far = next(row for row in range(len(results.rows)) if row not in near)
    site = results.rows[far]["site"]
    told = client.get(f"/risk/ahead/{found.pk}/20/why/?run={run.pk}&site={site}").content.decode()
    assert "虚构镇" not in told
    assert client.get(f"/risk/ahead/{found.pk}/20/why/?run={run.pk}&site=no").status_code == 404
    on, off = ahead.hours[20, near[0]], ahead.hours[44, near[0]]
    week = results.week[:, near[0]]
    (market,) = ahead.causes["local"]
    first, second = (one["network"] for one in ahead.days[:2])
    moved = (on / week[20] / first) / (off / week[44] / second)
    assert moved == pytest.approx(market["on"] / market["off"], rel=0.02), "its day, then none"


def test_what_happened_since_beside_the_forecast(world: World, run: Assessment) -> None:
    found = made()
    Forecast.objects.filter(pk=found.pk).update(made=world.now - timedelta(hours=13))
    crash(world, time=world.now - timedelta(hours=2), number="a")
    crash(world, time=world.now - timedelta(hours=3), number="b", lat=grids.LAT - 0.2)
    crash(world, time=world.now + timedelta(hours=1), number="c")
    results = risk_files.results(run)
    one = days.before(run, date(2026, 11, 23))
    assert one.beforehand
    told = since(world.user("op-zd"), results, one, world.now)
    assert (told.first, told.last) == (0, 12)
    assert [event.hour for event in told.events] == [9, 10]
    assert [event.worst is None for event in told.events] == [True, False], "one is off the roads"
    assert told.expected == pytest.approx(files.opened(found).hours[:12].sum(), rel=1e-4)
    page = world.client("op-zd").get(f"/risk/ahead/{run.pk}/since/2026-11-23/").content.decode()
    assert "实际 2 起" in page
    west = world.client("off-xd1").get(f"/risk/ahead/{run.pk}/since/2026-11-23/").content.decode()
    assert "实际 0 起" in west, "a brigade sees its own"


def test_a_forecast_made_in_the_day_answers_for_the_rest_of_it_only(
    world: World, run: Assessment
) -> None:
    made()
    results = risk_files.results(run)
    one = days.before(run, date(2026, 11, 23))
    assert not one.beforehand
    assert since(world.user("op-zd"), results, one, world.now) is None
    told = since(world.user("op-zd"), results, one, world.now + timedelta(hours=3))
    assert (told.first, told.last) == (13, 15)
    assert services.newest() is not None
