"""The engine against the plain rules, on the simulated city with all its faults.

    python -m tests.detect.plain.against --vehicles 1000 --hours 65 --seed 1 --jobs 2

simulates, runs the engine over batches cut anyhow, runs the plain rules over each vehicle's whole
track, and compares every detection in every column both ways. It ends with 1 if any differs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sizao.detect.context import Context
from sizao.detect.params import Params
from tests.detect.plain import played, rules
from tests.detect.plain.found import Found, row
from tests.detect.plain.played import Played
from tests.detect.plain.taking import Raw, track_of
from tests.detect.plain.world import World

SHORT: dict[str, Params] = {
    "fatigue": {"max_continuous_min": 40.0, "min_rest_min": 4.0, "forget_gap_min": 30.0},
    "coach_night_fatigue": {"max_continuous_min": 30.0, "min_rest_min": 4.0},
    "coach_day_total": {"max_driving_min": 60.0},
    "coach_week_total": {"max_driving_min": 90.0},
    "coach_night_speed": {"ratio": 0.7},
    "long_downgrade": {"limit_j_per_kg": 500.0},
    "stopped_on_expressway": {"min_duration_s": 30.0},
    "route_departure": {"min_duration_s": 30.0},
    "terminal_moved": {"min_duration_s": 30.0},
    "slow_traffic": {"min_vehicles": 1.0, "min_minutes": 1.0, "queue_minutes": 1.0},
}
"""Parameters by which even a short and small simulation has detections of every rule."""

Key = tuple[str, str, int, str, int]
Group = Sequence[tuple[str, Sequence[Raw]]]
"""Vehicles and their rows in the order of arrival."""


@dataclass
class Compared:
    """What came of a comparison. ``differences`` are sentences."""

    positions: int
    detections: Counter[str]
    differences: list[str] = field(default_factory=list)
    engine_s: float = 0.0
    plain_s: float = 0.0


def compare(one: Played, only: Iterable[str] | None = None, jobs: int = 1) -> Compared:
    """Every detection of the engine against every plain one."""
    chosen = set(only or [*rules.OF_VEHICLES, *rules.OF_ALL])
    began = time.perf_counter()
    found = plain(one.rows.groups(), one.context, chosen, jobs)
    spent_s = time.perf_counter() - began
    theirs = [each for each in one.detections if each["rule"] in chosen]
    names = [
        "queue_end" if each["severity"] == "queue_end" else each["rule"]
        for each in theirs
        if each["revision"] == 0
    ]
    different = differences(theirs, found, one.context)
    return Compared(one.rows.count, Counter(names), different, one.seconds, spent_s)


def differences(
    detections: Iterable[dict[str, Any]], found: list[Found], context: Context
) -> list[str]:
    """What the engine and the plain rules say differently, each a sentence, by start."""
    own = {each.key: row(each, context) for each in found}
    theirs: dict[Key, dict[str, Any]] = {}
    differences = []
    for each in detections:
        key = _key_of(each)
        if key in theirs:
            differences.append(f"{_name(each)}: the engine says it twice")
        theirs[key] = each
    if len(own) != len(found):
        differences.append("the plain rules say something twice")
    for key in sorted(own.keys() | theirs.keys(), key=lambda key: (key[2], *map(str, key))):
        if key not in theirs:
            differences.append(f"{_name(own[key])}: only plain: {own[key]}")
        elif key not in own:
            differences.append(f"{_name(theirs[key])}: only the engine: {theirs[key]}")
        elif own[key] != theirs[key]:
            columns = [name for name in own[key] if own[key][name] != theirs[key][name]]
            said = (f"{n} is {own[key][n]!r}, the engine says {theirs[key][n]!r}" for n in columns)
            differences.append(f"{_name(own[key])}: {'; '.join(said)}")
    return differences


def plain(
    groups: Sequence[Path | Group], context: Context, chosen: set[str], jobs: int = 1
) -> list[Found]:
    """All that the plain rules find. A group of vehicles is a file or stands in memory."""
    found: list[Found] = []
    seen: dict[str, dict[str, Any]] = {rule: {} for rule in rules.OF_ALL if rule in chosen}

    def gather(parts: Iterable[tuple[list[Found], dict[str, dict[str, Any]]]]) -> None:
        for founds, some in parts:
            found.extend(founds)
            for rule, each in some.items():
                seen[rule].update(each)

    if jobs == 1:
        _begin(context, chosen)
        gather(map(_group, groups))
    else:
        fork = get_context("fork")
        with ProcessPoolExecutor(jobs, fork, _begin, (context, chosen)) as pool:
            gather(pool.map(_group, groups))
    world = World.of(context)
    for rule, of_vehicle in seen.items():
        ordered = [of_vehicle[vehicle] for vehicle in sorted(of_vehicle)]
        found += rules.OF_ALL[rule][1](ordered, context.params[rule], world)
    return found


_job: tuple[Context, World, set[str]]


def _begin(context: Context, chosen: set[str]) -> None:
    global _job
    _job = context, World.of(context), chosen


def _group(group: Path | Group) -> tuple[list[Found], dict[str, dict[str, Any]]]:
    """What is found, and seen, of the vehicles of a group."""
    context, world, chosen = _job
    found: list[Found] = []
    seen: dict[str, dict[str, Any]] = {rule: {} for rule in rules.OF_ALL if rule in chosen}
    vehicles = played.read(group) if isinstance(group, Path) else group
    for vehicle, raw in vehicles:
        track = track_of(vehicle, raw, world)
        for rule, of_vehicle in rules.OF_VEHICLES.items():
            if rule in chosen:
                found += of_vehicle(track, context.params[rule], world)
        for rule in seen:
            seen[rule][vehicle] = rules.OF_ALL[rule][0](track, context.params[rule], world)
    return found, seen


def _key_of(each: dict[str, Any]) -> Key:
    part = {
        "terminal_alarm": each["severity"],
        "terminal_fault": each["severity"],
        "area_forbidden": str(each["fence"]),
        "slow_traffic": "queue_end" if each["severity"] == "queue_end" else "",
    }
    return (
        each["rule"],
        each["vehicle"],
        each["start"],
        part.get(each["rule"], ""),
        each["revision"],
    )


def _name(each: dict[str, Any]) -> str:
    return f"{each['rule']} of {each['vehicle']} from {each['start']} revision {each['revision']}"


def main(arguments: list[str] | None = None) -> int:
    """Print what was compared and the first differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vehicles", type=int, default=200)
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes for the plain rules")
    parser.add_argument("--short", action="store_true", help="parameters that are met sooner")
    parser.add_argument("--folder", type=Path, help="keep the rows there, or take them from there")
    parser.add_argument("--only", help="comma list of rules")
    parser.add_argument("--show", type=int, default=10, help="differences of a rule to print")
    given = parser.parse_args(arguments)
    began = time.perf_counter()
    changes = SHORT if given.short else None
    one = played.play(given.seed, given.vehicles, given.hours, changes, given.folder)
    made_s = time.perf_counter() - began
    with one.rows:
        result = compare(one, given.only.split(",") if given.only else None, given.jobs)
    print(
        f"seed {given.seed}, {given.vehicles} vehicles, {given.hours:g} h: "
        f"{result.positions:,} positions, {one.counters}"
    )
    print(
        f"{made_s:.0f} s to simulate and detect, of it {result.engine_s:.0f} s the engine; "
        f"{result.plain_s:.0f} s the plain rules "
        f"({result.plain_s * given.jobs / max(result.positions, 1) * 1e6:.0f} us a position)"
    )
    for rule in sorted({*rules.OF_VEHICLES, *rules.OF_ALL, "queue_end"}):
        print(f"{rule:24}{result.detections[rule]:8,} detections")
    print(f"{sum(result.detections.values()):,} detections, {len(result.differences)} differences")
    shown = Counter[str]()
    for difference in result.differences:
        rule = difference.split(" ", 1)[0]
        shown[rule] += 1
        if shown[rule] <= given.show:
            print(difference)
    for rule, count in shown.items():
        print(f"{rule}: {count} differences")
    return 1 if result.differences else 0


if __name__ == "__main__":
    sys.exit(main())
