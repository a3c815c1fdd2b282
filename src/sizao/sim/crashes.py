"""Crash history of the schematic city: years of made-up crashes whose true places are known.

Real records never say where the next crash was truly likely. Here every site has a true mean
(``Truth``), a few sites have a true trouble of one kind (``crash_patterns.yaml``, ``hot_spots``),
and crashes are drawn from that: so a ranking, a diagnosis or a patrol plan can be scored against
what holds. Nobody in it is real, and no share in it is evidence of anything.

    past = history(build(), range(2023, 2026), seed=1)
    past.crashes["lat"], past.truth.hot
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from sizao.core.places import ROAD_CLASSES
from sizao.roads.geometry import metres_per_degree
from sizao.roads.network import Network
from sizao.sim.city import City

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SEGMENT, JUNCTION = 0, 1
FIX_M = 6.0
"""Spread of a place as an officer's telephone gives it, metres."""
SCENE_M = 12.0
"""A junction's crashes lie up to this far from its middle, metres."""
_HARDEST = frozenset({"head_on", "off_road", "rollover", "pedestrian"})


@dataclass(frozen=True, eq=False)
class Truth:
    """What was true of each site; arrays of shape (n,).

    kind : SEGMENT or JUNCTION
    number : network segment (the lower of two twins) or node
    layer : key of ``layers`` in the patterns file that ordinary crashes are drawn from
    ordinary : crashes a year without the trouble
    trouble : key of ``hot_spots``, "" where there is none; extra : crashes a year by it
    """

    kind: Ints
    number: Ints
    layer: npt.NDArray[np.str_]
    ordinary: Floats
    trouble: npt.NDArray[np.str_]
    extra: Floats

    @property
    def mean(self) -> Floats:
        """True crashes a year, shape (n,)."""
        return self.ordinary + self.extra

    @property
    def hot(self) -> Ints:
        """Rows with a trouble, the worst first."""
        rows = np.flatnonzero(self.trouble != "")
        return rows[np.argsort(-self.mean[rows], kind="stable")]


@dataclass(frozen=True, eq=False)
class History:
    """Crashes as columns of one length, in order of time, with the truth they came from.

    Columns: id, year, month, day, hour (-1 unknown), minute, lat, lon, area, road,
    procedure, deaths, serious_injuries, injuries, pattern, collision, weather, light_condition,
    surface, cause, parties, road_factor, general_procedure, and ``site`` (row of the truth).
    """

    crashes: dict[str, npt.NDArray[Any]]
    truth: Truth

    def __len__(self) -> int:
        return len(self.crashes["id"])


