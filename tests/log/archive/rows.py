"""Positions for the tests of the archive, and what the archive should give back."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa

from sizao.log.archive import columns, manifest
from sizao.log.archive.days import DAY_S
from tests.runtime.helpers import START_US, positions

VEHICLES = [str(13_800_000_000 + number) for number in range(40)]
START_S = START_US // 1_000_000


def pieces(count: int, seed: int = 1, each: int = 60) -> list[pa.RecordBatch]:
    """Mixed vehicles over three days, a tenth repeated, a tenth a day late."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        names = chance.choices(VEHICLES, k=each)
        seconds = [number * 3 * DAY_S / count + chance.randrange(600) for _ in names]
        late = [max(s - (DAY_S if chance.random() < 0.1 else 0), 0) for s in seconds]
        names += names[: each // 10]
        late += late[: each // 10]
        made.append(positions(names, [float(int(second)) for second in late]))
    return made


Key = tuple[str, int]


def keys_of(batches: list[pa.RecordBatch]) -> list[Key]:
    """Vehicle and event time in microseconds of each row."""
    return [
        key
        for batch in batches
        for key in zip(
            batch.column("vehicle").to_pylist(),
            batch.column("time").cast(pa.int64()).to_pylist(),
            strict=True,
        )
    ]


def kept(root: Path) -> list[Key]:
    """Every row of every file that the manifest has."""
    files = manifest.load(root).files()
    return keys_of([columns.unpack(columns.read(root / file.name)) for file in files])
