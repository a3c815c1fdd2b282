"""Into which files a day's rows go, and which of them are to be made one: decisions, no disk.

Files of a day are in the order of their age, the oldest first. Each holds one bucket (see
``sorting.py``) of as many as it says, or, few rows, of fewer buckets than the day should have:
such a file is *coarse*, and opened for more vehicles than others.
"""

from __future__ import annotations

from collections.abc import Sequence

from sizao.core.ids import PARTITIONS
from sizao.log.archive.manifest import Day, File

PIECE_ROWS = 32_768
"""No file is made smaller by splitting: a fsync and a footer should be worth it."""
MANY = 16
"""So many files of one size and bucket are made one while the day goes on. A row is then written
once more each time its day grows sixteenfold; and each file in which a vehicle's day is costs a
question 1.5 ms. Calculated for a nation's day of 1,500 helpings of 4 million rows: with 8 a row is
written 2.7 times more and a vehicle is in 11 files, with 16 1.7 times and 16, with 32 once and 26.
"""
HELPING_ROWS = 16_000_000
"""At most so many rows are merged in one step, if that is possible."""
TIDY_ROWS = 32_000_000
"""The same of a past day, whose files are not in the way meanwhile, ..."""
TIDY_FILES = 48
"""of so many files at most: of each a row group is in memory, some 2.5 MB."""


def buckets_for(rows: int, bucket_rows: int) -> int:
    """How many buckets a day of so many rows should have, a power of two."""
    buckets = 1
    while buckets < PARTITIONS and rows > buckets * bucket_rows:
        buckets *= 2
    return buckets


def split(rows: int, buckets: int) -> int:
    """Into how many buckets rows that come to a day are split, given how many it should have."""
    pieces = 1
    while pieces < buckets and rows >= 2 * pieces * PIECE_ROWS:
        pieces *= 2
    return pieces


def crowded(day: Day, buckets: int) -> Sequence[File]:
    """Files to be made one (in each bucket) lest a vehicle's day be in too many; none if none."""
    coarse = _coarse(day, buckets)
    if sum(1 / file.buckets for file in coarse) >= MANY:
        return _helping(coarse)
    for own in _own(day, buckets):
        run = _newest(own)
        if len(run) >= MANY:
            # Older rows stay first: what is coarse, and between these by age, goes before.
            return _helping(coarse) or run
    return ()


def untidy(day: Day, buckets: int) -> Sequence[File]:
    """Files to be made one (in each bucket) so that each bucket has one; none if it is so."""
    coarse = _coarse(day, buckets)
    if not coarse:
        return next((own for own in _own(day, buckets) if len(own) > 1), ())
    # All that has vehicles in common with them at once: a row is then written once, not once
    # for leaving its coarse file and once more for joining its bucket.
    for some in apart(day.files, buckets):
        is_small = len(some) <= TIDY_FILES and _rows(some) <= TIDY_ROWS
        if is_small and any(file in coarse for file in some):
            return some
    return _helping(coarse)


def apart(files: Sequence[File], buckets: int) -> list[list[File]]:
    """The same files in groups that have no vehicle in common, not even when they are split into
    so many buckets or more."""
    groups = min(buckets, *(file.buckets for file in files))
    return [
        found
        for group in range(groups)
        if (found := [file for file in files if file.bucket % groups == group])
    ]


def _coarse(day: Day, buckets: int) -> list[File]:
    return [file for file in day.files if file.buckets < buckets]


def _own(day: Day, buckets: int) -> list[list[File]]:
    """Files of each bucket, the oldest first."""
    own: list[list[File]] = [[] for _ in range(buckets)]
    for file in day.files:
        if file.buckets >= buckets:
            own[file.bucket % buckets].append(file)
    return own


def _newest(own: Sequence[File]) -> Sequence[File]:
    """The last files that are of the size of the very last, or smaller."""
    first = len(own)
    while first and _level(own[first - 1]) <= _level(own[-1]):
        first -= 1
    return own[first:]


def _level(file: File) -> int:
    level, rows = 0, file.rows
    while rows >= MANY:
        rows //= MANY
        level += 1
    return level


def _rows(files: Sequence[File]) -> int:
    return sum(file.rows for file in files)


def _helping(files: Sequence[File]) -> Sequence[File]:
    """The oldest of them, at least one if there is any."""
    end = rows = 0
    while end < len(files) and (not end or rows + files[end].rows <= HELPING_ROWS):
        rows += files[end].rows
        end += 1
    return files[:end]
