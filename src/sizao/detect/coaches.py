"""Which rows the coach rules look at, found in one quick pass, so that trucks cost them nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

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
    """Row numbers of vehicles of these kinds, rising."""
    return np.flatnonzero(bound(columns.kind, kinds))


def bound(kind: npt.NDArray[np.int8], kinds: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Of each kind code, whether it is one of these kinds; -1, a row not shown, is none."""
    chosen = np.zeros(len(KIND_CODES) + 1, np.bool_)
    chosen[[KIND_CODES[one] for one in kinds if one in KIND_CODES]] = True
    return np.asarray(chosen[kind])
