"""Evidence as the gateway leaves it: the file first, then the record that names it."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta

import pyarrow as pa

from sizao.core.schemas import EVIDENCE
from sizao.log.evidence import EvidenceStore
from tests.web.conftest import TRUCK, World

DAY_S = 86_400.0


def send(
    world: World,
    data: bytes,
    *,
    subject: str = TRUCK,
    refers_to: str | None = None,
    source: str = "jt808",
    at: datetime | None = None,
    kind: str = "image",
    name: str = "00_1_6501_0_x.png",
) -> str:
    """Store a piece and append its record. Returns its name in the store."""
    piece = EvidenceStore(world.data.evidence).put(data)
    when = at or world.now - timedelta(seconds=30)
    row = {
        "evidence": piece, "time": when, "received": when, "subject": subject,
        "refers_to": refers_to, "kind": kind, "format": "png", "name": name,
        "bytes": len(data), "channel": 1, "source": source,
    }  # fmt: skip
    world.feeds_log.append({"evidence": pa.RecordBatch.from_pylist([row], schema=EVIDENCE)})
    return piece


def age(world: World, days: float) -> float:
    """Let the files be old, and give the wall moment at which the records are ``days`` old."""
    for path in world.data.evidence.rglob("*"):
        if path.is_file() and "deleted" not in path.parts:
            os.utime(path, (time.time() - 1, time.time() - 1))
    return time.time() + days * DAY_S
