"""Speeding restated over one vehicle's whole track: slow, obvious, and without the kernel's state.

Written from the docstring of ``rules/speeding.py``. Lists are walked again and again; nothing is
kept from one sample to the next but what the words say.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tests.detect.tracks import Row


class Sample(NamedTuple):
    """A usable sample that was believed. ``known_s``: when it was."""

    time_s: float
    speed: float
    limit: float
    known_s: float

    @property
    def ratio(self) -> float:
        return self.speed / self.limit


class Found(NamedTuple):
    start_s: float
    fired_s: float
    end_s: float
    measured: float
    limit: float


def plain_speeding(
    rows: Sequence[Row],
    limits: Sequence[float],
    p: dict[str, Any],
    limit_at: Callable[[float, float], float] = lambda time_s, limit: limit,
) -> list[Found]:
    """Episodes of one vehicle's rows, by event time; ``limit_at(time, road's limit)``."""
    usable = [
        (row["time"].timestamp(), row, limit_at(row["time"].timestamp(), limit))
        for row, limit in zip(rows, limits, strict=True)
        if row["lat"] is not None and row["positioned"] is not False
        if row["speed_kmh"] is not None and limit > 0
    ]
    believed = _believed(usable, p)
    found: list[Found] = []
    episode: list[Sample] = []
    for sample in believed:
        if episode and sample.time_s - episode[-1].time_s > p["max_gap_s"]:
            found += _report(episode, p)
            episode = []
        episode.append(sample)
        if not _over(episode[0], p) or _ended(episode, p):
            found += _report(episode, p)
            # A sample that is not over can begin nothing.
            episode = []
    return found + _report(episode, p)


def _over(sample: Sample, p: dict[str, Any]) -> bool:
    limit = sample.limit * (1 + p["tolerance_percent"] / 100) + p["margin_kmh"]
    return sample.speed > limit


def _believed(usable: list[Any], p: dict[str, Any]) -> list[Sample]:
    """All usable samples but the over ones that jump up and are not confirmed by the next."""
    kept: list[Sample] = []
    for number, (time_s, row, limit) in enumerate(usable):
        speed = float(row["speed_kmh"])
        sample = Sample(time_s, speed, limit, time_s)
        if not _over(sample, p):
            kept.append(sample)
            continue
        before = kept[-1] if kept and time_s - kept[-1].time_s <= p["max_gap_s"] else None
        recorder = row.get("recorder_speed_kmh")
        allowed = p["jump_ratio"]
        if recorder is not None and abs(recorder - speed) > p["recorder_agrees_kmh"]:
            allowed = p["jump_contradicted_ratio"]
        elif recorder is not None and before is not None and before.limit == limit:
            allowed = math.inf
        level = max(1.0, before.ratio) if before is not None else 1.0
        if sample.ratio <= level + allowed:
            kept.append(sample)
        elif number + 1 < len(usable):
            next_s, next_row, next_limit = usable[number + 1]
            if (
                next_s - time_s <= p["max_gap_s"]
                and next_row["speed_kmh"] / next_limit >= sample.ratio - allowed
            ):
                kept.append(sample._replace(known_s=next_s))
    return kept


def _fired(episode: list[Sample], p: dict[str, Any]) -> Sample | None:
    """The over sample, preceded by an over one, that is long enough after the start."""
    for before, sample in itertools.pairwise(episode):
        if (
            _over(before, p)
            and _over(sample, p)
            and sample.time_s - episode[0].time_s >= p["min_duration_s"]
        ):
            return sample
    return None


def _ended(episode: list[Sample], p: dict[str, Any]) -> bool:
    """Whether the samples at the end that are not over are too many."""
    over = [number for number, sample in enumerate(episode) if _over(sample, p)]
    below = len(episode) - 1 - over[-1]
    if len(episode) == 2 and below == 1:
        return True  # one over sample alone is no start
    if _fired(episode[: over[-1] + 1], p) is None:
        return below >= 2
    since_s = episode[-1].time_s - episode[over[-1]].time_s
    return below >= p["end_below_samples"] and since_s >= p["end_below_s"]


def _report(episode: list[Sample], p: dict[str, Any]) -> list[Found]:
    fired = _fired(episode, p)
    if fired is None:
        return []
    over = [sample for sample in episode if _over(sample, p)]
    worst = max(over, key=lambda sample: sample.ratio)  # the earliest of equal ones
    return [
        Found(
            episode[0].time_s,
            fired.known_s,
            over[-1].time_s,
            round(worst.speed, 3),
            round(worst.limit, 3),
        )
    ]
