"""The archive played again: vehicle group by vehicle group, each in event time order.

A rule looks at one vehicle at a time, so days of a whole fleet need not be in memory together:
one pass over the days for each group of vehicles (their partition modulo the number of passes)
holds one day of one group. There are as many passes as the fullest day has buckets, so that each
file of it is read once; smaller days are read once a pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import pyarrow as pa

from sizao.core.clock import SHANGHAI
from sizao.core.errors import LogError
from sizao.log.archive import columns, files
from sizao.log.archive.arrivals import Arrivals, partitions_of
from sizao.log.archive.days import DAY_S, day_of, days_between
from sizao.log.archive.manifest import Manifest

PIECE = 1 << 18


def passes(found: Manifest, first_s: int, last_s: int) -> int:
    """Into how many groups the vehicles are split."""
    days = [found.days[date] for date in days_between(first_s, last_s) if date in found.days]
    return max((day.buckets for day in days), default=1)


def replay(
    root: Path, start: datetime, end: datetime, group: int, groups: int
) -> Iterator[pa.RecordBatch]:
    """Positions of one group with ``start <= time < end``, schema POSITION.

    By day; within a day by vehicle and event time, each moment once, in batches of at most
    ``PIECE`` rows. Raises LogError if a file in the way is damaged or missing.
    """
    first_us, end_us = (round(moment.timestamp() * 1_000_000) for moment in (start, end))
    first_s, last_s = first_us // 1_000_000, (end_us - 1) // 1_000_000
    for date in days_between(first_s, last_s):
        of_day = partial(_day, root, date, group, groups)
        rows = files.reading(root, of_day, (OSError,))
        if rows is None:
            continue
        time_us = rows["time_s"].to_numpy() * 1_000_000 + rows["time_us"].to_numpy()
        rows = rows.filter(pa.array((time_us >= first_us) & (time_us < end_us)))
        for begin in range(0, len(rows), PIECE):
            yield columns.unpack(rows.slice(begin, PIECE))


def _day(root: Path, date: str, group: int, groups: int, found: Manifest) -> pa.Table | None:
    day = found.days.get(date)
    chosen = [
        file
        for file in (day.files if day is not None else ())
        # A group is part of one bucket: the numbers of both are powers of two.
        if file.bucket == group % file.buckets
    ]
    fresh = [file for file in found.fresh if day_of(file.first_s) <= date <= day_of(file.last_s)]
    parts = []
    for file in (*chosen, *fresh):
        try:
            rows = columns.read(root / file.name)
        except pa.ArrowInvalid as error:
            raise LogError(f"{root / file.name}: cannot be read: {error}") from error
        if groups > 1:
            rows = rows.filter(pa.array(partitions_of(rows) % groups == group))
        if file in fresh:
            midnight = datetime.fromisoformat(date).replace(tzinfo=SHANGHAI).timestamp()
            since = rows["time_s"].to_numpy() - int(midnight)
            rows = rows.filter(pa.array((since >= 0) & (since < DAY_S)))
        parts.append(rows)
    if not parts:
        return None
    return _in_order(parts) if fresh or len(parts) > 1 else parts[0]


def _in_order(parts: list[pa.Table]) -> pa.Table:
    rows = Arrivals(sum(map(len, parts)))
    for part in parts:
        rows.add_archived(part)
    tables = [some for _, some in rows.in_order()]
    return columns.joined(tables) if tables else parts[0]
