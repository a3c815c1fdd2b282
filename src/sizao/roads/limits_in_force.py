"""Temporary limits where vehicles are: which of them held at a place and a moment.

Out of the limits of ``temporary_limits.py`` and a network an index by segment is made once; asking
it for a batch of matched positions is one pass. Where several hold, the lowest does, of equals the
first. A place is inside from the beginning of a piece to before its end, a moment as
:meth:`TemporaryLimit.stands` has it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cached_property

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.errors import ConfigError
from sizao.roads.network import Network
from sizao.roads.sections import Piece, between
from sizao.roads.temporary_limits import TemporaryLimit

logger = logging.getLogger(__name__)

_EVER_US = 2**62


class LimitsInForce:
    """Limits on one network. Those that cannot be found on it are named in the log and left out."""

    def __init__(self, limits: Iterable[TemporaryLimit] = (), network: Network | None = None):
        self.limits = tuple(limits)
        self._network = network

    def __len__(self) -> int:
        return len(self.limits)

    @cached_property
    def _index(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
        """Segment i has the rows first[i]:first[i + 1]; a row is from_m, to_m, from_us, until_us,
        limit_kmh, number of the limit."""
        assert self._network is not None
        digest = self._network.digest()
        rows: list[tuple[int, list[float]]] = []
        for number, limit in enumerate(self.limits):
            until_us = _EVER_US if limit.until_us is None else limit.until_us
            times = [float(limit.from_us), float(until_us), limit.limit_kmh, float(number)]
            for piece in _pieces(limit, self._network, digest):
                rows.append((piece.segment, [piece.from_m, piece.to_m, *times]))
        rows.sort()
        segments = np.array([segment for segment, _ in rows], np.int64)
        first = np.searchsorted(segments, np.arange(len(self._network) + 1)).astype(np.int32)
        return first, np.array([row for _, row in rows], np.float64).reshape(-1, 6)

    def at(
        self,
        segment: npt.NDArray[np.int32],
        offset_m: npt.NDArray[np.float64],
        time_us: npt.NDArray[np.int64],
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Place in ``limits`` of the lowest limit in force, -1 for none, and km/h (NaN).

        Shape (n,) each; ``segment`` -1 is unmatched.
        """
        if not self.limits or self._network is None:
            return np.full(len(segment), -1, np.int32), np.full(len(segment), np.nan, np.float32)
        return _lowest(segment, offset_m, time_us, *self._index)


NO_LIMITS = LimitsInForce()


def _pieces(limit: TemporaryLimit, network: Network, digest: str) -> tuple[Piece, ...]:
    if limit.network == digest:
        return limit.pieces
    if limit.stake_from_m is None or limit.stake_to_m is None:
        logger.error("temporary limit %s is of another network and has no stakes", limit.id)
        return ()
    try:
        return between(network, limit.road, limit.stake_from_m, limit.stake_to_m, limit.direction)
    except ConfigError as error:
        logger.error("temporary limit %s: %s", limit.id, error)
        return ()


@njit(cache=True, nogil=True)
def _lowest(segment, offset_m, time_us, first, rows):  # type: ignore[no-untyped-def]  # numba
    n = len(segment)
    which = np.full(n, -1, np.int32)
    limit = np.full(n, np.nan, np.float32)
    for i in range(n):
        own = segment[i]
        if own < 0:
            continue
        lowest = np.inf
        for k in range(first[own], first[own + 1]):
            here = rows[k, 0] <= offset_m[i] < rows[k, 1]
            now = rows[k, 2] <= time_us[i] < rows[k, 3]
            kmh, number = rows[k, 4], np.int32(rows[k, 5])
            if here and now and (kmh < lowest or (kmh == lowest and number < which[i])):
                lowest = kmh
                which[i] = number
                limit[i] = kmh
    return which, limit
