"""``long_downgrade``: the heat that brakes must have taken up on a way down."""

from __future__ import annotations

import math

from sizao.core.vehicles import HEAVY
from tests.detect.plain.found import Found
from tests.detect.plain.sample import Sample, Track
from tests.detect.plain.spells import Judged, found_spells
from tests.detect.plain.world import Params, World


def found(track: Track, params: Params, world: World) -> list[Found]:
    """Every episode of one vehicle."""
    if track.kind not in HEAVY:
        return []
    judged = []
    before: Sample | None = None
    heat: float | None = None  # None: there is no account
    for sample in track.samples:
        if sample.lat is None or sample.speed_kmh is None:
            continue
        ways = [fence for fence in sample.fences if fence.kind == "downgrade"]
        if before is not None and sample.time_us - before.time_us > params["max_gap_s"] * 1e6:
            heat = None
        if heat is None:
            heat = 0.0 if ways else None
        else:
            assert before is not None
            dt_s = (sample.time_us - before.time_us) / 1e6
            heat *= math.exp(-dt_s / params["cooling_s"])
            if ways:
                grade = _grade(sample, ways[0].grade_pct, world) / 100
                heat += max(0.0, _braked(before, sample, grade, dt_s, params))
            elif heat < params["forget_j_per_kg"]:
                heat = None
        judged.append(
            Judged(
                sample,
                heat is not None and heat > params["limit_j_per_kg"],
                heat or 0.0,
                heat or 0.0,
                params["limit_j_per_kg"],
                ways[0].number if ways else 0,
            )
        )
        before = sample
    return found_spells("long_downgrade", judged, params, lambda measured, limit: "brake_heat")


def _grade(sample: Sample, mean: float, world: World) -> float:
    """Percent of fall: the matched road's if the map knows one, else the fence's."""
    rise = None if sample.segment is None else world.segments[sample.segment].grade_pct
    return mean if rise is None else -rise


def _braked(before: Sample, sample: Sample, grade: float, dt_s: float, params: Params) -> float:
    """J/kg that neither the road nor the engine took."""
    v_before, v = (before.speed_kmh or 0.0) / 3.6, (sample.speed_kmh or 0.0) / 3.6
    way = dt_s * (v + v_before) / 2
    braked = 9.81 * way * (grade - params["rolling"]) - (v * v - v_before * v_before) / 2
    return float(braked - params["engine_w_per_kg"] * dt_s)
