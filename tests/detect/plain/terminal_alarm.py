"""``terminal_alarm`` and ``terminal_fault``: bits of the alarm word, from the first report with a
bit to the last."""

from __future__ import annotations

from tests.detect.plain.found import Found, place
from tests.detect.plain.sample import Sample, Track
from tests.detect.plain.world import Params, World


def found(track: Track, params: Params, world: World, rule: str = "terminal_alarm") -> list[Found]:
    """Every episode of one vehicle."""
    founds = []
    for name, bit in params["bits"].items():
        for episode in _episodes(track, bit):
            first = episode[0]
            for revision, last in enumerate((first, episode[-1])):
                founds.append(
                    Found(
                        rule=rule,
                        vehicle=track.vehicle,
                        revision=revision,
                        start_us=first.time_us,
                        end_us=last.time_us,
                        fired_us=first.time_us,
                        received_us=first.received_us,
                        measured=1.0,
                        limit=0.0,
                        severity=name,
                        part=name,
                        **place(first),
                    )
                )
    return founds


def found_faults(track: Track, params: Params, world: World) -> list[Found]:
    """The same for what a terminal reports of itself."""
    return found(track, params, world, "terminal_fault")


def _episodes(track: Track, bit: int) -> list[list[Sample]]:
    """Reports in a row that have the bit."""
    episodes: list[list[Sample]] = [[]]
    for sample in track.samples:
        if sample.alarm >> bit & 1:
            episodes[-1].append(sample)
        elif episodes[-1]:
            episodes.append([])
    return [episode for episode in episodes if episode]
