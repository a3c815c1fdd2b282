"""Supervision orders between platforms (报警督办): which ran out without being dealt with.

JT/T 809 0x9401 asks for an alarm to be dealt with by a deadline, 0x1401 answers; only the result
"done" (1) answers for the duty.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.clock import SHANGHAI

ASKED, ANSWERED = "0x9401", "0x1401"
DONE = 1
_COLUMNS = ["time", "link", "kind", "vehicle", "plate", "refers_to", "body"]


def ended(
    batches: Iterable[pa.RecordBatch], since: datetime, now: datetime
) -> Iterator[tuple[str, bool]]:
    """Terminal, and whether nobody had dealt with it by then, of each order that ran out.

    batches : of schema PLATFORM_MESSAGE
    """
    asked: dict[tuple[str, str, str], tuple[str, datetime]] = {}
    done: dict[tuple[str, str, str], datetime] = {}
    for batch in batches:
        kind = pc.utf8_slice_codeunits(batch["kind"], -6, None)
        fits = pc.and_(
            pc.is_in(kind, pa.array([ASKED, ANSWERED])), pc.greater_equal(batch["time"], since)
        )
        for row in batch.filter(fits).select(_COLUMNS).to_pylist():
            key = (row["link"], row["refers_to"] or "", row["plate"] or "")
            body = json.loads(row["body"])
            if row["kind"].endswith(ASKED):
                until = _deadline(body)
                if row["vehicle"] and until is not None:
                    asked[key] = (row["vehicle"], until)
            elif body.get("result") == DONE:
                done[key] = min(row["time"], done.get(key, row["time"]))
    for key, (vehicle, until) in asked.items():
        if until <= now:
            yield vehicle, key not in done or done[key] > until


def _deadline(body: dict[str, Any]) -> datetime | None:
    try:
        found = datetime.fromisoformat(body["supervision_deadline"])
    except (KeyError, TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)
