"""What the engine remembers between batches, and its form as bytes.

One row a vehicle in every array, in the order in which vehicles were first seen (*slots*). The
bytes are those of ``frozen.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from sizao.core.errors import LogError
from sizao.detect import sparse
from sizao.detect.fleet import ROOM, Fleet
from sizao.detect.frozen import Frozen, thawed
from sizao.detect.last import APART, LAST
from sizao.detect.names import KEY, Names
from sizao.detect.revisions import Given, Withdrawn
from sizao.detect.room import longer, zeros
from sizao.detect.stage import Memory, Rule
from sizao.detect.window_rows import ROW
from sizao.detect.windows import HEAD, Windows

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


@dataclass
class EngineState:
    """State of all vehicles. Used up by the step it is given to; use the one that returns.

    ``fleet`` belongs to ``prepare.py``, the rest to rules and what puts their findings together.
    """

    fleet: Fleet = field(default_factory=Fleet)
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
    counters: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0))
    begun_anew: list[str] = field(default_factory=list)
    """Rules, or all, that could not be used and began anew."""
    _fitting: tuple[Rule, ...] | None = None
    """Rules whose layouts ``rules`` was found to have."""

    @property
    def names(self) -> Names:
        """Vehicle to row."""
        return self.fleet.names

    @property
    def vehicles(self) -> list[str]:
        """Vehicle of each slot. Not to be changed."""
        return self.fleet.names.texts()

    @property
    def measures(self) -> dict[str, int]:
        """Temporary limit to the number, from 1, that columns hold. Not to be changed."""
        return self.fleet.measures

    @property
    def restarted(self) -> list[str]:
        """Parts of a checkpoint that could not be used (another version) and began anew."""
        return [*self.fleet.restarted, *self.begun_anew]

    def driver_names(self) -> list[str]:
        """Driver codes by number. Not to be changed."""
        return self.fleet.driver_names()

    def make_room(self, rules: tuple[Rule, ...], vehicles: int) -> None:
        """Lengthen what rules remember to hold so many slots; new rows are zero, "never seen"."""
        wanted = ROOM
        while wanted < vehicles:
            wanted *= 2
        for rule in rules:
            memory = self.rules.get(rule.id)
            if memory is None:
                memory = Memory(zeros(wanted, rule.state_dtype), sparse.new(rule.few_dtype))
            if len(memory.each) < wanted:
                memory = Memory(longer(memory.each, wanted), memory.few)
            self.rules[rule.id] = memory

    def bytes_per_vehicle(self) -> float:
        """Bytes of state one vehicle takes on average, its name and the index to it included, rows
        kept ready for further vehicles not; the matcher's only with roads."""
        fleet = self.fleet
        matched = [fleet.match] if fleet.network else []
        each = [fleet.last, *matched, *(memory.each for memory in self.rules.values())]
        few = sum(memory.few.nbytes for memory in self.rules.values()) + fleet.apart.nbytes
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
        fleet = self.fleet
        blocks = fleet.blocks()
        for name, memory in sorted(self.rules.items()):
            blocks[f"each:{name}"] = memory.each[:n]
            blocks[f"few:{name}"] = sparse.rows(memory.few)
        for name, windows in sorted(self.windows.items()):
            for part, block in windows.blocks().items():
                blocks[f"window_{part}:{name}"] = block
        head = {
            "format": FORMAT,
            "version": VERSION,
            "network": fleet.network,
            "other_names": fleet.names.keys()[1],
            "drivers": list(fleet.drivers),
            "measures": list(fleet.measures),
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
                return cls(begun_anew=[f"all state of format {head['version']}"])
            if head["version"] == VERSION:
                names = Names.of_keys(blocks["names"].view(KEY), head["other_names"])
            else:
                names = Names.of(head["vehicles"])
        except (pa.ArrowInvalid, OSError, KeyError, TypeError, ValueError, StopIteration) as error:
            raise LogError(f"damaged state of {len(data)} bytes: {error}") from error
        fleet = Fleet(
            names=names,
            drivers={name: index for index, name in enumerate(head["drivers"])},
            measures={name: number for number, name in enumerate(head.get("measures", []), 1)},
            network=head["network"],
        )
        state = cls(
            fleet,
            counters={**dict.fromkeys(COUNTERS, 0), **head["counters"]},
            fired_under=head["fired_under"],
            withdrawn={
                whose: {start_us: Given(*given) for start_us, *given in known}
                for whose, known in head.get("withdrawn", {}).items()
            },
        )
        if (blocks["last"].dtype, blocks["apart"].dtype) == (LAST, APART):
            fleet.last = blocks["last"]
            fleet.apart = sparse.from_rows(blocks["apart"], APART)
        else:
            fleet.restarted.append("last")
        if blocks["match"].dtype == fleet.match.dtype:
            fleet.match = blocks["match"]
        else:
            fleet.restarted.append("match")
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
                self.begun_anew.append(rule.id)

    def _forget(self, rule: str) -> None:
        """A rule, and windows that it shared: the others begin theirs anew."""
        del self.rules[rule]
        for name in [name for name in self.windows if rule in name.split(",")]:
            del self.windows[name]
