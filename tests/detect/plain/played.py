"""The simulated city's positions as they arrive, cut anyhow, and what the engine makes of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.ids import content_id
from sizao.core.places import ROAD_CLASS_CODES
from sizao.core.schemas import TIME
from sizao.detect import engine
from sizao.detect.context import Context
from sizao.detect.params import Params
from sizao.detect.state import EngineState
from sizao.roads.network import Network
from sizao.roads.sections import Piece
from sizao.roads.temporary_limits import TemporaryLimit
from sizao.sim.city import build
from sizao.sim.fleet import fleet
from sizao.sim.score import GROUP_S, START_S, Intake
from sizao.sim.world import World as City
from tests.detect.plain.taking import Raw

GROUPS = 64
"""Vehicles are kept in so many groups, so that not all rows are in memory at once."""

_KEPT = [name for name in Raw._fields if name not in ("row", "time_us", "received_us", "given_kmh")]
_ROWS_HELD = 400_000


@dataclass
class Played:
    """What the engine found, and the rows it got, in the order of arrival, by vehicle."""

    context: Context
    detections: list[dict[str, Any]]
    counters: dict[str, int]
    rows: Rows
    seconds: float = 0.0
    """Processor time of the engine."""


def play(
    seed: int,
    vehicles: int,
    hours: float,
    changes: dict[str, Params] | None = None,
    start_s: int = START_S,
) -> Played:
    """Simulate the city as the score does, with temporary limits besides, and run the engine."""
    import time

    city, groups = build(), round(hours * 3600 / GROUP_S)
    cars = fleet(city, vehicles, seed)
    world = City.scored(city, cars, seed, start_s, groups * GROUP_S)
    assert world.played is not None
    context = Context.build(
        city.network,
        cars.register,
        changes=changes,
        fences=world.played.fences,
        temporary=temporary_limits(city.network, seed, start_s, hours),
    )
    intake, state, rows, found = Intake(), EngineState(), Rows(), list[dict[str, Any]]()
    seconds = 0.0

    def batches() -> Iterator[pa.RecordBatch]:
        for _ in range(groups):
            for frames in world.advance(GROUP_S)[0]:
                yield intake.take(frames)
            intake.alarms, world.terminals.shown = [], []

    for batch in cut_anyhow(batches(), seed):
        rows.take(batch)
        began = time.process_time()
        detections, state = engine.step(batch, state, context)
        seconds += time.process_time() - began
        found += plain_rows(detections)
    found += plain_rows(engine.close(state, context))
    return Played(context, found, dict(state.counters), rows, seconds)


def cut_anyhow(batches: Iterator[pa.RecordBatch], seed: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of 1 to 30,000."""
    chance = np.random.default_rng([seed, 77])
    held: list[pa.RecordBatch] = []
    count, wanted = 0, 1
    for batch in batches:
        held.append(batch)
        count += len(batch)
        while count >= wanted:
            whole = pa.concat_batches(held)
            yield whole.slice(0, wanted)
            held, count = [whole.slice(wanted)], count - wanted
            # Now and then a few rows, most often thousands.
            wanted = int(10 ** chance.uniform(*((0, 3) if chance.random() < 0.1 else (3.4, 4.5))))
    if count:
        yield pa.concat_batches(held)


