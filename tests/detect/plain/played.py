"""The simulated city's positions as they arrive, cut anyhow, and what the engine makes of them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.ids import content_id
from sizao.core.places import ROAD_CLASS_CODES
from sizao.core.schemas import POSITION, TIME
from sizao.detect import engine, reopen
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
    """What the engine found, and the rows it got."""

    context: Context
    rows: Rows
    detections: list[dict[str, Any]]
    counters: dict[str, int]
    seconds: float
    """Processor time of the engine."""


def play(
    seed: int,
    vehicles: int,
    hours: float,
    changes: dict[str, Params] | None = None,
    folder: Path | None = None,
) -> Played:
    """Simulate the city as the score does, with temporary limits besides, and run the engine.

    ``folder`` keeps the rows for another time; rows that are there are not simulated again.
    """
    city, cars = build(), fleet(build(), vehicles, seed)
    steps = round(hours * 3600 / GROUP_S)
    world = City.scored(city, cars, seed, START_S, steps * GROUP_S)
    assert world.played is not None
    context = Context.build(
        city.network,
        cars.register,
        changes=changes,
        fences=world.played.fences,
        temporary=temporary_limits(city.network, seed, START_S, hours),
    )
    rows = Rows(folder)
    if not rows.count:
        rows.write(_simulated(world, steps))
    # One for each vehicle: which close when memory is short is not what is compared.
    reopen.MOST = max(reopen.MOST, min(vehicles, 30_000))
    state, found, seconds = EngineState(), list[dict[str, Any]](), 0.0
    for batch in cut_anyhow(rows.batches(), seed):
        began = time.process_time()
        detections, state = engine.step(batch, state, context)
        seconds += time.process_time() - began
        found += plain_rows(detections)
    found += plain_rows(engine.close(state, context))
    return Played(context, rows, found, dict(state.counters), seconds)


def _simulated(world: City, steps: int) -> Iterator[pa.RecordBatch]:
    intake = Intake()
    for _ in range(steps):
        for frames in world.advance(GROUP_S)[0]:
            yield intake.take(frames)
        intake.alarms, world.terminals.shown = [], []


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


class Rows:
    """Rows on disk: all in the order of arrival, and once more by groups of vehicles."""

    def __init__(self, folder: Path | None = None) -> None:
        self._own = tempfile.TemporaryDirectory() if folder is None else None
        self.folder = Path(self._own.name) if self._own is not None else Path(str(folder))
        self.folder.mkdir(parents=True, exist_ok=True)
        self._all, self._count = self.folder / "all.arrow", self.folder / "count"

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, *error: object) -> None:
        if self._own is not None:
            self._own.cleanup()

    @property
    def count(self) -> int:
        return int(self._count.read_text()) if self._count.exists() else 0

    def write(self, batches: Iterator[pa.RecordBatch]) -> None:
        """Batches in the order of arrival."""
        held: list[pa.RecordBatch] = []
        with ExitStack() as stack:
            files: dict[Path, Any] = {}

            def write(path: Path, table: pa.Table) -> None:
                if path not in files:
                    sink = stack.enter_context(pa.OSFile(str(path), "wb"))
                    files[path] = stack.enter_context(pa.ipc.new_stream(sink, table.schema))
                files[path].write_table(table)

            def flush() -> None:
                table = pa.Table.from_batches(held)
                held.clear()
                write(self._all, table)
                for number, some in _grouped(table):
                    write(self.folder / f"group-{number}.arrow", some)

            count = 0
            for batch in batches:
                row = pa.array(np.arange(count, count + len(batch)))
                held.append(batch.append_column("row", row))
                count += len(batch)
                if sum(map(len, held)) >= _ROWS_HELD:
                    flush()
            if held:
                flush()
        self._count.write_text(str(count))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All of it in the order of arrival."""
        with pa.OSFile(str(self._all)) as file, pa.ipc.open_stream(file) as reader:
            for batch in reader:
                yield batch.select(POSITION.names)

    def groups(self) -> list[Path]:
        """For :func:`read`."""
        return sorted(self.folder.glob("group-*.arrow"))


def _grouped(table: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    names = table["vehicle"].combine_chunks().dictionary_encode()
    groups = [_group_of(name) for name in names.dictionary.to_pylist()]
    group = np.array(groups)[names.indices.to_numpy()]
    for number in np.unique(group).tolist():
        yield number, table.filter(pa.array(group == number))


def _group_of(vehicle: str) -> int:
    return int(content_id(vehicle), 16) % GROUPS


def read(path: Path) -> Iterator[tuple[str, list[Raw]]]:
    """Each vehicle of a group with its rows in the order of arrival."""
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
        table = reader.read_all()
    order = pc.sort_indices(table, sort_keys=[("vehicle", "ascending"), ("row", "ascending")])
    table = table.take(order)
    vehicles = table["vehicle"].to_pylist()
    times = [table[name].cast(pa.int64()).to_pylist() for name in ("time", "received")]
    columns = [table["row"].to_pylist(), *times, *(table[name].to_pylist() for name in _KEPT)]
    raw = [Raw(*values) for values in zip(*columns, strict=True)]
    for vehicle, own in groupby(zip(vehicles, raw, strict=True), key=lambda one: one[0]):
        yield vehicle, [one for _, one in own]
