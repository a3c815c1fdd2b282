"""Rules over records that are not positions: passages, weighings, device alarms, checks.

    batch of one topic -> each rule of that topic, row by row in order -> batch (DETECTION)

The contract is that of positions (``stage.py``): a pure function of rows, memory and facts, event
time in the rows, any cut of the batches gives the same detections. What differs is the rate, some
thousands a second for a province, so that these rules are plain Python and their memory is a
mapping that goes through JSON. A rule is bound to one topic; one that must see rows in order of
event time says how long to wait for stragglers (``hold_s``, see ``hold.py``).

A subject is a vehicle as everywhere: the terminal's phone by the register, else
``plate:COLOUR:PLATE``; or ``enterprise:ID``.
"""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Protocol

import pyarrow as pa

from sizao.core.errors import ColumnError, ConfigError, LogError
from sizao.core.ids import content_id
from sizao.core.rulebook import Entry, rulebook
from sizao.core.schemas import DETECTION, TIME, TOPICS, check
from sizao.detect.heard import Heard
from sizao.detect.hold import Hold, Row
from sizao.detect.params import Book, Params, overridden, version_of

logger = logging.getLogger(__name__)

Memory = dict[str, Any]
"""What a rule remembers: names, numbers, lists and mappings of them."""

FUTURE_US = 600_000_000
"""A row stamped so long after it was received is of a clock that is wrong, and left out."""


@dataclass(frozen=True)
class Found:
    """One detection of a record rule. Times are microseconds since the epoch.

    Most of these rules judge one moment: then ``start``, ``end`` and ``fired`` are the same and
    the detection is final at once.
    """

    vehicle: str
    start: int
    end: int
    fired: int
    received: int
    measured: float
    limit: float
    severity: str
    evidence: tuple[str, ...]
    """Observation ids: ``TOPIC:ID``, first, worst, last."""
    vehicle_kind: str = "other"
    driver: str | None = None
    lat: float | None = None
    lon: float | None = None
    road: str | None = None
    road_class: str | None = None
    stake_m: float | None = None
    area: str | None = None
    quality: tuple[str, ...] = ()
    part: str = ""
    """Tells episodes apart that begin at one moment; goes into the id."""
    revision: int = 0
    """A rule that gives later revisions keeps ``version`` and ``vehicle`` of the first in its
    memory: the id is made of them, and parameters or the register may have changed meanwhile."""
    version: str | None = None
    """Rule version that it fired under; None is the one in force."""
    final: bool = True


@dataclass(frozen=True, eq=False)
class Facts:
    """What record rules may look at beside rows. Does not change; a new register is new facts."""

    register: pa.Table | None = None
    """Schema REGISTER."""
    places: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Checkpoint or station to where it is: ``lat``, ``lon``, ``road``, ``road_class``,
    ``stake_m``, ``area``, ``sections`` that begin there, as far as known."""
    hot_list: tuple[Mapping[str, Any], ...] = ()
    """Plates looked for: ``entry``, ``plate``, ``plate_colour`` (None: any), ``from`` and ``until``
    in microseconds since the epoch."""
    heard: Heard = field(default_factory=Heard)
    """When vehicles and sources last sent positions. The one part that goes on by itself: a rule
    that asks it says ``after_positions``."""

    @cached_property
    def sections_to(self) -> Mapping[str, list[tuple[str, Mapping[str, Any]]]]:
        """Checkpoint to the sections that end there, each with the checkpoint it begins at."""
        ends: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
        for start, place in self.places.items():
            for section in place.get("sections", ()):
                ends.setdefault(section["to"], []).append((start, section))
        return ends

    @cached_property
    def _rows_of_plate(self) -> Mapping[str, list[int]]:
        rows: dict[str, list[int]] = {}
        if self.register is not None:
            for row, plate in enumerate(self.register.column("plate").to_pylist()):
                if plate:
                    rows.setdefault(plate, []).append(row)
        return rows

    @cached_property
    def _row_of_vehicle(self) -> Mapping[str, int]:
        if self.register is None:
            return {}
        names = self.register.column("vehicle").to_pylist()
        return {name: row for row, name in enumerate(names)}

    def _row(self, row: int) -> Mapping[str, Any]:
        assert self.register is not None
        one: Mapping[str, Any] = self.register.slice(row, 1).to_pylist()[0]
        return one

    def of_plate(self, plate: str | None, colour: int | None) -> Mapping[str, Any] | None:
        """The register's row of a plate; without a colour only if no other has the same text."""
        rows = [self._row(row) for row in self._rows_of_plate.get(plate or "", ())]
        fitting = [row for row in rows if colour is None or row["plate_colour"] == colour]
        return fitting[0] if len(fitting) == 1 else None

    def of_vehicle(self, vehicle: str) -> Mapping[str, Any] | None:
        """The register's row of a vehicle."""
        row = self._row_of_vehicle.get(vehicle)
        return None if row is None else self._row(row)

    def fleet(self, enterprise: str) -> int:
        """Vehicles of an enterprise in the register."""
        return self._fleets.get(enterprise, 0)

    @cached_property
    def _fleets(self) -> Mapping[str, int]:
        if self.register is None:
            return {}
        return Counter(filter(None, self.register.column("enterprise").to_pylist()))


