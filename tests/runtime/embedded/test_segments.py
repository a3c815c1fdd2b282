"""What a segment is made of: many small arrivals are worked on as one."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from sizao.core.schemas import POSITION
from sizao.log.decoding import decode_segment
from sizao.log.tally import Tally
from sizao.runtime.embedded import segments

NOON_US = 1_767_240_000_000_000


def small(source: str, rows: int) -> pa.RecordBatch:
    given: list[dict[str, Any]] = [
        {
            **dict.fromkeys(POSITION.names),
            "vehicle": f"138{number:08}",
            "time": NOON_US,
            "received": NOON_US,
            "status": 1,
            "source": source,
        }
        for number in range(rows)
    ]
    return pa.RecordBatch.from_pylist(given, POSITION)


def test_small_arrivals_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """An arrival of ten positions by itself costs as much to count as two thousand."""
    seen: list[int] = []

    def tally(topic: str, *batches: pa.RecordBatch) -> Tally:
        seen.extend(map(len, batches))
        return whole(topic, *batches)

    whole = segments.tally
    monkeypatch.setattr(segments, "tally", tally)
    found = segments.ready("positions", *(small(f"city{link % 3}", 10) for link in range(60)))
    assert seen == [600]
    assert found.rows == len(decode_segment(b"".join(found.pieces))) == 600
    hour = NOON_US // 3_600_000_000
    assert found.tally.counts["city1", hour, "accepted/positions"] == 200
    # Long ones are not copied for that.
    segments.ready("positions", small("city1", 400), small("city2", 500))
    assert seen == [600, 400, 500]