def plain_rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Rows as mappings, times as microseconds."""
    columns = [
        column.cast(pa.int64()) if column.type == TIME else column for column in batch.columns
    ]
    rows: list[dict[str, Any]] = pa.RecordBatch.from_arrays(columns, batch.schema.names).to_pylist()
    return rows


def temporary_limits(
    network: Network, seed: int, start_s: int, hours: float
) -> list[TemporaryLimit]:
    """Work zones on fast and busy roads, some over each other, some gone again."""
    chance = np.random.default_rng([seed, 78])
    wide = [ROAD_CLASS_CODES[name] for name in ("expressway", "national", "urban_expressway")]
    segments = np.flatnonzero(np.isin(network.road_class, wide) & (network.length_m > 300))
    limits = []
    for number in range(40):
        segment = int(chance.choice(segments))
        length_m = float(network.length_m[segment])
        from_m = chance.uniform(0, length_m / 2)
        begin_s = start_s + chance.uniform(-1, hours) * 3600
        until_s = begin_s + chance.uniform(0.2, 6) * 3600
        limits.append(
            TemporaryLimit(
                id=f"M{number}",
                limit_kmh=float(chance.choice([30, 40, 60, 80])),
                from_us=int(begin_s * 1e6),
                until_us=None if number % 5 == 0 else int(until_s * 1e6),
                road=str(network.ref[segment]),
                direction=str(network.direction[segment]),
                stake_from_m=None,
                stake_to_m=None,
                network=network.digest(),
                pieces=(
                    Piece(segment, float(from_m), float(chance.uniform(from_m + 50, length_m))),
                ),
            )
        )
    return limits


@dataclass
class Rows:
    """Rows in the order of arrival, on disk by groups of vehicles."""

    folder: tempfile.TemporaryDirectory[str] = field(default_factory=tempfile.TemporaryDirectory)
    count: int = 0
    _held: list[pa.RecordBatch] = field(default_factory=list)
    _writers: dict[int, Any] = field(default_factory=dict)
    _closed: bool = False

    def __enter__(self) -> Rows:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.folder.cleanup()

    def take(self, batch: pa.RecordBatch) -> None:
        """A batch as the engine gets it."""
        columns = {
            "vehicle": batch.column("vehicle"),
            "row": pa.array(np.arange(self.count, self.count + len(batch))),
            "time_us": batch.column("time").cast(pa.int64()),
            "received_us": batch.column("received").cast(pa.int64()),
            **{name: batch.column(name) for name in _KEPT},
        }
        self._held.append(pa.record_batch(columns))
        self.count += len(batch)
        if sum(map(len, self._held)) >= _ROWS_HELD:
            self._write()

    def _write(self) -> None:
        table = pa.Table.from_batches(self._held)
        self._held = []
        names = table["vehicle"].combine_chunks().dictionary_encode()
        groups = [_group_of(name) for name in names.dictionary.to_pylist()]
        group = np.array(groups)[names.indices.to_numpy()]
        for number in np.unique(group).tolist():
            some = table.filter(pa.array(group == number)).combine_chunks()
            if number not in self._writers:
                sink = pa.OSFile(str(self._path(number)), "wb")
                self._writers[number] = pa.ipc.new_stream(sink, some.schema), sink
            self._writers[number][0].write_table(some)

    def written(self) -> list[int]:
        """Everything is on disk now. The groups there are."""
        if self._held:
            self._write()
        for writer, sink in self._writers.values() if not self._closed else ():
            writer.close()
            sink.close()
        self._closed = True
        return sorted(self._writers)

    def _path(self, number: int) -> Path:
        return Path(self.folder.name) / f"{number}.arrow"

    def path(self, number: int) -> Path:
        """The file of a group."""
        return self._path(number)


def _group_of(vehicle: str) -> int:
    return int(content_id(vehicle), 16) % GROUPS


def read(path: Path) -> Iterator[tuple[str, list[Raw]]]:
    """Each vehicle of a group with its rows in the order of arrival."""
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
        table = reader.read_all()
    order = pc.sort_indices(table, sort_keys=[("vehicle", "ascending"), ("row", "ascending")])
    table = table.take(order)
    vehicles = table["vehicle"].to_pylist()
    columns = [table[name].to_pylist() for name in ("row", "time_us", "received_us", *_KEPT)]
    raw = [Raw(*values) for values in zip(*columns, strict=True)]
    for vehicle, own in groupby(zip(vehicles, raw, strict=True), key=lambda one: one[0]):
        yield vehicle, [one for _, one in own]
