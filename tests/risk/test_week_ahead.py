"""The days ahead: what is learned of weather and calendar, and what facts of the day change."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from sizao.app.cli import cli
from sizao.core.errors import ConfigError
from sizao.core.schemas import ASSESSMENT
from sizao.risk import snapping, weather_ratio
from sizao.risk.assessing import assessments
from sizao.risk.crashes import Crashes
from sizao.risk.day_calendar import Calendar, Entry
from sizao.risk.features import Features
from sizao.risk.forecasting import forecast
from sizao.risk.sites import read_sites
from sizao.risk.weather_hours import KINDS, WeatherHours, read_weather
from sizao.risk.week_ahead import Ahead, FlowFact, look_ahead

from .worlds import place, write_crashes, write_grid

SIDE = 8
YEARS = range(2017, 2019)
START = np.datetime64("2017-01-01", "h").astype(int)
HOURS = 24 * 730
RAIN_RATIO, MARKET_RATIO = 1.8, 2.5
MARKET = Entry(
    "market", "south-west", frozenset(), ("month_days", frozenset({3, 8})), None, None,
    *place(1, 1), 250.0, 1.0,
)  # fmt: skip
HOLIDAYS = frozenset(
    date(year, 10, 1) + timedelta(days=i) for year in range(2017, 2022) for i in range(7)
)
HOLIDAY = Entry("holiday", "", HOLIDAYS, None, None, None, None, None, 0.0, 1.0)


def rain(seed: int, hours: int = HOURS) -> WeatherHours:
    """One station, rain in spells of six hours."""
    wet = np.random.default_rng(seed).random(hours // 6) < 0.15
    kind = np.repeat(wet, 6).astype(np.int8)[None, :]
    return WeatherHours(np.full(1, np.nan), np.full(1, np.nan), START, kind)


@cache
def world(seed: int = 0):
    """Crashes on a grid for two years: rain, a market near the south-west, a peak at 18 h."""
    chance = np.random.default_rng(seed)
    weather = rain(seed)
    hour = START + np.arange(HOURS)
    stamp = hour.astype("datetime64[h]")
    month_day = (stamp.astype("datetime64[D]") - stamp.astype("datetime64[M]")).astype(int) + 1
    rate = 0.4 * np.where(hour % 24 == 18, 3.0, 1.0) * np.where(weather.kind[0] == 1, RAIN_RATIO, 1)
    market = 0.2 * np.where(np.isin(month_day % 10, (3, 8)), MARKET_RATIO, 1.0)
    counts = chance.poisson(rate), chance.poisson(market)
    when = np.concatenate([np.repeat(stamp, one) for one in counts])
    row = np.concatenate((chance.integers(0, SIDE, counts[0].sum()), np.full(counts[1].sum(), 1)))
    column = np.concatenate(
        (chance.random(counts[0].sum()) * (SIDE - 1), np.full(counts[1].sum(), 1.4))
    )
    lat, lon = place(row, column)
    n = len(when)
    year = when.astype("datetime64[Y]").astype(int) + 1970
    month = when.astype("datetime64[M]").astype(int) % 12 + 1
    day = (when.astype("datetime64[D]") - when.astype("datetime64[M]")).astype(int) + 1
    blank = np.full(n, -1)
    crashes = Crashes(
        lat + np.zeros(n), lon, year, month, day, when.astype(int) % 24, blank, blank, blank,
        np.full(n, ""), np.zeros(n, bool), np.zeros(n, bool),
    )  # fmt: skip
    return crashes, weather


@pytest.fixture(scope="module")
def ahead(tmp_path_factory: pytest.TempPathFactory) -> Ahead:
    crashes, weather = world()
    sites, _, _ = read_sites(*write_grid(tmp_path_factory.mktemp("grid"), SIDE))
    snapped = snapping.snap(snapping.build_index(sites), crashes.lat, crashes.lon)
    base = forecast(sites, Features(sites), crashes, snapped, YEARS)
    coming = np.zeros((1, 7 * 24), np.int8)
    coming[0, 24:48] = 1
    hour = int(np.datetime64("2019-02-01", "h").astype(int))
    weather = weather.merged(WeatherHours(weather.lat, weather.lon, hour, coming))
    return look_ahead(
        base, crashes, YEARS, date(2019, 2, 1), 7, Calendar((MARKET, HOLIDAY)), weather
    )


def test_rain_is_learned_from_matched_hours(ahead: Ahead) -> None:
    found = ahead.ratios.by_kind["rain"]
    # A third of the crashes are the market's and care nothing about rain.
    assert found.ratio == pytest.approx(RAIN_RATIO * 0.66 + 0.34, rel=0.08)
    assert found.learned > 0.9
    assert found.pairs > 1000
    # Nothing is known of fog here: the default stands, with all its doubt.
    fog = ahead.ratios.by_kind["fog"]
    assert (fog.ratio, fog.log_error, fog.learned) == (pytest.approx(1.4), 0.4, 0.0)


def test_season_does_not_pass_for_rain() -> None:
    """The control: rain in the months with many crashes. Pairs cancel that, plain means do not."""
    chance = np.random.default_rng(3)
    summer = (np.arange(HOURS) // (24 * 91)) % 2 == 0
    kind = np.where(summer, chance.random(HOURS) < 0.3, chance.random(HOURS) < 0.02)[None]
    weather = WeatherHours(np.full(1, np.nan), np.full(1, np.nan), START, kind.astype(np.int8))
    counts = chance.poisson(np.where(summer, 0.9, 0.3))[None].astype(float)
    found = weather_ratio.learn(weather, counts).by_kind["rain"].ratio
    assert found == pytest.approx(1.0, abs=0.07)
    assert counts[kind].mean() / counts[~kind].mean() > 1.4


def test_a_market_moves_its_surroundings_and_nothing_else(ahead: Ahead) -> None:
    on, off = ahead.factors.local[MARKET]
    assert on / off > 1.7
    dry = replace(ahead, weather=None)
    cells = dry.cells() / dry.usual()
    here = np.array([ahead.is_near(edge, MARKET) for edge in range(len(cells))])
    third, fourth = slice(2 * 24, 3 * 24), slice(3 * 24, 4 * 24)
    assert cells[here, third].mean() > 1.5 * cells[here, fourth].mean()
    assert cells[~here, third].mean() == pytest.approx(cells[~here, fourth].mean())


def test_holidays_look_like_sundays_and_are_shrunk(ahead: Ahead) -> None:
    week = replace(ahead, first=date(2019, 10, 1), weather=None)
    # Tuesday the first of October: the hours of a Sunday.
    assert week.week_hour[18] == 6 * 24 + 18
    # Holidays of the records were like any Sunday.
    assert np.exp(week.factors.log["holiday"]) == pytest.approx(1.0, abs=0.2)


def test_facts_of_the_day_change_factors_only(ahead: Ahead) -> None:
    hour = ahead.first_hour
    wet = WeatherHours(ahead.weather.lat, ahead.weather.lon, hour, np.ones((1, 12), np.int8))
    flow = [FlowFact(3, hour + 2, 2.0), FlowFact(3, hour + 1, 9.0)]
    new = ahead.updated(wet, flow)
    assert new.base is ahead.base
    change = new.cells() / ahead.cells()
    rain = ahead.ratios.by_kind["rain"].ratio
    assert change[0, :12] == pytest.approx(rain, rel=1e-6)
    assert change[0, 12:] == pytest.approx(1.0)
    # Only the later flow counts, from its hour on, and half of it is left after three hours.
    assert change[3, 2] == pytest.approx(rain * 2**0.7, rel=1e-6)
    assert change[3, 5] == pytest.approx(rain * 2**0.35, rel=1e-6)
    assert change[3, 1] == pytest.approx(rain, rel=1e-6)
    # The order in which facts come does not matter.
    other = ahead.updated(flow=flow[::-1]).updated(wet)
    assert np.array_equal(other.cells(), new.cells())


def test_assessments_are_spans_of_the_worst_hours(ahead: Ahead) -> None:
    made = datetime(2019, 1, 31, 12, tzinfo=UTC)
    batch = assessments(ahead, made, share=0.01)
    assert batch.schema.equals(ASSESSMENT)
    rows = batch.to_pylist()
    sites = ahead.base.sites
    length = dict(
        zip(
            (f"{u}-{v}" for u, v in zip(sites.u, sites.v, strict=True)),
            sites.length_km,
            strict=True,
        )
    )
    hours = [(row["until"] - row["time"]).total_seconds() / 3600 for row in rows]
    used = sum(h * length[row["site"]] for h, row in zip(hours, rows, strict=True))
    assert used <= 0.01 * sites.length_km.sum() * 168
    assert used > 0.009 * sites.length_km.sum() * 168
    assert all(row["lower"] < row["expected"] < row["upper"] for row in rows)
    # 18 h local (10 h UTC) is the worst hour, and rain of the second day makes it worse.
    held = [
        sum(row["time"] <= moment < row["until"] for row in rows)
        for moment in (datetime(2019, 2, 2, hour, 30, tzinfo=UTC) for hour in range(16))
    ]
    assert np.argmax(held) == 10
    assert any("weather.rain" in reason for row in rows for reason in row["reasons"])
    assert assessments(ahead, made, share=0.01).equals(batch)


def test_a_short_edge_between_junctions_does_not_lead_for_being_short(ahead: Ahead) -> None:
    sites = ahead.base.sites
    length_m = sites.length_m.copy()
    quiet = int(ahead.base.estimate.on_edges(sites)[0].mean.argmin())
    length_m[quiet] = 0.05
    short = replace(ahead, base=replace(ahead.base, sites=replace(sites, length_m=length_m)))
    site = f"{sites.u[quiet]}-{sites.v[quiet]}"
    rows = assessments(short, datetime(2019, 1, 31, tzinfo=UTC)).to_pylist()
    assert rows[0]["site"] != site
    # The control: by the kilometre alone it is the worst by far.
    density = short.cells().sum(axis=1) / short.base.sites.length_km
    assert density.argmax() == quiet


def test_weather_files(tmp_path: Path) -> None:
    path = tmp_path / "weather.csv"
    path.write_text(
        "time,station,rain_mm_h,visibility_m,road_state,kind\n"
        "2026-11-25 08:00,a,0,9000,,\n"
        "2026-11-25T09:30,a,2,,,\n"
        "2026-11-25 09:40,a,20,,,\n"
        "2026-11-25 10:00,a,20,90,,\n"
        "2026-11-25 08:00,b,,,,snow_ice\n"
        "today,b,,,,dry\n"
        "2026-11-25 09:00,b,,,,hail\n"
        "2026-11-25 10:00,b,,,,\n"
    )
    found, rejected = read_weather(path)
    names = [[KINDS[code] if code >= 0 else "" for code in row] for row in found.kind.tolist()]
    assert names == [["dry", "heavy_rain", "fog"], ["snow_ice", "", ""]]
    assert [(one.row, one.reason) for one in rejected] == [(6, "bad_time"), (7, "unknown_kind")]


def test_the_command(tmp_path: Path) -> None:
    nodes, edges = write_grid(tmp_path, 12)
    chance = np.random.default_rng(1)
    crashes = write_crashes(
        tmp_path, [(float(r), float(c) * 11, 2018) for r, c in
                   zip(chance.integers(0, 12, 900), chance.random(900), strict=True)],
    )  # fmt: skip
    (tmp_path / "w.csv").write_text("time,kind\n2019-03-01 12:00,fog\n2019-03-01 13:00,dry\n")
    (tmp_path / "c.yaml").write_text("- {kind: holiday, dates: 2019-03-02}\n")
    out, spans = tmp_path / "out.parquet", tmp_path / "spans.parquet"
    arguments = ["forecast", f"--nodes={nodes}", f"--edges={edges}", f"--crashes={crashes}",
                 "--years=2018", f"--out={out}"]  # fmt: skip
    ahead = ["--from=2019-03-01", "--days=2", f"--weather={tmp_path / 'w.csv'}",
             f"--calendar={tmp_path / 'c.yaml'}", f"--assessments={spans}",
             f"--data={tmp_path}", "--json"]  # fmt: skip
    result = CliRunner().invoke(cli, [*arguments, *ahead], catch_exceptions=False)
    summary = json.loads(result.stdout)
    table = pq.read_table(out)
    assert len(table) == 2 * 12 * 11 * 48
    assert table["hour_of_week"][:1].to_pylist() == [4 * 24]
    assert table["hour_of_week"][24:25].to_pylist() == [6 * 24]
    factor = table["factor"].to_numpy()
    assert factor[12] / factor[13] == pytest.approx(1.4, rel=1e-4)
    assert summary["days_like"][1]["entries"] == ["holiday"]
    assert summary["assessments"] == len(pq.read_table(spans)) > 0
    (left,) = (tmp_path / "forecasts").iterdir()
    assert pq.read_table(left).equals(pq.read_table(spans))
    with pytest.raises(ConfigError, match="need --from"):
        CliRunner().invoke(
            cli, [*arguments, f"--weather={tmp_path / 'w.csv'}"], catch_exceptions=False
        )
