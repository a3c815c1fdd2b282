"""The work of a plan, in a process of its own: ``python -m sizao.web.plan.compute FOLDER``.

Touches no database: reads ``job.json``, writes the results beside it, and prints a JSON line as
each step ends.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sizao.web.child import answer, say


def compute(folder: Path, step: Callable[[str], None]) -> dict[str, Any]:
    """Make and draw the plan; returns what stands in ``result.json``.

    Raises ConfigError, in words for people, where no plan can be made.
    """
    import numpy as np

    from sizao.plan import coverage, operations, timetable
    from sizao.plan.draw import draw, visits_of
    from sizao.plan.force import force_of
    from sizao.plan.roads import Travel
    from sizao.plan.strategy import build
    from sizao.risk.network_sites import sites_of
    from sizao.roads.network import Network
    from sizao.web.plan.inputs import roads_of, week_of
    from sizao.web.plan.kept import Coverage, save

    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    force = force_of(job["units"])
    placed = sites_of(Network.load(job["network"]))
    week = week_of(placed, Path(job["assessment"]))
    roads = roads_of(placed)
    step("read")
    none = np.zeros(0, np.int64)
    by_kind = {
        kind: week
        * operations.cause_share(
            kind,
            job["causes"]["cause"],
            roads.road_class[job["causes"]["edge"]] if job["causes"]["edge"] else none.astype(str),
            np.array(job["causes"]["hour"], np.int64),
            roads.road_class,
        )[0]
        for kind in {one.kind for one in force.operations}
    }
    first = dt.date.fromisoformat(job["first"])
    strategy = build(
        force, roads, week, first, job["days"], by_kind=by_kind, done=lambda name, _: step(name)
    )
    drawn = draw(strategy, job["seed"])
    entries = timetable.timetable(strategy, drawn, job["seed"])
    share = coverage.shares(strategy.reach, visits_of(strategy, drawn))
    covered = float(coverage.covered(strategy.weight, share).sum()) / strategy.total
    place = [roads.place(int(node)) for node in strategy.nodes]
    bases = np.array(
        [
            roads.nearest_node(unit.lat, unit.lon, np.arange(len(roads.node_id)))
            for unit in force.units
        ]
    )
    save(
        folder,
        Coverage(
            strategy.reach, strategy.weight, strategy.total,
            Travel(roads).minutes(np.concatenate((bases, strategy.nodes))),
            roads.lat[strategy.nodes], roads.lon[strategy.nodes], np.array(place),
        ),
    )  # fmt: skip
    result = {
        "summary": {
            "covered": covered,
            "drawn": covered,
            "best": strategy.best.value / strategy.total,
            "bound": strategy.best.bound / strategy.total,
            "gap": strategy.best.gap,
            "posts": len(strategy.nodes),
            "rounds": sum(map(len, strategy.pools)),
            "floor": sum(len(floor.posts) for floor in strategy.floors),
            "expected": strategy.total,
        },
        "stays": [_stay(strategy, one, place, roads) for one in entries],
    }
    (folder / "result.json").write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
    return result


def _stay(strategy: Any, one: Any, place: list[str], roads: Any) -> dict[str, Any]:
    unit, shift = strategy.force.units[one.unit], strategy.shifts[one.shift]
    there = one.node >= 0
    return {
        "crew": unit.id,
        "crew_name": unit.name,
        "shift": shift.key,
        "shift_start": shift.start.isoformat(),
        "shift_end": shift.end.isoformat(),
        "slot": one.slot,
        "activity": one.activity,
        "arrive": one.arrive.isoformat(),
        "leave": one.leave.isoformat(),
        "drive_min": one.drive_min,
        "post": one.post,
        "lat": float(roads.lat[one.node]) if there else None,
        "lon": float(roads.lon[one.node]) if there else None,
        "place": place[one.post] if there else "",
    }


if __name__ == "__main__":
    answer(lambda place: compute(place, lambda name: say(step=name)))