def subject(plate: str, colour: int | None, known: Mapping[str, Any] | None) -> str:
    """Name of a vehicle that showed a plate: see the module's docstring."""
    return str(known["vehicle"]) if known else f"plate:{colour or 0}:{plate}"


class RecordRule(Protocol):
    """One rule over records. Each is one file and stands in ``registry.RECORD_RULES``."""

    id: str
    topic: str
    """Topic of ``core.schemas.TOPICS`` it reads."""
    measured_unit: str
    memory_layout: int
    """Raised when the memory of an earlier release cannot be read: it begins anew then."""
    after_positions: bool
    """It asks ``Facts.heard``: rows wait until all positions received by then were taken in."""

    def version(self, params: Params) -> str: ...

    def params_from(self, book: Mapping[str, Entry]) -> Params: ...

    def default_params(self) -> Params: ...

    def hold_s(self, params: Params) -> float:
        """Seconds to wait for rows that happened earlier; 0 takes rows as they come."""
        ...

    def look(self, row: Row, memory: Memory, params: Params, facts: Facts) -> Iterable[Found]:
        """What one row shows. ``memory`` starts empty and is changed in place; the rule forgets by
        the event times of rows, so that it stays small."""
        ...


class RecordRuleBase(ABC):
    """What record rules share; a rule derives from it and is a :class:`RecordRule`."""

    code_version: ClassVar[int] = 1
    memory_layout: int = 1
    after_positions: bool = False

    def version(self, params: Params) -> str:
        return version_of(self.code_version, params)

    @abstractmethod
    def params_from(self, book: Book) -> Params: ...

    def default_params(self) -> Params:
        return self.params_from(rulebook())

    def hold_s(self, params: Params) -> float:
        return 0.0


@dataclass(frozen=True, eq=False)
class RecordContext:
    """Rules with their parameters, and facts. Make one with :meth:`build`."""

    rules: tuple[RecordRule, ...]
    params: Mapping[str, Params]
    facts: Facts

    @classmethod
    def build(
        cls,
        rules: Iterable[RecordRule],
        facts: Facts | None = None,
        *,
        book: Book | None = None,
        changes: Mapping[str, Params] | None = None,
        only: frozenset[str] | None = None,
    ) -> RecordContext:
        """Raises ConfigError for an unknown parameter or a wrong value."""
        book = rulebook() if book is None else book
        chosen = tuple(rule for rule in rules if only is None or rule.id in only)
        for rule in chosen:
            if rule.topic not in TOPICS:
                raise ConfigError(f"rule {rule.id}: no topic {rule.topic!r}")
        params = {
            rule.id: overridden(rule.params_from(book), (changes or {}).get(rule.id, {}), rule.id)
            for rule in chosen
        }
        return cls(chosen, params, facts or Facts())

    @property
    def topics(self) -> tuple[str, ...]:
        """Topics that some rule reads."""
        return tuple(dict.fromkeys(rule.topic for rule in self.rules))


@dataclass
class RecordState:
    """What all record rules remember. Used up by the step it is given to."""

    memory: dict[str, Memory] = field(default_factory=dict)
    layouts: dict[str, int] = field(default_factory=dict)
    """Rule id to the layout of its memory; 1 where none is said."""
    held: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    counters: dict[str, int] = field(
        default_factory=lambda: {"rows": 0, "future": 0, "detections": 0}
    )

    def to_bytes(self) -> bytes:
        """The same state gives the same bytes."""
        return json.dumps(
            {
                "memory": self.memory,
                "layouts": self.layouts,
                "held": self.held,
                "counters": self.counters,
            },
            ensure_ascii=False,
            sort_keys=True,
        ).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> RecordState:
        """Raises LogError if the bytes are damaged."""
        try:
            return cls(**json.loads(data))
        except (ValueError, TypeError) as error:
            raise LogError(f"damaged record state of {len(data)} bytes: {error}") from error

    def memory_of(self, rule: RecordRule) -> Memory:
        """What a rule remembers, to be changed in place; nothing where that is of another layout,
        which is said in the log."""
        if rule.memory_layout != self.layouts.get(rule.id, 1):
            if self.memory.pop(rule.id, None):
                logger.warning("rule %s remembers in another way now and begins anew", rule.id)
            self.layouts[rule.id] = rule.memory_layout
        return self.memory.setdefault(rule.id, {})

    def hold_of(self, rule: RecordRule, params: Params) -> Hold:
        """What a rule holds for stragglers. Rows that an earlier release put there have nulls for
        columns that their topic has got since."""
        nothing = dict.fromkeys(TOPICS[rule.topic].names)
        kept = self.held.get(rule.id, {}).get("rows", [])
        rows = [row if len(row) == len(nothing) else nothing | row for row in kept]
        return Hold(round(rule.hold_s(params) * 1e6), {"rows": rows})


