"""What the web needs from outside, as one value that ``app/wiring.py`` fills in.

The web never imports ``runtime``: it gets readers and sinks that keep the promises below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from sizao.core.clock import Clock, now
from sizao.core.errors import ConfigError
from sizao.feeds.redecode import Links
from sizao.log import live
from sizao.log.datadir import DataDir
from sizao.log.interface import LogReader, LogWriter, Segment
from sizao.log.tally import TallyReader

if TYPE_CHECKING:
    from sizao.roads.network import Network


class Tracks(Protocol):
    """Recorded positions of one vehicle."""

    def track(self, vehicle: str, start: datetime, end: datetime) -> pa.RecordBatch:
        """Rows of schema POSITION with ``start <= time < end``, in event time order."""
        ...


class Presence(Protocol):
    """Who was where. Asked only through ``web.fleet.presence``, which asks for purpose and case."""

    def inside(
        self, ring: list[tuple[float, float]], start: datetime, end: datetime
    ) -> list[dict[str, Any]]:
        """Rows of ``runtime.archive.presence.PRESENCE`` of vehicles inside a polygon of
        (lon, lat) corners in ``start <= time < end``. Raises ConfigError for no fit polygon."""
        ...


class Quarantine(Protocol):
    """What one log keeps in quarantine, in segments of schema QUARANTINE."""

    def read(self, after: int, max_rows: int = 10_000) -> list[Segment]: ...

    def first(self) -> int:
        """The oldest segment that is kept; one more than ``last`` if none is."""
        ...

    def last(self) -> int: ...

    def replayed(self, first: int, last: int) -> set[tuple[int, int]]:
        """Segment and row of records that were read again and taken."""
        ...

    def outcome(self, order: str) -> dict[str, int | None] | None:
        """How far an order to read again got, None if its log's writer has not begun."""
        ...


@dataclass
class Ports:
    """Everything outside the Django database that the web process touches."""

    data: DataDir
    clock: Clock
    detections: LogReader
    """Topic ``detections``, written by the pipeline."""
    results: LogReader
    """Topic ``command_results``, written by the gateway."""
    commands: LogWriter
    """Topic ``commands``, written by this process."""
    tracks: Tracks
    network: Network | None
    """The road network; None when none was imported: no map lines, distances as the crow flies."""
    routing: Any = None
    """Travel times on the network; None without a network."""
    tallies: Sequence[TallyReader] = ()
    """What each source sent, of every log that keeps records with a source."""
    quarantines: Mapping[str, Quarantine] = field(default_factory=dict)
    """Quarantine by the name of its log: feeds, intake."""
    platform_links: Mapping[str, str] = field(default_factory=dict)
    """Names of the platform links, and what we are on each: upper or lower."""
    link_readers: Links = field(default_factory=dict)
    """Readers of what platform links have in quarantine, by source."""
    presence: Presence | None = None
    """The track archive's answer to "who was here?"; None where no archive is kept."""
    evidence: Mapping[str, LogReader] = field(default_factory=dict)
    """Logs that name pieces of evidence, by name: feeds, intake, commands."""

    def now(self) -> datetime:
        """Feed time."""
        return now(self.clock)

    def board(self) -> pa.RecordBatch:
        """The live board, schema LIVE."""
        return live.load(self.data.live)


_installed: Ports | None = None


def install(ports: Ports | None) -> None:
    """Called once by the wiring (and by tests)."""
    global _installed
    _installed = ports


def installed() -> bool:
    """Whether the process was wired; ``sizao token`` runs without."""
    return _installed is not None


def ports() -> Ports:
    """The ports. Raises ConfigError in a process that was not wired."""
    if _installed is None:
        raise ConfigError("the web process is not wired: start it with `sizao serve`")
    return _installed
