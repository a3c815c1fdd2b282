"""What arrived, counted by source and hour while it is appended.

:func:`tally` turns a batch into counts; the log adds them in the transaction that holds the batch,
so that the figures are exact after any crash: a row is counted if and only if it is durable.

A count has a key (source, hour of receipt, what). ``what`` is

- ``accepted/TOPIC``: records,
- ``quarantined/REASON``: quarantine records,
- ``delay/EDGE``: accepted records by time from event to receipt, EDGE being the lower edge of
  the bucket in seconds (see :data:`EDGES_S`), or ``early`` for an event after its receipt,
- ``moving/positions``: positions with the engine running, for completeness,
- ``bytes/received``: size of what came, where the part that took it knows (``counts`` of the log's
  ``append``), ``bytes/quarantined``: of what was kept in quarantine.

Frames that never become a record are not counted here: heartbeats and other control messages,
exact duplicates that the protocol layer drops, messages before authentication. One frame may be
both: a position whose last item is cut off is accepted *and* quarantined.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sizao.log.encoding import FEW
from sizao.log.sketch import Sketch, merge, sketch_of

Key: TypeAlias = tuple[str, int, str]
"""Source, hour of receipt as whole hours since the epoch (UTC), what."""

HOUR_US = 3_600_000_000

EDGES_S: tuple[int, ...] = (
    *(0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 90),
    *(120, 150, 180, 240, 300, 420, 600, 900, 1200, 1800, 2700, 3600),
    *(5400, 7200, 10_800, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800),
)
"""Lower edges of the delay buckets, in seconds; the last bucket has no end. From 2 s on to 6 h a
bucket is at most half as wide again as its lower edge, so an interpolated percentile is off by
less than a third."""

EARLY = "early"

_BUCKETS = (EARLY, *map(str, EDGES_S))
_EDGES_US = np.array(EDGES_S, np.int64) * 1_000_000
_SMALL_S = 1200
_SMALL = np.searchsorted(np.array(EDGES_S), np.arange(_SMALL_S), side="right").astype(np.int8)
"""Bucket of each whole second below 20 min, where nearly all delays are."""

_EVENT = {"weather_notices": "sent"}
"""Column from which the delay counts, where it is not ``time``: a notice may speak of tomorrow."""


@dataclass
class Tally:
    """What one append adds."""

    counts: Counter[Key] = field(default_factory=Counter)
    heard: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """First and last moment of receipt, microseconds since the epoch, by source and topic."""
    sketches: dict[tuple[str, int], Sketch] = field(default_factory=dict)
    """Which vehicles reported in which five minutes, by source and hour of receipt."""

    def __bool__(self) -> bool:
        return bool(self.counts)


class TallyReader(Protocol):
    """The tallies of one log. A log that never kept any gives nothing."""

    def counts(self, first_hour: int, last_hour: int) -> list[tuple[str, int, str, int]]:
        """Source, hour, what and count, both hours included."""
        ...

    def heard(self) -> list[tuple[str, str, int]]:
        """Source, topic and last moment of receipt in microseconds; topic may be quarantine."""
        ...

    def begun(self) -> dict[str, int]:
        """The first hour of each source that was ever heard, as far back as tallies are kept."""
        ...

    def quiet(self, after_us: int) -> list[tuple[str, str, int, int]]:
        """Source, topic, start and end of silences of a minute or more that ended after."""
        ...

    def sketches(self, first_hour: int, last_hour: int) -> list[tuple[str, int, bytes]]:
        """Source, hour and sketch, both hours included."""
        ...


def tally(topic: str, *batches: pa.RecordBatch) -> Tally:
    """Counts of batches of a topic; empty for topics whose records have no source.

    Rows without a source count under the empty name. Costs about 3 ms for 100,000 positions of
    one source, a fourth of what preparing and encoding them for the log does.
    """
    found = Tally()
    for batch in batches:
        _count(found, topic, batch)
    return found


def _count(found: Tally, topic: str, batch: pa.RecordBatch) -> None:
    # An order about a source is not a record from it: it was not received.
    if not len(batch) or not {"source", "received"} <= set(batch.schema.names):
        return
    if topic == "positions" and len(batch) >= FEW and _count_compiled(found, topic, batch):
        return
    received_us = _int64(batch.column("received"))
    for name, hour, rows in _groups(batch.column("source"), received_us):
        part, part_us = (
            (batch, received_us)
            if rows is None
            else (batch.take(pa.array(rows)), received_us[rows])
        )
        _add(found, topic, name, hour, part, part_us)


def _count_compiled(found: Tally, topic: str, batch: pa.RecordBatch) -> bool:
    """Add the counts of positions in a compiled pass. False if that cannot be done."""
    # Loaded when first needed: who appends a row now and then does without.
    from sizao.log.counting import counted

    if any(batch.column(name).null_count for name in ("vehicle", "time", "received", "source")):
        return False
    counts = counted(batch, _SMALL, _EDGES_US)
    if counts is None:
        return False
    source = batch.column("source")
    for row, hour, heard_us, number, delays, sketch in zip(*counts, strict=True):
        key = (source[int(row)].as_py(), int(hour))
        before = found.heard.get((key[0], topic), heard_us)
        found.heard[key[0], topic] = (
            int(min(heard_us[0], before[0])),
            int(max(heard_us[1], before[1])),
        )
        found.counts[*key, f"accepted/{topic}"] += int(number[0])
        for bucket in np.flatnonzero(delays):
            found.counts[*key, f"delay/{_BUCKETS[bucket]}"] += int(delays[bucket])
        if number[1]:
            found.counts[*key, "moving/positions"] += int(number[1])
            _see(found, key, sketch)
    return True


def _see(found: Tally, key: tuple[str, int], sketch: Sketch) -> None:
    known = found.sketches.get(key)
    found.sketches[key] = sketch.copy() if known is None else merge(known, sketch)


def _add(
    found: Tally,
    topic: str,
    source: str,
    hour: int,
    batch: pa.RecordBatch,
    received_us: npt.NDArray[np.int64],
) -> None:
    first, last = int(received_us.min()), int(received_us.max())
    before = found.heard.get((source, topic), (first, last))
    found.heard[source, topic] = (min(first, before[0]), max(last, before[1]))
    if topic == "quarantine":
        for item in pc.value_counts(batch.column("reason")).to_pylist():
            found.counts[source, hour, f"quarantined/{item['values']}"] += item["counts"]
        size = pc.sum(pc.binary_length(batch.column("raw"))).as_py()
        found.counts[source, hour, "bytes/quarantined"] += size or 0
        return
    found.counts[source, hour, f"accepted/{topic}"] += len(batch)
    event = batch.column(_EVENT.get(topic, "time"))
    known = None if not event.null_count else np.asarray(event.is_valid())
    event_us = _int64(event)
    delay_us = received_us - event_us if known is None else (received_us - event_us)[known]
    for bucket, count in enumerate(delay_counts(delay_us)):
        if count:
            found.counts[source, hour, f"delay/{_BUCKETS[bucket]}"] += int(count)
    if topic == "positions":
        moving = _moving(batch.column("status"))
        number = int(np.count_nonzero(moving))
        if number:
            found.counts[source, hour, "moving/positions"] += number
            counted = None if number == len(batch) else moving
            _see(found, (source, hour), sketch_of(batch.column("vehicle"), event_us, counted))


def delay_counts(delay_us: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Number of delays in each bucket: early, then one for each of :data:`EDGES_S`."""
    # To the second below: no edge lies within one.
    seconds = delay_us // 1_000_000
    small = (seconds >= 0) & (seconds < _SMALL_S)
    if small.all():
        buckets = _SMALL[seconds]
    else:
        buckets = np.empty(len(seconds), np.int8)
        buckets[small] = _SMALL[seconds[small]]
        buckets[~small] = np.searchsorted(_EDGES_US, delay_us[~small], side="right")
    return np.bincount(buckets, minlength=len(_BUCKETS))


