"""``stopped_on_expressway``: a heavy vehicle stands on an expressway where it may not."""

from __future__ import annotations

from sizao.core.vehicles import HEAVY
from sizao.roads.matching import GOOD
from tests.detect.plain.found import Found
from tests.detect.plain.sample import Track
from tests.detect.plain.spells import Judged, found_spells
from tests.detect.plain.world import Params, World


def found(track: Track, params: Params, world: World) -> list[Found]:
    """Every episode of one vehicle."""
    if track.kind not in HEAVY:
        return []
    judged = []
    for sample in track.samples:
        if sample.lat is None or sample.speed_kmh is None or sample.match != GOOD:
            continue
        speed = max(sample.speed_kmh, sample.recorder_speed_kmh or 0.0)
        on = (
            sample.road_class == "expressway"
            and speed <= params["standing_below_kmh"]
            and not any(fence.kind == "service" for fence in sample.fences)
        )
        judged.append(Judged(sample, on))
    return found_spells(
        "stopped_on_expressway", judged, params, lambda measured, limit: "standing", timed=True
    )
