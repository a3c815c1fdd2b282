"""``speeding`` over one vehicle's whole track, and what ``coach_night_speed`` shares with it.

Lists are walked again and again; nothing is kept from one sample to the next but what the words
of ``rules/speeding.py`` say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from tests.detect.plain.bands import band_of
from tests.detect.plain.found import Found, place
from tests.detect.plain.sample import Sample, Track
from tests.detect.plain.world import Params, World


class Usable(NamedTuple):
    """A usable sample, the limit it is judged by, and the sample that made us believe it."""

    sample: Sample
    limit: float
    doubtful: bool
    over: bool
    believed: Sample

    @property
    def us(self) -> int:
        return self.sample.time_us

    @property
    def speed(self) -> float:
        return self.sample.speed_kmh or 0.0

    @property
    def ratio(self) -> float:
        return self.speed / self.limit


def found(track: Track, params: Params, world: World) -> list[Found]:
    """Every episode of one vehicle."""
    usable = [
        judged
        for sample in track.samples
        if sample.limit_kmh is not None and sample.sure_kmh is not None
        if (judged := judge(sample, sample.limit_kmh, sample.sure_kmh, params)) is not None
    ]
    return found_over("speeding", usable, params, with_measure=True)


def judge(sample: Sample, limit: float, sure: float, params: Params) -> Usable | None:
    """A sample by the limit that counts: the higher of two that it may be at, if it is over that.

    None if it is not usable: no place, no speed, or over the lower limit alone.
    """
    if sample.lat is None or sample.speed_kmh is None or limit <= 0:
        return None
    if not _over(sample.speed_kmh, limit, params):
        return Usable(sample, limit, False, False, sample)
    if _over(sample.speed_kmh, sure, params):
        return Usable(sample, max(limit, sure), sure > limit, True, sample)
    return None


def _over(speed: float, limit: float, params: Params) -> bool:
    return speed > limit * (1 + params["tolerance_percent"] / 100) + params["margin_kmh"]


def found_over(
    rule: str, usable: Sequence[Usable], params: Params, *, with_measure: bool
) -> list[Found]:
    """Both revisions of every episode that fires."""
    if not any(one.over for one in usable):
        return []
    severity = band_of(params["band_edges_percent"])
    founds = []
    for episode in _episodes(_believed(usable, params), params):
        fired = _fired(episode, params)
        if fired is None:
            continue
        over = [one for one in episode if one.over]
        until_then = [one for one in over if one.us <= fired.us]
        for revision, so_far in enumerate((until_then, over)):
            worst = max(so_far, key=lambda one: one.ratio)  # the earliest of equal ones
            founds.append(
                Found(
                    rule=rule,
                    vehicle=worst.sample.vehicle,
                    revision=revision,
                    start_us=over[0].us,
                    end_us=so_far[-1].us,
                    fired_us=fired.believed.time_us,
                    received_us=fired.believed.received_us,
                    measured=worst.speed,
                    limit=worst.limit,
                    severity=severity(worst.speed, worst.limit),
                    quality=_quality(worst, params),
                    measure=worst.sample.measure if with_measure and not worst.doubtful else None,
                    **place(worst.sample),
                )
            )
    return founds


def _believed(usable: Sequence[Usable], params: Params) -> list[Usable]:
    """All usable samples but the over ones that jump up and that the next does not confirm."""
    kept: list[Usable] = []
    for number, one in enumerate(usable):
        if not one.over:
            kept.append(one)
            continue
        before = kept[-1] if kept and not _pause(kept[-1], one, params) else None
        allowed = _jump_allowed(one, before, params)
        level = max(1.0, before.ratio) if before is not None else 1.0
        if one.ratio <= level + allowed:
            kept.append(one)
        elif number + 1 < len(usable):
            following = usable[number + 1]
            if not _pause(one, following, params) and following.ratio >= one.ratio - allowed:
                kept.append(one._replace(believed=following.sample))
    return kept


def _jump_allowed(one: Usable, before: Usable | None, params: Params) -> float:
    """By how much the ratio may jump up without being confirmed."""
    recorder = one.sample.recorder_speed_kmh
    if recorder is None:
        return float(params["jump_ratio"])
    if abs(recorder - one.speed) > params["recorder_agrees_kmh"]:
        return float(params["jump_contradicted_ratio"])
    if before is not None and before.limit == one.limit:
        return math.inf
    return float(params["jump_ratio"])


def _pause(sooner: Usable, later: Usable, params: Params) -> bool:
    return later.us - sooner.us > params["max_gap_s"] * 1e6


def _episodes(believed: Sequence[Usable], params: Params) -> list[list[Usable]]:
    """Samples of each episode, from two over ones in a row to the last before its end."""
    episodes: list[list[Usable]] = []
    episode: list[Usable] = []
    for one in believed:
        if episode and _pause(episode[-1], one, params):
            episodes.append(episode)
            episode = []
        if one.over or episode:
            episode.append(one)
        if episode and _ended(episode, params):
            episodes.append(episode)
            episode = []
    return [*episodes, episode] if episode else episodes


def _ended(episode: list[Usable], params: Params) -> bool:
    """Whether the samples at its end that are not over are too many."""
    if episode[-1].over:
        return False
    if len(episode) == 2:
        return True  # one over sample alone is no start
    below = 0
    while not episode[-1 - below].over:
        below += 1
    if below < 2 or _fired(episode, params) is None:
        return below >= 2
    since_us = episode[-1].us - episode[-1 - below].us
    return below >= params["end_below_samples"] and since_us >= params["end_below_s"] * 1e6


def _fired(episode: list[Usable], params: Params) -> Usable | None:
    """The over sample, itself preceded by an over one, that is long enough after the start."""
    for sooner, later in pairwise(episode):
        long_enough = later.us - episode[0].us >= params["min_duration_s"] * 1e6
        if sooner.over and later.over and long_enough:
            return later
    return None


def _quality(worst: Usable, params: Params) -> str:
    recorder = worst.sample.recorder_speed_kmh
    said = [
        "gps_only" if recorder is None else "",
        "limit_default" if worst.sample.limit_default else "",
        "recorder_differs"
        if recorder is not None and abs(recorder - worst.speed) > params["recorder_agrees_kmh"]
        else "",
        "limit_doubtful" if worst.doubtful else "",
    ]
    return ",".join(filter(None, said))
