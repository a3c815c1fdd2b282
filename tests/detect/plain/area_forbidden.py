"""``area_forbidden``: driving where and when it is forbidden, each fence for itself."""

from __future__ import annotations

from tests.detect.plain.found import Found
from tests.detect.plain.sample import Track
from tests.detect.plain.spells import Judged, found_spells
from tests.detect.plain.world import Params, World


def found(track: Track, params: Params, world: World) -> list[Found]:
    """Every episode of one vehicle."""
    ever = {
        fence.number
        for sample in track.samples
        for fence in sample.fences
        if fence.kind == "forbidden"
    }
    founds = []
    for number in sorted(ever):
        judged = []
        for sample in track.samples:
            if sample.lat is None or sample.speed_kmh is None:
                continue
            inside = any(fence.number == number for fence in sample.fences)
            # Who stands inside says neither that he drives there nor that he has left.
            if not inside or sample.speed_kmh > params["moving_above_kmh"]:
                judged.append(Judged(sample, inside, fence=number))
        founds += found_spells(
            "area_forbidden",
            judged,
            params,
            lambda measured, limit: "closed",
            timed=True,
            part=str(number),
        )
    return founds
