"""Does a ranking method find the same sites again? Tests of two or more periods.

SCT, site consistency: crashes of period 2 at the sites that period 1 puts on top.
MCT, method consistency: how many sites are on top in both.
TRD, total rank differences: how far the sites on top in period 1 move.

Source: Cheng and Washington (2008), Transportation Research Record 2083; means over successive
periods as Guo, Wu and Lord (2020) generalise them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Consistency:
    """Higher SCT and MCT, lower TRD are better. Means over pairs of successive periods."""

    sct: float
    mct: float
    trd: float


def ranks(score: Floats) -> npt.NDArray[np.int64]:
    """Rank of each site from 0, by falling score; of equal ones the lower number first."""
    found = np.empty(len(score), np.int64)
    found[np.argsort(-np.asarray(score), kind="stable")] = np.arange(len(score))
    return found


def consistency(scores: Sequence[Floats], crashes: Sequence[Floats], top: int) -> Consistency:
    """Compare each period with the next one.

    scores, crashes : a period each, arrays of shape (n,); top : how many sites are on the list
    """
    sct, mct, trd = [], [], []
    for i in range(len(scores) - 1):
        first, second = ranks(scores[i]), ranks(scores[i + 1])
        listed = first < top
        sct.append(float(np.asarray(crashes[i + 1])[listed].sum()))
        mct.append(float((listed & (second < top)).sum()))
        trd.append(float(np.abs(first - second)[listed].sum()))
    return Consistency(float(np.mean(sct)), float(np.mean(mct)), float(np.mean(trd)))
