"""``detect/rules/coach_day_total.py`` and ``coach_week_total.py`` over everything."""

from __future__ import annotations

from collections.abc import Sequence

from tests.detect.plain import hours_reopening
from tests.detect.plain.found import Found
from tests.detect.plain.hours import Window
from tests.detect.plain.sample import Track
from tests.detect.plain.world import Params, World

DAY = Window("coach_day_total", 96, 900)
WEEK = Window("coach_week_total", 168, 3600)


def seen(track: Track, params: Params, world: World | None = None) -> Track | None:
    """What the hours need of a vehicle."""
    return track if track.kind in params["kinds"] else None


def found_in_day(
    tracks: Sequence[Track | None], params: Params, world: World | None = None
) -> list[Found]:
    """Every report about a window of 24 h."""
    return hours_reopening.found(tracks, params, DAY)


def found_in_week(
    tracks: Sequence[Track | None], params: Params, world: World | None = None
) -> list[Found]:
    """Every report about a window of 7 days."""
    return hours_reopening.found(tracks, params, WEEK)