def step(
    topic: str, batch: pa.RecordBatch, state: RecordState, context: RecordContext
) -> tuple[pa.RecordBatch, RecordState]:
    """One batch of a topic to detections (schema DETECTION), in order of firing, id, revision.

    Raises ColumnError if the batch has not the topic's columns.
    """
    check(batch, TOPICS[topic])
    rows = _plain(batch)
    punctual = [row for row in rows if row["time"] - row["received"] <= FUTURE_US]
    state.counters["rows"] += len(rows)
    state.counters["future"] += len(rows) - len(punctual)
    found: list[dict[str, Any]] = []
    for rule in context.rules:
        if rule.topic != topic:
            continue
        params = context.params[rule.id]
        if not rule.hold_s(params):
            found += _look(rule, punctual, state, context)
            continue
        hold = state.hold_of(rule, params)
        known_us = context.facts.heard.until_us if rule.after_positions else None
        for row in punctual:
            found += _look(rule, hold.take(row, known_us), state, context)
        state.held[rule.id] = hold.state()
    return _batch(found, state), state


def release(
    received_us: int | None, state: RecordState, context: RecordContext
) -> tuple[pa.RecordBatch, RecordState]:
    """Judge what is held and due by a moment; None is the end of a finite recording.

    Everything received before the moment must have been stepped through already.
    """
    found: list[dict[str, Any]] = []
    for rule in context.rules:
        if rule.id in state.held:
            hold = state.hold_of(rule, context.params[rule.id])
            until_us = 2**62 if received_us is None else received_us
            if rule.after_positions and received_us is not None:
                until_us = min(until_us, context.facts.heard.until_us)
            due = hold.until(until_us)
            found += _look(rule, due, state, context)
            state.held[rule.id] = hold.state()
    return _batch(found, state), state


def _look(
    rule: RecordRule, rows: Iterable[Row], state: RecordState, context: RecordContext
) -> list[dict[str, Any]]:
    params = context.params[rule.id]
    memory = state.memory_of(rule)
    version = rule.version(params)
    return [
        _row(rule, version, found)
        for row in rows
        for found in rule.look(row, memory, params, context.facts)
    ]


def _row(rule: RecordRule, in_force: str, found: Found) -> dict[str, Any]:
    version = found.version or in_force
    parts = (rule.id, version, found.vehicle, found.start, *([found.part] if found.part else []))
    return {
        "id": content_id(*parts),
        "revision": found.revision,
        "rule": rule.id,
        "rule_version": version,
        "vehicle": found.vehicle,
        "vehicle_kind": found.vehicle_kind,
        "driver": found.driver,
        "start": found.start,
        "end": found.end,
        "fired": found.fired,
        "received": found.received,
        "measured": round(found.measured, 3),
        "limit": round(found.limit, 3),
        "measured_unit": rule.measured_unit,
        "severity": found.severity,
        "lat": found.lat,
        "lon": found.lon,
        "road": found.road,
        "road_class": found.road_class,
        "stake_m": found.stake_m,
        "area": found.area,
        "final": found.final,
        "evidence": list(found.evidence),
        "quality": ",".join(found.quality) or None,
    }


def _batch(rows: list[dict[str, Any]], state: RecordState) -> pa.RecordBatch:
    rows = sorted(rows, key=lambda row: (row["fired"], row["id"], row["revision"]))
    state.counters["detections"] += len(rows)
    return pa.RecordBatch.from_pylist(rows, schema=DETECTION)


def _plain(batch: pa.RecordBatch) -> list[Row]:
    """Rows as mappings, times as microseconds: what JSON can hold."""
    columns = [
        column.cast(pa.int64()) if column.type == TIME else column for column in batch.columns
    ]
    try:
        rows: list[Row] = pa.RecordBatch.from_arrays(columns, batch.schema.names).to_pylist()
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise ColumnError(f"unreadable rows: {error}") from error
    return rows
