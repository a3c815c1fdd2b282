"""What kinds of crashes a site has more of than its like.

For each value (rear-end, night without lights, wet road) the site's share is compared with that
of similar sites: the probability that its true share is above theirs, with a beta prior from
them, so that two of three wet crashes do not pass for a wet spot.

Source: AASHTO, Highway Safety Manual (2010), 4.4.2.9, probability of specific crash types
exceeding a threshold proportion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sizao.risk.measures import excess_proportion

LEAST = 3
"""Crashes of known value at a site below which nothing is said."""


@dataclass(frozen=True)
class Pattern:
    """``count`` of ``known`` crashes have ``value``; ``usual`` is the share at similar sites.

    sure : probability that the site's share is above the usual one, 0 to 1
    """

    value: str
    count: int
    known: int
    usual: float
    sure: float

    @property
    def share(self) -> float:
        return self.count / self.known


def patterns(
    site_of: npt.NDArray[np.integer],
    values: Sequence[Sequence[str]],
    similar: npt.NDArray[np.bool_],
    site: int,
) -> list[Pattern]:
    """Patterns of one site, the surest first; empty with fewer than LEAST known crashes.

    site_of : (n,), row of each crash's site, -1 none
    values : what is recorded of each crash, none if unknown; several count each
    similar : (sites,), which sites it is compared with, itself among them
    """
    inside = (site_of >= 0) & similar[np.maximum(site_of, 0)]
    rows = [row for row in np.flatnonzero(inside).tolist() if values[row]]
    where = site_of[rows]
    total = np.bincount(where, minlength=len(similar)).astype(np.float64)
    known = int(total[site])
    if known < LEAST:
        return []
    # Sites without a crash say nothing of shares.
    some = np.flatnonzero(total > 0)
    at = int(np.searchsorted(some, site))
    found = []
    for value in sorted({one for row, at in zip(rows, where, strict=True) if at == site
                         for one in values[row]}):  # fmt: skip
        has = np.array([value in values[row] for row in rows])
        kind = np.bincount(where[has], minlength=len(similar)).astype(np.float64)
        usual = float(kind.sum() / total.sum())
        sure = excess_proportion(kind[some], total[some], usual)
        found.append(Pattern(value, int(kind[site]), known, usual, float(sure[at])))
    return sorted(found, key=lambda one: (-one.sure, -one.count, one.value))
