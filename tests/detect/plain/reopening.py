"""Late rows re-open a gap: ``detect/reopen.py`` in words.

All rows of a vehicle are kept, the late ones that count in their places. To judge again is to
judge all of them from the start and to say what is different from what was told.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from tests.detect.plain.driving import DEGREE_M, MINUTE_US, Known
from tests.detect.plain.found import Found
from tests.detect.plain.sample import Late, Sample, Track
from tests.detect.plain.world import Params

GAP_US = 300_000_000
APART_M = 500.0

Judge = Callable[[Sequence[Sample], Params, bool], list[Known]]


class Window(NamedTuple):
    gap_us: int
    """The last row before the pause."""
    until_us: int
    opened_us: int
    """When the row behind the pause was received."""


def found(track: Track, params: Params, judge: Judge, *, bound: bool) -> list[Found]:
    """Every report of one vehicle, to the end of the recording. ``bound``: the rule binds it.

    The engine keeps ``reopen.MOST`` windows of all vehicles, which are never full here.
    """
    if not bound:
        return []
    told = Told()
    rows: list[Sample] = []
    late: list[Sample] = []
    window: Window | None = None
    for row in sorted([*track.samples, *track.late], key=lambda row: row.row):
        if isinstance(row, Late):
            if window is not None and counts(row, window, rows, late):
                late.append(sample_of(row, track))
            continue
        if window is not None and late:
            rows = _again(told, judge, params, rows, late, window)
            late = []
        if is_torn(row) and (window is None or row.time_us > window.until_us):
            window = opened(row, params)
        rows.append(row)
        if window is not None and row.time_us > window.until_us:
            window = None
    if window is not None and late:
        rows = _again(told, judge, params, rows, late, window)
    told.tell(judge(rows, params, True))
    return told.all


def is_torn(row: Sample) -> bool:
    """Whether the vehicle comes back elsewhere from a pause."""
    if row.prev_us is None or row.time_us - row.prev_us <= GAP_US:
        return False
    if row.lat is None or row.lon is None or row.prev_lat is None or row.prev_lon is None:
        return False
    north = row.lat - row.prev_lat
    east = (row.lon - row.prev_lon) * math.cos(math.radians(row.lat))
    return math.hypot(north, east) * DEGREE_M > APART_M


def opened(row: Sample, params: Params) -> Window | None:
    """The window of a torn row; none if the rule re-opens nothing."""
    within_us = round(params["reopen_within_min"] * MINUTE_US)
    assert row.prev_us is not None
    return Window(row.prev_us, row.time_us + within_us, row.received_us) if within_us else None


def counts(row: Late, window: Window, rows: Sequence[Sample], late: Sequence[Sample]) -> bool:
    """Whether a late row is from after the beginning of the pause and of a moment not known."""
    if row.time_us <= window.gap_us:
        return False
    return row.time_us not in {one.time_us for one in [*since(window, rows), *late]}


def since(window: Window, rows: Sequence[Sample]) -> list[Sample]:
    """The window's rows."""
    return [row for row in rows if row.time_us > window.gap_us]


def sample_of(row: Late, track: Track) -> Sample:
    """A late row as rules see it: on no road, so far with nothing before it."""
    unknown = dict.fromkeys(Sample._fields)
    return Sample(
        **{
            **unknown,
            **row._asdict(),
            "vehicle": track.vehicle,
            "kind": track.kind,
            "service": track.service,
        }
    )


def in_place(window: Window, rows: Sequence[Sample], late: Sequence[Sample]) -> list[Sample]:
    """The window's rows with the late ones in their places, each linked to the one before."""
    old = since(window, rows)
    both = sorted([*old, *late], key=lambda row: row.time_us)
    first = both[0]._replace(
        prev_us=old[0].prev_us,
        prev_fix_us=old[0].prev_fix_us,
        prev_lat=old[0].prev_lat,
        prev_lon=old[0].prev_lon,
    )
    linked = [first]
    for row in both[1:]:
        before = linked[-1]
        fix = before.time_us, before.lat, before.lon
        if before.lat is None:
            fix = before.prev_fix_us, before.prev_lat, before.prev_lon
        linked.append(
            row._replace(
                prev_us=before.time_us, prev_fix_us=fix[0], prev_lat=fix[1], prev_lon=fix[2]
            )
        )
    return linked


def _again(
    told: Told,
    judge: Judge,
    params: Params,
    rows: list[Sample],
    late: list[Sample],
    window: Window,
) -> list[Sample]:
    """Judge with the late rows, say what is different, and give all rows."""
    told.tell(judge(rows, params, False))
    prefix = [row for row in rows if row.time_us <= window.gap_us]
    rows = [*prefix, *in_place(window, rows, late)]
    again = [one for _, one in judge(rows, params, False)]
    told.correct(again, max(row.received_us for row in late))
    told.until_us = rows[-1].time_us
    return rows


class Told:
    """What was reported, and the last report of each episode."""

    def __init__(self) -> None:
        self.all: list[Found] = []
        self.last: dict[tuple[str, int], Found] = {}
        """By vehicle and start."""
        self.until_us = -1
        """What became known up to here has been told."""

    def tell(self, known: Sequence[Known]) -> None:
        """Report what has become known since."""
        for us, one in known:
            if us is None or us > self.until_us:
                self.say(one)

    def say(self, one: Found) -> None:
        """One report: the next revision of what was told of the episode."""
        before = self.last.get((one.vehicle, one.start_us))
        if before is not None:
            one = replace(
                one,
                revision=before.revision + 1,
                fired_us=before.fired_us,
                received_us=before.received_us,
            )
        self.all.append(one)
        self.last[one.vehicle, one.start_us] = one

    def forget(self, which: Callable[[Found], bool]) -> None:
        """What was told of these episodes stands: nothing is judged again."""
        self.last = {key: one for key, one in self.last.items() if not which(one)}

    def correct(
        self,
        second: Sequence[Found],
        received_us: int,
        concerned: Callable[[Found], bool] = lambda one: True,
    ) -> None:
        """Say what a second judgement gives differently of what was told.

        ``received_us``: receipt of the latest late row; ``concerned``: whether something told was
        judged again.
        """
        again: dict[tuple[str, int], list[Found]] = {}
        for one in second:
            again.setdefault((one.vehicle, one.start_us), []).append(one)
        told = {key for key, one in self.last.items() if concerned(one)}
        for key in sorted({*told, *again}):
            before, reports = self.last.get(key), again.get(key, [])
            if before is None:
                for one in reports:
                    self.say(replace(corrected(one), received_us=received_us))
            elif not reports:
                if before.severity != "withdrawn":
                    self.say(replace(corrected(before), severity="withdrawn", ended=True))
            elif reports[-1].ended and not _same(before, reports[-1]):
                self.say(corrected(reports[-1]))


def corrected(one: Found) -> Found:
    return replace(one, quality=",".join(filter(None, (plain_quality(one), "corrected"))))


def plain_quality(one: Found) -> str:
    return ",".join(part for part in one.quality.split(",") if part != "corrected")


def _same(before: Found, after: Found) -> bool:
    """Whether an episode has ended as it had."""
    return bool(
        before.ended
        and all(
            getattr(before, name) == getattr(after, name)
            for name in ("end_us", "measured", "severity", "driver")
        )
        and plain_quality(before) == plain_quality(after)
    )
