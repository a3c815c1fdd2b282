"""The part of a what-if that is about records: passages, weighings, checks, alarms of devices.

They are judged again in the order in which they came, out of the logs of intake and gateway, as far
back as those keep them. Weighings and roadside checks are few and some rules remember a year of
them: of these all that is kept before the span is the warm-up; of others, the warm-up of positions.

A rule that asks when vehicles were heard is told by the archive of positions. That knows more than
the pipeline did at the time, on both sides alike: what came late is there, and a vehicle that was
heard anywhere in the replay counts as one that has reported before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.schemas import TIME
from sizao.detect import records
from sizao.detect.heard import LATE_US, MINUTE_US, Heard
from sizao.detect.records import RecordContext, RecordState
from sizao.log.archive import manifest
from sizao.log.interface import LogReader
from sizao.runtime.archive.replaying import passes, replay

WHOLE = ("weighings", "roadside_checks")
"""Topics whose whole log is the warm-up."""

Row = dict[str, Any]


class Records(NamedTuple):
    """Rules over records before and after, with the same facts, and the log of each topic."""

    sides: tuple[RecordContext, RecordContext]
    logs: Mapping[str, LogReader]

    @property
    def rules(self) -> set[str]:
        """Those that are on, on either side."""
        return {rule.id for side in self.sides for rule in side.rules}


def logs(intake: LogReader, feeds: LogReader) -> dict[str, LogReader]:
    """The log of every topic that a rule over records may read."""
    of_intake = dict.fromkeys(("passages", "weighings", "roadside_checks"), intake)
    return {**of_intake, "device_alarms": feeds}


def both(
    given: Records, differing: set[str], root: Path, begin: datetime, end: datetime
) -> tuple[list[list[Row]], int]:
    """Last revisions of the differing rules' episodes on both sides, and how many records that
    took. Records with ``begin <= time < end``. Raises LogError if a log or file is damaged."""
    sides = [
        replace(side, rules=tuple(rule for rule in side.rules if rule.id in differing))
        for side in given.sides
    ]
    topics = dict.fromkeys(topic for side in sides for topic in side.topics)
    if any(rule.after_positions for side in sides for rule in side.rules):
        facts = sides[0].facts
        names = _named(given.logs["passages"], facts, begin, end)
        heard = ArchivedMinutes(root, names, begin, end)
        sides = [replace(side, facts=replace(side.facts, heard=heard)) for side in sides]
    states = [RecordState(), RecordState()]
    episodes: list[dict[str, Row]] = [{}, {}]
    count = 0
    for topic in topics:
        since = None if topic in WHOLE else begin
        for batch in _rows(given.logs[topic], topic, since, end):
            count += len(batch)
            for k, side in enumerate(sides):
                found, states[k] = records.step(topic, batch, states[k], side)
                keep(episodes[k], found)
    for k, side in enumerate(sides):
        found, states[k] = records.release(None, states[k], side)
        keep(episodes[k], found)
    return [standing(one) for one in episodes], count


def keep(episodes: dict[str, Row], detections: pa.RecordBatch) -> None:
    """Put the last revision of each episode to those known."""
    for row in detections.to_pylist():
        known = episodes.get(row["id"])
        if known is None or row["revision"] >= known["revision"]:
            # The moment of firing is that of the first report.
            episodes[row["id"]] = row | {"fired": known["fired"]} if known else row


def standing(episodes: Mapping[str, Row]) -> list[Row]:
    """In order of start, those taken back again left out."""
    found = [row for row in episodes.values() if row["severity"] not in ("withdrawn", "cleared")]
    return sorted(found, key=lambda row: (row["start"], row["id"]))


def _rows(
    log: LogReader, topic: str, since: datetime | None, end: datetime
) -> Iterable[pa.RecordBatch]:
    """What happened in the span, in order of arrival."""
    at = 0
    while segments := log.read(topic, at):
        for segment in segments:
            time = segment.batch.column("time")
            wanted = pc.less(time, pa.scalar(end, TIME))
            if since is not None:
                wanted = pc.and_(wanted, pc.greater_equal(time, pa.scalar(since, TIME)))
            some = segment.batch.filter(wanted)
            if len(some):
                yield some
            at = segment.seq


def _named(log: LogReader, facts: records.Facts, begin: datetime, end: datetime) -> frozenset[str]:
    """Vehicles of the register whose plate was read in the span."""
    plates: set[tuple[str | None, int | None]] = set()
    for batch in _rows(log, "passages", begin, end):
        pair = (batch.column(name).to_pylist() for name in ("plate", "plate_colour"))
        plates.update(zip(*pair, strict=True))
    known = [facts.of_plate(plate, colour) for plate, colour in plates if plate]
    return frozenset(str(row["vehicle"]) for row in known if row is not None)


class ArchivedMinutes(Heard):
    """When some vehicles, and every source, were heard: minutes of a span, from the archive."""

    def __init__(self, root: Path, vehicles: frozenset[str], begin: datetime, end: datetime):
        super().__init__()
        self.until_us = 2**62
        self._first = int(begin.timestamp()) // 60
        self._minutes = int(end.timestamp()) // 60 - self._first + 2
        self._root, self._vehicles, self._span = root, vehicles, (begin, end)

    @cached_property
    def _known(
        self,
    ) -> tuple[dict[str, npt.NDArray[np.bool_]], dict[str, npt.NDArray[np.bool_]], dict[str, str]]:
        """By vehicle, by source, and the source that last reported each vehicle."""
        of_vehicle: dict[str, npt.NDArray[np.bool_]] = {}
        of_source: dict[str, npt.NDArray[np.bool_]] = {}
        last: dict[str, tuple[int, str]] = {}
        seconds = [int(moment.timestamp()) for moment in self._span]
        total = passes(manifest.load(self._root), *seconds)
        for group in range(total):
            for batch in replay(self._root, *self._span, group, total):
                time_us = batch.column("time").cast(pa.int64()).to_numpy()
                received_us = batch.column("received").cast(pa.int64()).to_numpy()
                came = received_us // MINUTE_US - self._first
                late = (received_us - time_us > LATE_US) | (received_us <= time_us)
                stamped = np.where(late, came, time_us // MINUTE_US - self._first)
                for name, some in _groups(batch.column("source").fill_null("")):
                    self._mark(of_source, name, came[some])
                names = batch.column("vehicle")
                wanted = pc.is_in(names, pa.array(sorted(self._vehicles), pa.string()))
                rows = np.flatnonzero(wanted.to_numpy(zero_copy_only=False))
                sources = batch.column("source").fill_null("")
                for name, some in _groups(names.take(pa.array(rows))):
                    at = rows[some]
                    self._mark(of_vehicle, name, came[at])
                    self._mark(of_vehicle, name, stamped[at])
                    newest = int(at[np.argmax(received_us[at])])
                    told = int(received_us[newest]), str(sources[newest])
                    last[name] = max(last.get(name, told), told)
        return of_vehicle, of_source, {name: source for name, (_, source) in last.items()}

    def _mark(
        self,
        known: dict[str, npt.NDArray[np.bool_]],
        name: str,
        minutes: npt.NDArray[np.int64],
    ) -> None:
        heard = known.setdefault(name, np.zeros(self._minutes, np.bool_))
        heard[minutes[(minutes >= 0) & (minutes < self._minutes)]] = True

    def _count(self, heard: npt.NDArray[np.bool_] | None, first: int, last: int) -> int:
        if heard is None:
            return 0
        return int(heard[max(first - self._first, 0) : max(last - self._first + 1, 0)].sum())

    def minutes(self, vehicle: str, first: int, last: int) -> int | None:
        return self._count(self._known[0].get(vehicle), first, last)

    def ever(self, vehicle: str) -> bool:
        return vehicle in self._known[0]

    def source_of(self, vehicle: str) -> str | None:
        return self._known[2].get(vehicle)

    def source_minutes(self, source: str | None, first: int, last: int) -> int | None:
        if source is not None:
            return self._count(self._known[1].get(source), first, last)
        return max((self._count(one, first, last) for one in self._known[1].values()), default=0)


def _groups(column: Any) -> Iterable[tuple[str, npt.NDArray[np.int64]]]:
    """Each text of a column with its rows."""
    coded = column.dictionary_encode()
    index = coded.indices.to_numpy(zero_copy_only=False)
    order = np.argsort(index, kind="stable")
    names = coded.dictionary.to_pylist()
    bounds = np.searchsorted(index[order], np.arange(len(names) + 1))
    for k, name in enumerate(names):
        yield name, order[bounds[k] : bounds[k + 1]]
