"""``detect/rules/fatigue.py`` over a whole track."""

from __future__ import annotations

from collections.abc import Sequence

from tests.detect.plain import reopening
from tests.detect.plain.driving import Known, Runs, shown, speed_of
from tests.detect.plain.found import Found
from tests.detect.plain.sample import Sample, Track
from tests.detect.plain.world import Params, World

RULE = "fatigue"


def found(track: Track, params: Params, world: World | None = None) -> list[Found]:
    """Every report of one vehicle, the last ones at the end of the recording."""
    return reopening.found(track, params, judged, bound=True)


def judged(samples: Sequence[Sample], params: Params, over: bool) -> list[Known]:
    """What samples in order of event time give; ``over``: the recording has ended."""
    usable = [sample for sample in samples if speed_of(sample) is not None]
    runs = Runs(RULE, params)
    for one in shown(usable, params):
        runs.take(one)
    if over:
        runs.end(None)
    return runs.known
