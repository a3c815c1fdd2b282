"""``area_limit``: faster than a fence allows, whatever the sign of the road says."""

from __future__ import annotations

from tests.detect.plain.bands import band_of
from tests.detect.plain.found import Found
from tests.detect.plain.sample import Track
from tests.detect.plain.spells import Judged, found_spells
from tests.detect.plain.world import Params, World


def found(track: Track, params: Params, world: World) -> list[Found]:
    """Every episode of one vehicle."""
    judged = []
    for sample in track.samples:
        speed, recorder = sample.speed_kmh, sample.recorder_speed_kmh
        if sample.lat is None or speed is None:
            continue
        if recorder is not None and abs(recorder - speed) > params["recorder_agrees_kmh"]:
            continue
        areas = [fence for fence in sample.fences if fence.kind in ("limit", "downgrade")]
        if not areas:
            judged.append(Judged(sample, False))
            continue
        lowest = min(areas, key=lambda fence: fence.limit_kmh)  # the lowest number of equal ones
        limit = lowest.limit_kmh
        judged.append(
            Judged(
                sample,
                speed > limit + params["margin_kmh"],
                speed / limit,
                speed,
                limit,
                lowest.number,
                "gps_only" if recorder is None else "",
            )
        )
    return found_spells("area_limit", judged, params, band_of(params["band_edges_percent"]))