@cache
def patterns() -> Mapping[str, Any]:
    """``crash_patterns.yaml``."""
    text = (resources.files("sizao.sim") / "crash_patterns.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.safe_load(text)
    return found


def history(city: City, years: range, seed: int = 1) -> History:
    """Draw the crashes of some years. The truth depends on the seed alone, not on the years."""
    truth = true_means(city.network, seed)
    parts = [_year(city.network, truth, year, seed) for year in years]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return History(columns, truth)


def true_means(network: Network, seed: int) -> Truth:
    """True crashes a year of every site, and which sites have a trouble."""
    rng = np.random.default_rng([seed, 0])
    plan, classes = patterns(), list(ROAD_CLASSES)
    once = np.flatnonzero((network.twin < 0) | (np.arange(len(network)) < network.twin))
    nodes = int(max(network.from_node.max(), network.to_node.max())) + 1
    widest = np.full(nodes, len(classes), np.int64)
    legs = np.zeros(nodes, np.int64)
    for ends in (network.from_node[once], network.to_node[once]):
        np.minimum.at(widest, ends, network.road_class[once])
        np.add.at(legs, ends, 1)
    junctions = np.flatnonzero(legs >= 3)
    road_class = np.concatenate((network.road_class[once], widest[junctions]))
    names = np.array(classes)[road_class]
    rates = [plan["roads"].get(name, plan["roads"]["urban"]) for name in names]
    per = np.array(
        [rate["per_km" if i < len(once) else "per_junction"] for i, rate in enumerate(rates)]
    )
    size = np.concatenate((network.length_m[once] / 1000.0, (legs[junctions] - 2.0) / 2.0 + 0.5))
    shape = 1.0 / plan["spread"]
    ordinary = per * size * rng.gamma(shape, 1.0 / shape, len(names))
    kind = np.repeat([SEGMENT, JUNCTION], [len(once), len(junctions)])
    number = np.concatenate((once, junctions)).astype(np.int64)
    trouble, extra = np.full(len(names), "", dtype="U16"), np.zeros(len(names))
    for name, spot in plan["hot_spots"].items():
        fits = (kind == (SEGMENT if spot["site"] == "segment" else JUNCTION)) & (trouble == "")
        fits &= np.isin(names, spot["classes"])
        fits[: len(once)] &= _shape_fits(network, once, name)
        chosen = rng.choice(np.flatnonzero(fits), spot["number"], replace=False)
        trouble[chosen] = name
        low, high = spot["per_year"]
        extra[chosen] = rng.uniform(low, high, spot["number"])
    layer = np.array([rate["layer"] for rate in rates])
    return Truth(kind, number, layer, ordinary, trouble, extra)


def _shape_fits(network: Network, once: Ints, trouble: str) -> npt.NDArray[np.bool_]:
    """Whether a segment can have the trouble: a downgrade needs a grade, a bend needs bends."""
    if trouble == "downgrade":
        steep: npt.NDArray[np.bool_] = np.abs(np.nan_to_num(network.grade_pct[once])) >= 4.0
        return steep
    if trouble == "wet_bend":
        ends = network.first[once], network.first[once + 1] - 1
        north, east = metres_per_degree(float(network.lat.mean()))
        chord = np.hypot(
            (network.lat[ends[1]] - network.lat[ends[0]]) * north,
            (network.lon[ends[1]] - network.lon[ends[0]]) * east,
        )
        bends: npt.NDArray[np.bool_] = network.length_m[once] > 1.25 * np.maximum(chord, 1.0)
        return bends
    return np.ones(len(once), np.bool_)


def _year(network: Network, truth: Truth, year: int, seed: int) -> dict[str, npt.NDArray[Any]]:
    """One year's crashes, by time."""
    rng = np.random.default_rng([seed, year])
    drawn: list[dict[str, npt.NDArray[Any]]] = []
    ordinary, extra = rng.poisson(truth.ordinary), rng.poisson(truth.extra)
    rain = _rainy_days(year, seed)
    for layer in patterns()["layers"]:
        own = np.where(truth.layer == layer, ordinary, 0) + np.where(
            truth.trouble == layer, extra, 0
        )
        site = np.repeat(np.arange(len(own)), own)
        if len(site):
            drawn.append(_crashes(network, truth, layer, site, year, rain, rng))
    columns = {name: np.concatenate([part[name] for part in drawn]) for name in drawn[0]}
    order = np.lexsort((columns["minute"], columns["clock"], columns["day"], columns["month"]))
    columns = {name: values[order] for name, values in columns.items() if name != "clock"}
    ids = np.array([f"YB-{year}-{number:05d}" for number in range(1, len(order) + 1)])
    return {"id": ids, "year": np.full(len(order), year), **columns}


def _rainy_days(year: int, seed: int) -> npt.NDArray[np.bool_]:
    days = np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="datetime64[D]")
    month = days.astype("datetime64[M]").astype(np.int64) % 12
    share = np.array(patterns()["rain"])[month]
    wet: npt.NDArray[np.bool_] = np.random.default_rng([seed, year, 1]).random(len(days)) < share
    return wet


