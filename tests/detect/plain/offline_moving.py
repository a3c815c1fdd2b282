"""``offline_moving``: silent under way, and heard again elsewhere."""

from __future__ import annotations

from itertools import pairwise

from tests.detect.plain.found import Found, place
from tests.detect.plain.impossible_jump import metres
from tests.detect.plain.sample import Sample, Track
from tests.detect.plain.world import Params, World


def found(track: Track, params: Params, world: World) -> list[Found]:
    """Every episode of one vehicle: both revisions come at once."""
    founds = []
    for first, second in pairwise(track.samples):
        silent_us = second.time_us - first.time_us
        if silent_us <= params["silence_min"] * 60e6 or not _moving(first, params):
            continue
        if first.lat is None or second.lat is None:
            continue
        if _excused(first, world) or _excused(second, world):
            continue
        if metres(first.lat, first.lon, second.lat, second.lon) <= params["displacement_m"]:
            continue
        founds += [
            Found(
                rule="offline_moving",
                vehicle=track.vehicle,
                revision=revision,
                start_us=first.time_us,
                end_us=second.time_us,
                fired_us=second.time_us,
                received_us=second.received_us,
                measured=silent_us / 60e6,
                limit=params["silence_min"],
                severity="offline",
                quality="gap",
                **place(second),
            )
            for revision in (0, 1)
        ]
    return founds


def _moving(sample: Sample, params: Params) -> bool:
    speeds = (sample.speed_kmh, sample.recorder_speed_kmh)
    return any(speed is not None and speed > params["moving_above_kmh"] for speed in speeds)


def _excused(sample: Sample, world: World) -> bool:
    """In a tunnel, or where terminals are known to fall silent."""
    tunnel = sample.segment is not None and world.segments[sample.segment].tunnel
    return tunnel or any(fence.kind == "blind" for fence in sample.fences)
