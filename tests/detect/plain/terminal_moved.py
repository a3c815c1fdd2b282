"""``terminal_moved``: satellite and wheels disagree for long, one drives while the other stands."""

from __future__ import annotations

from tests.detect.plain.found import Found
from tests.detect.plain.sample import Track
from tests.detect.plain.spells import Judged, found_spells
from tests.detect.plain.world import Params, World


def found(track: Track, params: Params, world: World) -> list[Found]:
    """Every episode of one vehicle."""
    moving, standing = params["moving_above_kmh"], params["standing_below_kmh"]
    judged = []
    for sample in track.samples:
        speed, recorder = sample.speed_kmh, sample.recorder_speed_kmh
        if sample.lat is None or speed is None or recorder is None:
            continue
        slower, faster = sorted((speed, recorder))
        on = faster >= moving and slower <= standing
        apart = faster - slower
        judged.append(Judged(sample, on, apart, apart, moving - standing))
    return found_spells("terminal_moved", judged, params, lambda measured, limit: "speeds_differ")
