"""What the engine remembers between batches, and its form as bytes.

One row a vehicle in every array, in the order in which vehicles were first seen (*slots*). The
bytes are those of ``frozen.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.errors import LogError
from sizao.core.vehicles import KIND_CODES, SERVICE_CODES
from sizao.detect import sparse
from sizao.detect.frozen import Frozen, thawed
from sizao.detect.last import APART, LAST
from sizao.detect.names import KEY, Names
from sizao.detect.revisions import Given, Withdrawn
from sizao.detect.room import of_slots, zeros
from sizao.detect.stage import Memory, Rule
from sizao.detect.window_rows import ROW
from sizao.detect.windows import HEAD, Windows
from sizao.roads import matching

FORMAT = "sizao-detect-state"
VERSION = 4
_OLDEST = 3
"""The earliest version that is still read: its head has the names as texts."""

COUNTERS = (
    "positions",
    "late",
    "repeated",
    "future",
    "no_fix",
    "frozen",
    "unmatched",
    "detections",
)
"""positions: taken in. late, repeated, future: left out by their time. no_fix, frozen, unmatched:
taken in, but without a usable place; frozen ones are among those of no_fix. detections: put out."""

_ROOM = 64
_OTHER = KIND_CODES["other"]


@dataclass
class EngineState:
    """State of all vehicles. Used up by the step it is given to; use the one that returns."""

    names: Names = field(default_factory=Names)
    """Vehicle to row."""
    drivers: dict[str, int] = field(default_factory=dict)
    """Driver code to the number that columns hold."""
    last: npt.NDArray[Any] = field(default_factory=lambda: np.zeros(_ROOM, LAST))
    apart: npt.NDArray[Any] = field(default_factory=lambda: sparse.new(APART))
    """Of the few whose last fix is not their last position."""
    match: npt.NDArray[Any] = field(default_factory=lambda: matching.new_state(_ROOM))
    measures: dict[str, int] = field(default_factory=dict)
    """Temporary limit to the number, from 1, that columns hold."""
    rules: dict[str, Memory] = field(default_factory=dict)
    """Rule id to its memory."""
    windows: dict[str, Windows] = field(default_factory=dict)
    """What late rows may re-open, by the ids of the rules that share it, with commas."""
    fired_under: dict[str, str] = field(default_factory=dict)
    """Detection that has fired and not ended, as rule, vehicle, start and part in one text, to the
    rule version it fired under: an episode keeps its version, and so its id, when parameters change
    while it lasts."""
    withdrawn: Withdrawn = field(default_factory=dict)
    """Episodes that late rows took back, for the case that they fire anew."""
    network: str = ""
    """Digest of the network that ``match`` belongs to."""
    counters: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0))
    restarted: list[str] = field(default_factory=list)
    """Parts of a checkpoint that could not be used (another version) and began anew."""
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
    _fitting: tuple[Rule, ...] | None = None
    """Rules whose layouts ``rules`` was found to have."""

    def driver_names(self) -> list[str]:
        """Driver codes by number. Not to be changed."""
        if len(self._driver_names) < len(self.drivers):
            self._driver_names = list(self.drivers)
        return self._driver_names

    @property
    def vehicles(self) -> list[str]:
        """Vehicle of each slot. Not to be changed."""
        return self.names.texts()

    def kinds_of(
        self, slots: npt.NDArray[np.int32], kinds: Mapping[str, str]
    ) -> npt.NDArray[np.int8]:
        """Kind code of each slot; a register of another identity is looked up afresh."""
        if not kinds:
            return np.full(len(slots), _OTHER, np.int8)
        if kinds is not self.kinds:
            self.kinds, self.kind = kinds, np.zeros(0, np.int8)
        if len(self.kind) < len(self.names):
            new = self.vehicles[len(self.kind) :]
            codes = [KIND_CODES.get(kinds.get(name, "other"), _OTHER) for name in new]
            self.kind = np.concatenate([self.kind, np.array(codes, np.int8)])
        return of_slots(self.kind, slots)

    def bound_of(
        self, slots: npt.NDArray[np.int32], bounds: Mapping[str, int]
    ) -> npt.NDArray[np.int32]:
        """Number of each slot in ``Fences.bound``, 0 if it is not there."""
        if not bounds:
            return np.zeros(len(slots), np.int32)
        if bounds is not self.bounds:
            self.bounds, self.bound = bounds, np.zeros(0, np.int32)
        if len(self.bound) < len(self.names):
            new = self.vehicles[len(self.bound) :]
            numbers = [bounds.get(name, 0) for name in new]
            self.bound = np.concatenate([self.bound, np.array(numbers, np.int32)])
        return of_slots(self.bound, slots)

    def services_of(
        self, slots: npt.NDArray[np.int32], services: Mapping[str, str]
    ) -> npt.NDArray[np.int8]:
        """Service code of each slot, 0 unknown; a register of another identity is looked up
        afresh."""
        if not services:
            return np.zeros(len(slots), np.int8)
        if services is not self.services:
            self.services, self.service = services, np.zeros(0, np.int8)
        if len(self.service) < len(self.names):
            new = self.vehicles[len(self.service) :]
            codes = [SERVICE_CODES.get(services.get(name, ""), 0) for name in new]
            self.service = np.concatenate([self.service, np.array(codes, np.int8)])
        return of_slots(self.service, slots)

    def make_room(self, rules: tuple[Rule, ...]) -> None:
        """Lengthen every array to hold all slots; new rows are zero, "never seen"."""
        wanted = max(len(self.last), _ROOM)
        while wanted < len(self.names):
            wanted *= 2
        self.last = _longer(self.last, wanted)
        self.match = _longer(self.match, wanted)
        for rule in rules:
            memory = self.rules.get(rule.id)
            if memory is None:
                memory = Memory(zeros(wanted, rule.state_dtype), sparse.new(rule.few_dtype))
            if len(memory.each) < wanted:
                memory = Memory(_longer(memory.each, wanted), memory.few)
            self.rules[rule.id] = memory

    def bytes_per_vehicle(self) -> float:
        """Bytes of state one vehicle takes on average, its name and the index to it included, rows
        kept ready for further vehicles not; the matcher's only with roads."""
        matched = [self.match] if self.network else []
        each = [self.last, *matched, *(memory.each for memory in self.rules.values())]
        few = sum(memory.few.nbytes for memory in self.rules.values()) + self.apart.nbytes
        few += sum(windows.place.nbytes for windows in self.windows.values())
        vehicles = max(len(self.names), 1)
        names = self.names.bytes_per_name()
        return sum(array.dtype.itemsize for array in each) + names + few / vehicles

    def to_bytes(self) -> bytes:
        """The whole state; the same state gives the same bytes."""
        return self.frozen()()

    def frozen(self) -> Frozen:
        """The whole state as it is now; call it for the bytes, from any thread."""
        n = len(self.names)
        keys, others = self.names.keys()
        blocks = {"names": keys, "last": self.last[:n], "match": self.match[:n]}
        blocks["apart"] = sparse.rows(self.apart)
        for name, memory in sorted(self.rules.items()):
            blocks[f"each:{name}"] = memory.each[:n]
            blocks[f"few:{name}"] = sparse.rows(memory.few)
        for name, windows in sorted(self.windows.items()):
            for part, block in windows.blocks().items():
                blocks[f"window_{part}:{name}"] = block
        head = {
            "format": FORMAT,
            "version": VERSION,
            "network": self.network,
            "other_names": others,
            "drivers": list(self.drivers),
            "measures": list(self.measures),
            "counters": dict(self.counters),
            "fired_under": dict(sorted(self.fired_under.items())),
            "withdrawn": {
                whose: sorted((start_us, *given) for start_us, given in known.items())
                for whose, known in sorted(self.withdrawn.items())
            },
            "reports": {name: some.reports() for name, some in sorted(self.windows.items())},
        }
        return Frozen.of(head, blocks)

    @classmethod
    def from_bytes(cls, data: bytes) -> EngineState:
        """The state of :meth:`to_bytes`.

        A block whose layout is not today's (a rule was changed between two versions of the
        program) is left out and named in ``restarted``: :func:`restore_rules` sees to rules.
        State of an earlier format begins anew as a whole. Raises LogError if the bytes are damaged
        or of a later format.
        """
        try:
            head, blocks = thawed(data)
            if head["format"] != FORMAT or head["version"] > VERSION:
                raise LogError(f"state is {head['format']} {head['version']}, not {VERSION}")
            if head["version"] < _OLDEST:
                return cls(restarted=[f"all state of format {head['version']}"])
            if head["version"] == VERSION:
                names = Names.of_keys(blocks["names"].view(KEY), head["other_names"])
            else:
                names = Names.of(head["vehicles"])
        except (pa.ArrowInvalid, OSError, KeyError, TypeError, ValueError, StopIteration) as error:
            raise LogError(f"damaged state of {len(data)} bytes: {error}") from error
        state = cls(
            names=names,
            drivers={name: index for index, name in enumerate(head["drivers"])},
            measures={name: number for number, name in enumerate(head.get("measures", []), 1)},
            network=head["network"],
            counters={**dict.fromkeys(COUNTERS, 0), **head["counters"]},
            fired_under=head["fired_under"],
            withdrawn={
                whose: {start_us: Given(*given) for start_us, *given in known}
                for whose, known in head.get("withdrawn", {}).items()
            },
        )
        if (blocks["last"].dtype, blocks["apart"].dtype) == (LAST, APART):
            state.last = blocks["last"]
            state.apart = sparse.from_rows(blocks["apart"], APART)
        else:
            state.restarted.append("last")
        if blocks["match"].dtype == state.match.dtype:
            state.match = blocks["match"]
        else:
            state.restarted.append("match")
        for name, block in blocks.items():
            kind, _, rule = name.partition(":")
            if kind == "each":
                few = blocks[f"few:{rule}"]
                state.rules[rule] = Memory(block, sparse.from_rows(few, few.dtype))
        for name, reports in head.get("reports", {}).items():
            own = {
                key.removeprefix("window_").removesuffix(f":{name}"): block
                for key, block in blocks.items()
                if key.startswith("window_") and key.endswith(f":{name}")
            }
            # An earlier program kept each rule's for itself.
            if isinstance(reports, dict) and (own["head"].dtype, own["rows"].dtype) == (HEAD, ROW):
                state.windows[name] = Windows.of(own, reports)
        return state

    def restore_rules(self, rules: tuple[Rule, ...]) -> None:
        """Drop states of rules that are gone or laid out differently; called by the engine."""
        if rules is self._fitting:
            return  # to compare layouts field by field at every batch costs more than most rules
        self._fitting = rules
        for name in sorted(self.rules.keys() - {rule.id for rule in rules}):
            self._forget(name)
        for rule in rules:
            memory = self.rules.get(rule.id)
            if memory is None:
                continue
            if (memory.each.dtype, memory.few.dtype) != (rule.state_dtype, rule.few_dtype):
                self._forget(rule.id)
                self.restarted.append(rule.id)

    def _forget(self, rule: str) -> None:
        """A rule, and windows that it shared: the others begin theirs anew."""
        del self.rules[rule]
        for name in [name for name in self.windows if rule in name.split(",")]:
            del self.windows[name]


def _longer(array: npt.NDArray[Any], rows: int) -> npt.NDArray[Any]:
    if len(array) >= rows:
        return array
    longer = zeros(rows, array.dtype)
    longer[: len(array)] = array
    return longer