def percentile(delays: Mapping[str, int], share: float) -> float | None:
    """The delay in seconds that ``share`` (0 to 1) of the records do not exceed.

    delays : counts by bucket name, as after ``delay/``

    Interpolated within its bucket as if delays lay evenly there. Below 2 s that is good to a
    second, above to a third; the last bucket gives its lower edge. An early event counts as 0.
    None without records.

    >>> percentile({"early": 1, "2": 98, "60": 1}, 0.5)
    2.5
    """
    total = sum(delays.values())
    if not total:
        return None
    wanted = share * total
    reached = delays.get(EARLY, 0)
    if wanted <= reached:
        return 0.0
    value = 0.0
    for place, edge in enumerate(EDGES_S):
        count = delays.get(str(edge), 0)
        if not count:
            continue
        value = float(edge)
        if reached + count >= wanted:
            if place + 1 < len(EDGES_S):
                value += (EDGES_S[place + 1] - edge) * (wanted - reached) / count
            return value
        reached += count
    return value


def over_quota(source: str, at_s: float, records: int, size: int = 0) -> dict[Key, int]:
    """Counts for input that was refused because a quota was used up; nothing of it is kept."""
    hour = int(at_s // 3600)
    return {(source, hour, "quarantined/over_quota"): records} | (
        {(source, hour, "bytes/over_quota"): size} if size else {}
    )


def used(rows: Iterable[tuple[str, int, str, int]], hour: int) -> dict[str, tuple[int, int]]:
    """Records and bytes that each source handed in during an hour, for
    ``SourceBook.remember_used``. What was refused for the quota is not among them."""
    records: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for source, at, what, number in rows:
        if at != hour or what == "quarantined/over_quota":
            continue
        if what.startswith(("accepted/", "quarantined/")):
            records[source] += number
        elif what == "bytes/received":
            sizes[source] += number
    return {source: (records[source], sizes[source]) for source in records | sizes}


def _int64(column: pa.Array) -> npt.NDArray[np.int64]:
    """Times as integers without a copy; a null becomes any number."""
    buffer = column.buffers()[1]
    return np.frombuffer(buffer, np.int64, len(column), column.offset * 8)


def _moving(status: pa.Array) -> npt.NDArray[np.bool_]:
    """Rows whose engine runs (JT/T 808 status bit 0), or that do not say."""
    words = np.frombuffer(status.buffers()[1], np.uint32, len(status), status.offset * 4)
    running = (words & 1).astype(bool)
    return running | np.asarray(status.is_null()) if status.null_count else running


def _groups(
    sources: pa.Array, received_us: npt.NDArray[np.int64]
) -> list[tuple[str, int, npt.NDArray[np.intp] | None]]:
    """Source, hour and rows of each combination; rows None when there is only one."""
    hour = int(received_us.min()) // HOUR_US
    if int(received_us.max()) // HOUR_US == hour and _all_same(sources):
        return [(sources[0].as_py() or "", hour, None)]
    hours = received_us // HOUR_US - hour
    encoded = sources.fill_null("").dictionary_encode()
    names = encoded.dictionary.to_pylist()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    # One number for both: sorting pairs takes longer than everything else an append does.
    span = int(hours.max()) + 1
    keys = codes * span + hours
    few = len(names) * span < 1 << 16
    present = np.flatnonzero(np.bincount(keys)) if few else np.unique(keys)
    if len(present) == 1:
        return [(names[int(present[0]) // span], hour + int(present[0]) % span, None)]
    return [
        (names[int(key) // span], hour + int(key) % span, np.flatnonzero(keys == key))
        for key in present
    ]


def _all_same(texts: pa.Array) -> bool:
    """Whether every value is the first one, found on the bytes: ten times faster than encoding."""
    if texts.null_count:
        return texts.null_count == len(texts)
    _, offsets_buffer, data_buffer = texts.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int32, len(texts) + 1, texts.offset * 4)
    length = int(offsets[1] - offsets[0])
    if int(offsets[-1] - offsets[0]) != length * len(texts) or np.any(np.diff(offsets) != length):
        return False
    if not length:
        return True
    data = np.frombuffer(data_buffer, np.uint8)[offsets[0] : offsets[-1]]
    return bool(np.array_equal(data[length:], data[:-length]))
