"""Which rows the coach rules look at, found in one quick pass, so that trucks cost them nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.errors import ConfigError
from sizao.core.vehicles import KIND_CODES
from sizao.detect.params import Book
from sizao.detect.stage import Columns


def kinds_from(book: Book) -> list[str]:
    """Vehicle kinds that the coach rules bind. Raises ConfigError for one that does not exist."""
    kinds = [str(kind) for kind in book["detect.coaches"].value("kinds")]
    for kind in kinds:
        if kind not in KIND_CODES:
            raise ConfigError(f"rule detect.coaches: no vehicle kind {kind!r}")
    return kinds


def rows_of(columns: Columns, kinds: Sequence[str]) -> npt.NDArray[np.int64]:
    """Row numbers of vehicles of these kinds, rising. Not to be changed: the coach rules, which
    ask one after the other, are given the same."""
    global _asked
    kind, asked, rows = _asked
    if kind is not columns.kind or asked != kinds:
        rows = _rows(columns.kind, _chosen(kinds))
        _asked = columns.kind, list(kinds), rows
    return rows


_asked: tuple[npt.NDArray[np.int8] | None, list[str], npt.NDArray[np.int64]] = (
    None,
    [],
    np.empty(0, np.int64),
)
"""What was asked last, and the answer. Columns do not change."""


def bound(kind: npt.NDArray[np.int8], kinds: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Of each kind code, whether it is one of these kinds; -1, a row not shown, is none."""
    return np.asarray(_chosen(kinds)[kind])


def _chosen(kinds: Sequence[str]) -> npt.NDArray[np.bool_]:
    """By kind code, and last for -1."""
    chosen = np.zeros(len(KIND_CODES) + 1, np.bool_)
    chosen[[KIND_CODES[one] for one in kinds if one in KIND_CODES]] = True
    return chosen


@njit(cache=True, nogil=True)
def _rows(kind, chosen):  # type: ignore[no-untyped-def]  # numba
    rows = np.empty(len(kind), np.int64)
    count = 0
    for i in range(len(kind)):
        # Written in any case: quicker than to guess whether.
        rows[count] = i
        count += chosen[kind[i]]
    return rows[:count]
