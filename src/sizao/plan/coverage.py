"""What a plan covers: expected severity-weighted crashes within reach of somebody, in their slot.

Covered does not mean prevented. No share of the crashes covered is promised to be avoided.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]


def shares(reach: sparse.csr_array, visits: Iterable[Iterable[int]]) -> Floats:
    """Share of each edge covered in each slot, (slots, e), from the posts visited.

    Two posts that see one edge are taken to see different parts of it; a post counts once.
    """
    rows = []
    for posts in visits:
        share = np.zeros(reach.shape[1])
        for post in posts:
            part = slice(reach.indptr[post], reach.indptr[post + 1])
            share[reach.indices[part]] += reach.data[part]
        rows.append(np.minimum(share, 1.0))
    return np.array(rows)


def covered(weight: Floats, share: Floats) -> Floats:
    """Weight covered in each slot: (slots,)."""
    found: Floats = (weight * share).sum(axis=1)
    return found
