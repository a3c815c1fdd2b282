"""What preparing remembers of vehicles: who they are, where they last were, on which road.

It belongs to ``prepare.py``, as what rules remember belongs to them (``state.py``): so the next
batch may be prepared while rules judge one. They read no more of it than the names, drivers and
temporary limits that columns hold by number, of which there only ever come more.

One row a vehicle in every array, in the order in which vehicles were first seen (*slots*).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.core.vehicles import KIND_CODES, SERVICE_CODES
from sizao.detect import sparse
from sizao.detect.last import APART, LAST
from sizao.detect.names import Names
from sizao.detect.room import longer, of_slots
from sizao.roads import matching

ROOM = 64
"""Rows at first; then twice as many each time."""
_OTHER = KIND_CODES["other"]


@dataclass
class Fleet:
    """All vehicles. Changed in place."""

    names: Names = field(default_factory=Names)
    """Vehicle to row."""
    drivers: dict[str, int] = field(default_factory=dict)
    """Driver code to the number that columns hold."""
    last: npt.NDArray[Any] = field(default_factory=lambda: np.zeros(ROOM, LAST))
    apart: npt.NDArray[Any] = field(default_factory=lambda: sparse.new(APART))
    """Of the few whose last fix is not their last position."""
    match: npt.NDArray[Any] = field(default_factory=lambda: matching.new_state(ROOM))
    measures: dict[str, int] = field(default_factory=dict)
    """Temporary limit to the number, from 1, that columns hold."""
    network: str = ""
    """Digest of the network that ``match`` belongs to."""
    restarted: list[str] = field(default_factory=list)
    """What could not be used (of another network, of another version) and began anew."""
    kind: npt.NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, np.int8))
    """Kind code of each slot, looked up in ``kinds`` once. Not part of the bytes."""
    kinds: Mapping[str, str] | None = None
    service: npt.NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, np.int8))
    """Service code of each slot, in the same way. Not part of the bytes."""
    services: Mapping[str, str] | None = None
    bound: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    """Number of each slot among vehicles bound to routes, 0 for none. Not part of the bytes."""
    bounds: Mapping[str, int] | None = None
    _driver_names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._driver_names = list(self.drivers)

    def driver_names(self) -> list[str]:
        """Driver codes by number. It grows at its end; not to be changed."""
        return self._driver_names

    def numbers_of_drivers(self, codes: Iterable[str | None]) -> list[int]:
        """Number of each driver code, -1 for an unknown driver, as an empty code is; new ones get
        the next numbers in order."""
        known = self.drivers
        numbers = [
            known.setdefault(code, len(known)) if code and code.strip() else -1 for code in codes
        ]
        # From the end: most batches have nobody new, and of all codes a list is long.
        new = list(islice(reversed(known), len(known) - len(self._driver_names)))
        self._driver_names.extend(reversed(new))
        return numbers

    def kinds_of(
        self, slots: npt.NDArray[np.int32], kinds: Mapping[str, str]
    ) -> npt.NDArray[np.int8]:
        """Kind code of each slot; a register of another identity is looked up afresh."""
        if not kinds:
            return _all(len(slots), _OTHER, np.int8)
        if kinds is not self.kinds:
            self.kinds, self.kind = kinds, np.zeros(0, np.int8)
        if len(self.kind) < len(self.names):
            new = self.names.texts()[len(self.kind) :]
            codes = [KIND_CODES.get(kinds.get(name, "other"), _OTHER) for name in new]
            self.kind = np.concatenate([self.kind, np.array(codes, np.int8)])
        return of_slots(self.kind, slots)

    def bound_of(
        self, slots: npt.NDArray[np.int32], bounds: Mapping[str, int]
    ) -> npt.NDArray[np.int32]:
        """Number of each slot in ``Fences.bound``, 0 if it is not there."""
        if not bounds:
            return _all(len(slots), 0, np.int32)
        if bounds is not self.bounds:
            self.bounds, self.bound = bounds, np.zeros(0, np.int32)
        if len(self.bound) < len(self.names):
            new = self.names.texts()[len(self.bound) :]
            numbers = [bounds.get(name, 0) for name in new]
            self.bound = np.concatenate([self.bound, np.array(numbers, np.int32)])
        return of_slots(self.bound, slots)

    def services_of(
        self, slots: npt.NDArray[np.int32], services: Mapping[str, str]
    ) -> npt.NDArray[np.int8]:
        """Service code of each slot, 0 unknown; a register of another identity is looked up
        afresh."""
        if not services:
            return _all(len(slots), 0, np.int8)
        if services is not self.services:
            self.services, self.service = services, np.zeros(0, np.int8)
        if len(self.service) < len(self.names):
            new = self.names.texts()[len(self.service) :]
            codes = [SERVICE_CODES.get(services.get(name, ""), 0) for name in new]
            self.service = np.concatenate([self.service, np.array(codes, np.int8)])
        return of_slots(self.service, slots)

    def adopt(self, network: str) -> None:
        """Match by the network of this digest: what is known of another one begins anew."""
        if self.network != network:
            if self.network:
                self.restarted.append("match")
            self.match[:] = 0
            self.network = network

    def make_room(self) -> None:
        """Lengthen every array to hold all slots; new rows are zero, "never seen"."""
        wanted = max(len(self.last), ROOM)
        while wanted < len(self.names):
            wanted *= 2
        self.last = longer(self.last, wanted)
        self.match = longer(self.match, wanted)

    def blocks(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays of the saved state, views."""
        n = len(self.names)
        keys, _ = self.names.keys()
        blocks = {"names": keys, "last": self.last[:n], "match": self.match[:n]}
        blocks["apart"] = sparse.rows(self.apart)
        return blocks


@lru_cache(maxsize=6)
def _all(n: int, code: int, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """The same of so many. Columns do not change: batches of one length share it."""
    return np.full(n, code, dtype)
