"""How many of the next year's crashes the top of a ranking catches.

Capture is counted over undirected edges, ranked by score a kilometre, up to a share of the total
length; the edge at the cut counts with the part of it that fits. PAI is capture over the share
of length, PEI capture over the best that hindsight could reach.

Source: Chainey, Tompson and Uhlig (2008), Security Journal 21 (PAI); Hunt (2016) (PEI).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SHARES = (0.01, 0.05, 0.10, 0.20)


def order_of(score: Floats, length: Floats) -> npt.NDArray[np.int64]:
    """Rows by falling score a unit of length; equal ones by row number."""
    return np.argsort(-score / length, kind="stable")


def capture(
    score: Floats, length: Floats, crashes: Floats, shares: tuple[float, ...] = SHARES
) -> Floats:
    """Share of crashes in the top shares of length. Arrays of shape (n,), result (len(shares),).

    score : expected crashes of each site, not a rate
    """
    order = order_of(score, length)
    long = np.concatenate(([0.0], np.cumsum(length[order]) / length.sum()))
    hit = np.concatenate(([0.0], np.cumsum(crashes[order]) / max(crashes.sum(), 1e-12)))
    found: Floats = np.interp(shares, long, hit)
    return found


def greedy(score: Floats, length: Floats, budget: float) -> npt.NDArray[np.int64]:
    """Rows chosen by score a unit of length within a budget of length; what does not fit is
    passed over."""
    chosen, left = [], budget
    for row in order_of(score, length):
        if length[row] <= left + 1e-12:
            chosen.append(int(row))
            left -= length[row]
    return np.array(sorted(chosen), np.int64)


def pai(
    chosen: npt.NDArray[np.integer], length: Floats, crashes: Floats, area: float | None = None
) -> float:
    """Hit rate over share of length. ``area`` : length to divide by, that of the chosen if None."""
    used = float(length[chosen].sum()) if area is None else area
    return float(crashes[chosen].sum() / crashes.sum()) / (used / float(length.sum()))


def best_crashes(length: Floats, crashes: Floats, budget: float, step: float = 0.1) -> float:
    """Most crashes that any choice within the budget could hold (knapsack, lengths in steps)."""
    weight = np.ceil(length / step - 1e-9).astype(np.int64)
    room = int(np.floor(budget / step + 1e-9))
    best = np.zeros(room + 1)
    for w, value in zip(weight, crashes, strict=True):
        if w <= room:
            best[w:] = np.maximum(best[w:], best[: room + 1 - w] + value)
    return float(best[-1])
