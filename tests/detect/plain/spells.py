"""A condition that lasts: ``detect/spells.py`` in words, over a whole track.

A rule says of each usable sample whether it is *on*. A spell starts at the first on sample, fires
at the first on sample that directly follows another and lies long enough after the start, and
ends when so many usable samples in a row are not on, or at a pause that is too long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from tests.detect.plain.found import Found, place
from tests.detect.plain.sample import Sample
from tests.detect.plain.world import Params


class Judged(NamedTuple):
    """A usable sample: whether it is on, how bad, and what it is to report."""

    sample: Sample
    on: bool
    rank: float = 0.0
    """Place, driver and value reported are those of the greatest, the first of equals."""
    measured: float = 0.0
    limit: float = 0.0
    fence: int | None = None
    quality: str = ""

    @property
    def us(self) -> int:
        return self.sample.time_us


Severity = Callable[[float, float], str]
"""Of what was measured and its limit."""


def found_spells(
    rule: str,
    judged: Sequence[Judged],
    params: Params,
    severity: Severity,
    *,
    timed: bool = False,
    part: str | None = None,
) -> list[Found]:
    """Both revisions of every spell that fires. ``judged``: the usable samples of one vehicle.

    ``timed``: what is measured is the minutes from the first to the last on sample.
    """
    found = []
    for group in _spells(judged, params["max_gap_s"] * 1e6, int(params["end_samples"])):
        fired = _fired(group, params["min_duration_s"] * 1e6)
        if fired is None:
            continue
        on = [one for one in group if one.on]
        until_then = [one for one in on if one.us <= fired.us]
        for revision, so_far in enumerate((until_then, on)):
            worst = max(so_far, key=lambda one: one.rank)
            start_us, end_us = so_far[0].us, so_far[-1].us
            measured = (end_us - start_us) / 60e6 if timed else worst.measured
            found.append(
                Found(
                    rule=rule,
                    vehicle=worst.sample.vehicle,
                    revision=revision,
                    start_us=start_us,
                    end_us=end_us,
                    fired_us=fired.us,
                    received_us=fired.sample.received_us,
                    measured=measured,
                    limit=worst.limit,
                    severity=severity(measured, worst.limit),
                    quality=worst.quality,
                    fence=worst.fence,
                    part=part,
                    **place(worst.sample),
                )
            )
    return found


def _fired(spell: list[Judged], min_us: float) -> Judged | None:
    """The on sample that follows another directly, long enough after the first."""
    for sooner, later in pairwise(spell):
        if sooner.on and later.on and later.us - spell[0].us >= min_us:
            return later
    return None


def _spells(judged: Sequence[Judged], max_gap_us: float, end_samples: int) -> list[list[Judged]]:
    """The usable samples of each spell, from its first on sample to the last before its end."""
    spells: list[list[Judged]] = []
    spell: list[Judged] | None = None
    offs = 0
    for sooner, one in pairwise([None, *judged]):
        assert one is not None
        if sooner is not None and one.us - sooner.us > max_gap_us:
            spell = None
        if one.on:
            if spell is None:
                spell = []
                spells.append(spell)
            spell.append(one)
            offs = 0
        elif spell is not None:
            offs += 1
            if offs >= end_samples:
                spell = None
            else:
                spell.append(one)
    return spells
