"""How long the spans that a forecast left for the desk are kept.

``forecasts/`` holds a file each occasion, some twenty a day. One goes after ``KEPT``, but not while
the desk has not read it, and never if a warning rests on one of its spans: the file is then what
the warning's numbers can be checked against. A file that cannot be read is for a person to look at.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sizao.core.schemas import ASSESSMENT
from sizao.warn.sources import forecasts
from sizao.web.desk.models import Cursor
from sizao.web.ports import installed, ports
from sizao.web.warnings.models import Warning, WarningRepeat
from sizao.web.writing import write

KEPT = timedelta(days=35)
"""A replay of the decision table looks back 30 days, a night's forecast is shown for 35."""


def key_of(path: Path) -> str:
    """Name of the note that the desk has read a file."""
    return f"places:forecast:{path.name}"[:64]


def prune(now: datetime) -> int:
    """Delete what nobody needs, and notes of files that are gone. Returns files deleted."""
    if not installed():
        return 0
    folder = ports().data.forecasts
    files = sorted(folder.glob("*.parquet"), key=_made)
    read = set(
        Cursor.objects.filter(pk__startswith="places:forecast:").values_list("pk", flat=True)
    )
    # The newest is never touched, however old.
    old = [path for path in files[:-1] if key_of(path) in read and now - _made(path) > KEPT]
    gone = [path for path in old if not _cited(path)]
    for path in gone:
        path.unlink(missing_ok=True)
    # A kill in between leaves a note without a file, which the next round takes away.
    left = {key_of(path) for path in folder.glob("*.parquet")}
    with write():
        Cursor.objects.filter(pk__in=read - left).delete()
    return len(gone)


def _made(path: Path) -> datetime:
    """When it was made: its name says so, in feed time; else when it was written."""
    try:
        return datetime.strptime(path.stem.split("-")[0], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _cited(path: Path) -> bool:
    try:
        references = set(_references(path))
    except (OSError, ValueError, pa.ArrowInvalid):
        return True
    return (
        Warning.objects.filter(origin="forecast", origin_ref__in=references).exists()
        or WarningRepeat.objects.filter(origin="forecast", detection__in=references).exists()
    )


def _references(path: Path) -> Iterator[str]:
    for row in pq.read_table(path).cast(ASSESSMENT).to_pylist():
        # As the desk saw it: before the span began.
        facts = forecasts.facts_of(row, row["time"])
        if facts is not None:
            yield facts.detection
