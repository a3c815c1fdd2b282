"""Lasting conditions read off a whole track at once: the definition in ``detect/spells.py``,
without state, kernels or batches. Rules that use it are held against this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Sample:
    """A usable sample: seconds, whether it is on, how bad, and what it is to report."""

    at_s: float
    on: bool
    rank: float = 0.0
    value: float = 0.0
    limit: float = 0.0


@dataclass(frozen=True)
class Spell:
    start_s: float
    end_s: float
    fired_s: float
    value: float
    limit: float


def plain_spells(
    samples: Sequence[Sample], min_s: float, max_gap_s: float, end_samples: int
) -> list[Spell]:
    """All spells that fire, in order."""
    found = []
    for piece in _pieces(samples, max_gap_s):
        for group in _groups(piece, end_samples):
            on = [sample for sample in group if sample.on]
            fired = [
                later.at_s
                for sooner, later in pairwise(group)
                if sooner.on and later.on and later.at_s - on[0].at_s >= min_s
            ]
            if fired:
                worst = max(on, key=lambda sample: (sample.rank, -sample.at_s))
                found.append(Spell(on[0].at_s, on[-1].at_s, fired[0], worst.value, worst.limit))
    return found


def _pieces(samples: Sequence[Sample], max_gap_s: float) -> list[list[Sample]]:
    """Cut at pauses."""
    pieces: list[list[Sample]] = []
    for sample in samples:
        if not pieces or sample.at_s - pieces[-1][-1].at_s > max_gap_s:
            pieces.append([])
        pieces[-1].append(sample)
    return pieces


def _groups(piece: list[Sample], end_samples: int) -> list[list[Sample]]:
    """Cut where so many in a row are off; each group begins with an on sample."""
    groups: list[list[Sample]] = []
    offs = end_samples
    for sample in piece:
        if sample.on:
            if offs >= end_samples:
                groups.append([])
            offs = 0
        else:
            offs += 1
        if groups and offs < end_samples:
            groups[-1].append(sample)
    return groups
