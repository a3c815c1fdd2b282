"""Identifiers derived from content, so that a replay gives the same ones."""

from __future__ import annotations

import hashlib
from datetime import datetime

PARTITIONS = 64
"""Logical partitions of every vehicle-keyed topic. Fixed for the life of a log."""


def content_id(*parts: object) -> str:
    """A 128-bit hex id of the given parts, stable across processes, machines and versions.

    >>> content_id("speeding", 1, "13800000001") == content_id("speeding", 1, "13800000001")
    True
    """
    return content_digest("\x1f".join(map(str, parts)).encode()).hex()


def content_digest(joined: bytes | memoryview) -> bytes:
    """The 16 bytes of such an id, of its parts as UTF-8 with 0x1F between them."""
    return hashlib.blake2b(joined, digest_size=16).digest()


def partition_of(vehicle: str) -> int:
    """The partition, 0 to 63, that holds everything about a vehicle.

    Uses BLAKE2b and not ``hash()``, which differs from process to process.
    """
    return hashlib.blake2b(vehicle.encode(), digest_size=2).digest()[0] % PARTITIONS


def observation_id(vehicle: str, time: datetime) -> str:
    """Name of a position observation: one vehicle reports one position at one moment.

    A duplicated or re-sent packet therefore has the same id as the first.
    """
    return f"{vehicle}@{int(time.timestamp() * 1000)}"


def observation_id_of(vehicle: str, time_us: int) -> str:
    """The same with microseconds since the epoch, to the digit.

    >>> from datetime import UTC
    >>> observation_id("1", datetime(2026, 3, 2, 1, 2, 3, 4567, tzinfo=UTC))
    '1@1772413323004'
    >>> observation_id_of("1", 1772413323_004567)
    '1@1772413323004'
    """
    return f"{vehicle}@{int(time_us / 1_000_000 * 1000)}"
