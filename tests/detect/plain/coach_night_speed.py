"""``coach_night_speed``: as ``speeding``, by 80 % of the day's limit, for coaches at night."""

from __future__ import annotations

import math

from tests.detect.plain.clock import local_min
from tests.detect.plain.found import Found
from tests.detect.plain.sample import Sample, Track
from tests.detect.plain.speeding import Usable, found_over, judge
from tests.detect.plain.world import Params, World


def found(track: Track, params: Params, world: World) -> list[Found]:
    """Every episode of one vehicle."""
    if track.kind not in params["kinds"]:
        return []
    judged = (_judged(sample, params) for sample in track.samples)
    usable = [one for one in judged if one is not None]
    return found_over("coach_night_speed", usable, params, with_measure=False)


def _judged(sample: Sample, params: Params) -> Usable | None:
    """By day there is no limit: such a sample is usable and not over."""
    if not is_night(sample, params):
        return judge(sample, math.inf, math.inf, params)
    if sample.usual_kmh is None or sample.sure_usual_kmh is None:
        return None
    ratio = params["ratio"]
    return judge(sample, sample.usual_kmh * ratio, sample.sure_usual_kmh * ratio, params)


def is_night(sample: Sample, params: Params) -> bool:
    """The night goes over midnight: from its start on, or before its end."""
    minute = local_min(sample.time_us)
    return minute >= params["night_start_min"] or minute < params["night_end_min"]
