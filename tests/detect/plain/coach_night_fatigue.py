"""``detect/rules/coach_night_fatigue.py`` over a whole track."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from tests.detect.plain import reopening
from tests.detect.plain.driving import Known, Runs, shown, speed_of
from tests.detect.plain.found import Found
from tests.detect.plain.nights import span_of
from tests.detect.plain.sample import Sample, Track
from tests.detect.plain.world import Params, World

RULE = "coach_night_fatigue"


def found(track: Track, params: Params, world: World | None = None) -> list[Found]:
    """Every report of one vehicle, the last ones at the end of the recording."""
    return reopening.found(track, params, judged, bound=track.kind in params["kinds"])


def judged(samples: Sequence[Sample], params: Params, over: bool) -> list[Known]:
    """Every night by itself; by day nothing is looked at."""
    hours = params["night_start_min"], params["night_end_min"]
    usable = [sample for sample in samples if speed_of(sample) is not None]
    spans = [
        (night, list(group))
        for night, group in groupby(usable, lambda s: span_of(s.time_us, *hours))
    ]
    known: list[Known] = []
    for number, (night, group) in enumerate(spans):
        if night is None:
            continue
        runs = Runs(RULE, params)
        for one in shown(group, params):
            runs.take(one)
        if number + 1 < len(spans):
            runs.end(spans[number + 1][1][0].time_us)
        elif over:
            runs.end(None)
        known += runs.known
    return known