def _crashes(
    network: Network,
    truth: Truth,
    layer: str,
    site: Ints,
    year: int,
    rain: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> dict[str, npt.NDArray[Any]]:
    plan = patterns()["layers"][layer]
    n = len(site)
    day, hour = _moments(plan, year, rain, n, rng)
    wet = rain[day] & (rng.random(n) < 0.7)
    date = np.datetime64(f"{year}-01-01") + day
    month = date.astype("datetime64[M]").astype(np.int64) % 12 + 1
    collision = _draw(plan["collisions"], n, rng)
    cause = _draw(plan["causes"], n, rng)
    drunk = ((hour >= 21) | (hour < 3)) & (rng.random(n) < plan["alcohol"])
    cause = np.where(drunk, "酒后驾驶", cause)
    hard = np.isin(collision, list(_HARDEST))
    killed = rng.random(n) < plan["killed"] * np.where(hard, 1.8, 0.6)
    hurt = rng.random(n) < plan["hurt"] * np.where(hard, 1.3, 0.8)
    deaths = np.where(killed, 1 + rng.poisson(0.15, n), 0)
    injuries = np.where(hurt, 1 + rng.poisson(0.4, n), 0)
    serious = rng.binomial(injuries, 0.2)
    lit = np.isin(truth.layer[site], ["urban"])
    dark = (hour < 6) | (hour >= 19)
    light = np.where(
        dark, np.where(lit, "夜间有路灯", "夜间无路灯"), np.where(hour == 6, "黎明", "白天")
    )
    lat, lon, segment = _places(network, truth, site, rng)
    unknown = rng.random(n) < patterns()["hour_unknown"]
    first, second = _draw(plan["parties"], n, rng), _draw(plan["parties"], n, rng)
    alone = np.isin(collision, ["off_road", "rollover", "fixed_object", "fire"])
    second = np.where(collision == "pedestrian", "行人", second)
    return {
        "month": month,
        "day": (date - date.astype("datetime64[M]")).astype(np.int64) + 1,
        "clock": hour,
        "hour": np.where(unknown, -1, hour),
        "minute": np.where(unknown, 0, rng.integers(0, 60, n)),
        "lat": lat,
        "lon": lon,
        "area": network.area[segment],
        "road": network.ref[segment],
        "procedure": np.where(killed, "死亡", np.where(hurt, "伤人", "财产损失")),
        "deaths": deaths,
        "serious_injuries": serious,
        "injuries": injuries,
        "pattern": collision,
        "collision": collision,
        "weather": np.where(wet, "雨", np.where(rain[day], "阴", "晴")),
        "light_condition": light,
        "surface": np.where(wet, "潮湿", "干燥"),
        "cause": cause,
        "parties": np.where(
            alone, first, np.char.add(np.char.add(first.astype(str), "、"), second.astype(str))
        ),
        "road_factor": np.isin(layer, ["wet_bend", "unlit_junction", "downgrade"])
        & (rng.random(n) < 0.4),
        "general_procedure": (deaths > 0) | (injuries > 0),
        "site": site,
    }


def _moments(
    plan: Mapping[str, Any],
    year: int,
    rain: npt.NDArray[np.bool_],
    n: int,
    rng: np.random.Generator,
) -> tuple[Ints, Ints]:
    """Day of the year (from 0) and hour of each crash, by the layer's week and its weather."""
    week = patterns()["weeks"][plan["week"]]
    first = dt.date(year, 1, 1).weekday()
    weekend = (first + np.arange(len(rain))) % 7 >= 5
    by_day = np.where(weekend, sum(week["weekend"]), sum(week["weekday"])).astype(np.float64)
    if "wet" in plan:
        wanted = rng.random(n) < plan["wet"]
        wet, dry = by_day * rain, by_day * ~rain
        day = np.where(
            wanted,
            rng.choice(len(rain), n, p=wet / wet.sum()),
            rng.choice(len(rain), n, p=dry / dry.sum()),
        )
    else:
        day = rng.choice(len(rain), n, p=by_day / by_day.sum())
    hours = np.array([week["weekday"], week["weekend"]], np.float64)
    hours = np.cumsum(hours / hours.sum(axis=1, keepdims=True), axis=1)
    hour = (rng.random(n)[:, None] >= hours[weekend[day].astype(int)]).sum(axis=1)
    return day.astype(np.int64), np.minimum(hour, 23).astype(np.int64)


def _draw(weights: Mapping[str, float], n: int, rng: np.random.Generator) -> npt.NDArray[np.str_]:
    share = np.array(list(weights.values()), np.float64)
    return np.array(list(weights))[rng.choice(len(share), n, p=share / share.sum())]


def _places(
    network: Network, truth: Truth, site: Ints, rng: np.random.Generator
) -> tuple[Floats, Floats, Ints]:
    """Where each crash was noted down, degrees, and the network's segment."""
    number, on_road = truth.number[site], truth.kind[site] == SEGMENT
    starts_at = np.full(int(max(network.from_node.max(), network.to_node.max())) + 1, -1)
    starts_at[network.from_node] = np.arange(len(network))
    segment = np.where(on_road, number, starts_at[np.where(on_road, 0, number)])
    length = network.length_m[segment]
    # Away from the ends: those are the junctions' own crashes.
    keep = np.minimum(0.4 * length, 25.0)
    offset = np.where(
        on_road,
        keep + rng.random(len(site)) * (length - 2 * keep),
        rng.random(len(site)) * np.minimum(SCENE_M, length),
    )
    lat, lon = network.points(segment, offset)
    north, east = metres_per_degree(float(network.lat.mean()))
    lat = lat + rng.normal(0.0, FIX_M / 2, len(site)) / north
    lon = lon + rng.normal(0.0, FIX_M / 2, len(site)) / east
    return lat, lon, segment
