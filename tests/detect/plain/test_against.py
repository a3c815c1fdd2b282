"""Detection against the plain rules: all rules on messy positions, and the simulated city.

The city here is small; ``against.py`` says how to run it on ten million positions.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest

from sizao.detect import registry
from sizao.detect.context import Context
from tests.checks import corpus, corpus_places
from tests.detect.plain import against, chances, played, rules, wild
from tests.detect.plain.reading import found_by_engine, raw_of
from tests.detect.plain.sample import Track
from tests.detect.plain.taking import track_of
from tests.detect.plain.world import World

IDS = [rule.id for rule in (*registry.RULES, *registry.ROAD_RULES)]


def test_every_rule_over_positions_has_a_plain_one():
    assert {*rules.OF_VEHICLES, *rules.OF_ALL} == set(IDS)
    assert not rules.OF_VEHICLES.keys() & rules.OF_ALL.keys()


class Messy(NamedTuple):
    """The corpus through the engine, and as tracks."""

    context: Context
    detections: list[dict[str, Any]]
    world: World
    tracks: list[Track]

    def differences(self, rule: str, **changes: float) -> list[str]:
        """Of one rule, its plain form by changed numbers."""
        params = {**self.context.params[rule], **changes}
        theirs = [each for each in self.detections if each["rule"] == rule]
        assert theirs
        if rule in rules.OF_ALL:
            seen, found_of_all = rules.OF_ALL[rule]
            own = [seen(track, params, self.world) for track in self.tracks]
            found = found_of_all(own, params, self.world)
        else:
            of_vehicle = rules.OF_VEHICLES[rule]
            found = [one for track in self.tracks for one in of_vehicle(track, params, self.world)]
        return against.differences(theirs, found, self.context)


@cache
def messy(place: str) -> Messy:
    """With what lies around a rule's corpus."""
    rows, limits = corpus.stream()
    context = Context.build(**corpus_places.around(place))
    world = World.of(context)
    tracks = [track_of(vehicle, raw, world) for vehicle, raw in raw_of(rows, limits)]
    tracks.sort(key=lambda track: track.vehicle)
    return Messy(context, found_by_engine(rows, limits, context), world, tracks)


ON_ROADS = ("stopped_on_expressway", "wrong_way")


@pytest.mark.parametrize("rule", sorted(rules.OF_VEHICLES))
def test_messy_positions_give_the_same_detections(rule):
    place = "wrong_way" if rule in ON_ROADS else "speeding"
    assert messy(place).differences(rule) == []


@pytest.mark.parametrize(
    ("rule", "name", "step"),
    [
        ("speeding", "min_duration_s", 1),
        ("area_limit", "margin_kmh", 12),
        ("area_forbidden", "min_duration_s", 10),
        ("long_downgrade", "rolling", 1e-6),
        ("offline_moving", "silence_min", 1),
        ("impossible_jump", "max_speed_kmh", 1e-3),
        ("route_departure", "min_duration_s", 20),
    ],
)
def test_another_number_is_seen(rule, name, step):
    """The control: a small step in one number of one of the two, and they differ."""
    value = messy("speeding").context.params[rule][name]
    assert messy("speeding").differences(rule, **{name: value + step})


@pytest.mark.parametrize("seed", [1, 3])
def test_wild_vehicles_give_the_same_detections(seed):
    names = wild.names(30)
    rows = wild.rows(seed, len(names), 2.0)
    context = Context.build(
        wild.network(),
        kinds={name: wild.KINDS[n % len(wild.KINDS)] for n, name in enumerate(names)},
        fences=wild.fences(names),
        temporary=wild.temporary(),
        changes=WILD,
    )
    limits = np.full(len(rows), np.nan, np.float32)
    chosen = {*rules.OF_VEHICLES, *rules.OF_ALL}
    detections = [each for each in found_by_engine(rows, limits, context) if each["rule"] in chosen]
    found = against.plain([raw_of(rows, limits)], context, chosen)
    assert against.differences(detections, found, context) == []
    named = {each["rule"] for each in detections} | {each["severity"] for each in detections}
    assert named >= WILD_RULES


WILD = {
    **against.SHORT,
    "slow_traffic": {"min_vehicles": 2.0, "min_minutes": 2.0, "queue_minutes": 1.0},
}
WILD_RULES = {*rules.OF_VEHICLES, *rules.OF_ALL, "queue_end"} - chances.SHORT.keys()
"""Rules that must have found something; those on driving and rest have ``test_hours.py``."""


@pytest.fixture(scope="module")
def city():
    with (one := played.play(seed=5, vehicles=60, hours=0.7, changes=against.SHORT)).rows:
        yield one


def test_the_city_gives_the_same_detections(city):
    result = against.compare(city)
    assert result.differences == []
    assert result.positions > 5_000
    assert result.detections.total() > 50


def test_what_only_one_of_the_two_says_is_a_difference(city):
    chosen = {"speeding"}
    found = against.plain(city.rows.groups(), city.context, chosen)
    theirs = [each for each in city.detections if each["rule"] in chosen]
    assert against.differences(theirs, found, city.context) == []
    assert "only the engine" in against.differences(theirs, found[1:], city.context)[0]
    assert "only plain" in against.differences(theirs[1:], found, city.context)[0]
    other = {**theirs[0], "lat": theirs[0]["lat"] + 1e-12}
    assert "lat is" in against.differences([other, *theirs[1:]], found, city.context)[0]
