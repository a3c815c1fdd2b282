"""The passages that a detection rests on, out of the intake's log.

There are far too many passages for an index by name. A detection knows when its first and its last
passage were and when the last record of it came: the log is read from those moments on, for as long
as a camera may keep a passage to itself.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.errors import LogError
from sizao.log.interface import LogReader, Segment
from sizao.web.ports import ports

TOPIC = "passages"
LATE = timedelta(minutes=15)
"""What is sent later than this after it happened is not looked for."""
EARLY = timedelta(minutes=1)
"""A camera's clock may be so much ahead."""
ROWS = 5_000
"""Rows read at once."""

Row = dict[str, Any]

logger = logging.getLogger("sizao.detections")


def names_of(detection: Row) -> list[str]:
    """Passages that it rests on, in the order of its evidence."""
    kept = (one.partition(":") for one in detection["evidence"] or ())
    return [name for topic, _, name in kept if topic == TOPIC]


def passages_of(detection: Row) -> list[Row]:
    """Rows of PASSAGE, in the order of the evidence; those that are not found are left out."""
    log, names = ports().evidence.get("intake"), names_of(detection)
    if log is None or not names:
        return []
    found: dict[str, Row] = {}
    moments = {detection["start"], detection["end"], detection["received"] or detection["end"]}
    try:
        for moment in sorted(moments):
            missing = [name for name in names if name not in found]
            if missing:
                found |= _found(log, missing, moment - EARLY, moment + LATE)
    except LogError as error:
        logger.warning("passages of a detection are not shown: %s", error)
    return [found[name] for name in names if name in found]


def _found(log: LogReader, names: list[str], first: datetime, last: datetime) -> dict[str, Row]:
    """Rows of these names among what came between two moments."""
    found: dict[str, Row] = {}
    wanted, after = pa.array(names), _before(log, first)
    while len(found) < len(names) and (segments := log.read(TOPIC, after, ROWS)):
        for segment in segments:
            mask = pc.is_in(segment.batch.column("passage"), value_set=wanted)
            found |= {row["passage"]: row for row in segment.batch.filter(mask).to_pylist()}
        if _began(segments[-1]) > last:
            break
        after = segments[-1].seq
    return found


def _before(log: LogReader, moment: datetime) -> int:
    """Number of a segment up to which everything was received before a moment, 0 for none."""
    low, high = 0, log.last(TOPIC)
    while high - low > 1:
        middle = (low + high) // 2
        some = log.read(TOPIC, middle, 1)
        if some and _began(some[0]) < moment:
            low = middle
        else:
            high = middle
    return low


def _began(segment: Segment) -> datetime:
    """When the first of its rows was received."""
    first: datetime = pc.min(segment.batch.column("received")).as_py()
    return first.astimezone(UTC)
