"""The rules on driving and rest against their plain form, with every fault that late points make.

Few vehicles for a few hours; drivers are shared, and the numbers of minutes are small.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta
from functools import cache

import numpy as np
import pytest

from sizao.detect.context import Context
from tests.detect.plain import chances, hours_reopening
from tests.detect.plain.reading import found_by_engine, raw_of
from tests.detect.plain.taking import track_of
from tests.detect.plain.test_against import Messy
from tests.detect.plain.world import World
from tests.detect.tracks import Row

SIZES = {1: 1, 4: 61, 6: 5000}
"""Rows a batch, by seed: what comes row by row takes a thousand times as long."""
SEEDS = tuple(SIZES)
RULES = sorted(chances.SHORT)


@cache
def driven(seed: int) -> Messy:
    """Vehicles driven by chance, through the engine and as tracks."""
    rows = chances.rows_of(seed, vehicles=6, hours=4)
    return judged(rows, random.Random(seed), set(chances.SHORT), SIZES[seed])


def judged(rows: list[Row], chance: random.Random, only: set[str], size: int) -> Messy:
    """These rows through the engine in batches of a size, and as tracks."""
    vehicles = sorted({row["vehicle"] for row in rows})
    context = Context.build(
        kinds={vehicle: chance.choice(chances.KINDS) for vehicle in vehicles},
        services={vehicle: chance.choice(chances.SERVICES) for vehicle in vehicles},
        changes={rule: chances.SHORT[rule] for rule in only},
        only=frozenset(only),
    )
    limits = np.full(len(rows), np.nan, np.float32)
    found = found_by_engine(rows, limits, context, size=size)
    world = World.of(context)
    tracks = [track_of(vehicle, raw, world) for vehicle, raw in sorted(raw_of(rows, limits))]
    return Messy(context, found, world, tracks)


def told(rule: str, seeds: Iterable[int] = SEEDS) -> list[int]:
    """The seeds that have detections of a rule."""
    return [seed for seed in seeds if any(row["rule"] == rule for row in driven(seed).detections)]


@pytest.mark.parametrize("rule", RULES)
def test_driving_by_chance_gives_the_same_detections(rule):
    seeds = told(rule)
    assert seeds
    for seed in seeds:
        assert driven(seed).differences(rule) == []


@cache
def after_absences(seed: int, size: int) -> Messy:
    """The same vehicles and drivers again and again, with days or weeks between."""
    chance = random.Random(seed)
    rows, days = [], 0
    for number in range(4):
        some = chances.rows_of(10 * seed + number, vehicles=6, hours=3)
        later = timedelta(days=days)
        rows += [
            {**row, "time": row["time"] + later, "received": row["received"] + later}
            for row in some
        ]
        days += chance.choice([3, 9, 16, 16])
    return judged(rows, chance, {"coach_day_total", "coach_week_total"}, size)


@pytest.mark.parametrize("rule", ["coach_day_total", "coach_week_total"])
def test_whoever_stays_away_is_forgotten_by_both(rule, monkeypatch):
    weeks = [after_absences(*each) for each in ((4, 61), (5, 7), (7, 5000))]
    assert [one.differences(rule) for one in weeks] == [[] for _ in weeks]
    # The control: one that never forgets.
    monkeypatch.setattr(hours_reopening, "WEEK_US", 10**18)
    assert any(one.differences(rule) for one in weeks)


def test_late_points_correct_and_withdraw_in_it():
    rows = [row for seed in SEEDS for row in driven(seed).detections]
    corrected = [row for row in rows if "corrected" in (row["quality"] or "").split(",")]
    assert {row["rule"] for row in corrected} >= {*RULES} - {"coach_curfew"}
    assert any(row["severity"] == "withdrawn" for row in rows)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "coach_curfew"])
def test_late_points_left_out_are_seen(rule):
    """The control: the plain form without re-opening says something else."""
    seeds = told(rule)
    assert any(driven(seed).differences(rule, reopen_within_min=0.0) for seed in seeds)


@pytest.mark.parametrize(
    ("rule", "name", "step"),
    [
        ("fatigue", "min_rest_min", 1),
        ("fatigue", "max_gap_s", -100),
        ("fatigue", "forget_gap_min", 90),
        ("coach_night_fatigue", "max_continuous_min", 0.5),
        ("coach_curfew", "min_driving_min", 1),
        ("coach_day_total", "max_driving_min", 1),
        ("coach_week_total", "max_driving_min", 1),
    ],
)
def test_another_number_is_seen(rule, name, step):
    """The control: a small step in one number of one of the two, and they differ."""
    messy = [driven(seed) for seed in told(rule)]
    value = messy[0].context.params[rule][name]
    assert any(one.differences(rule, **{name: value + step}) for one in messy)
