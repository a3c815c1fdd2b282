"""Senders with keys, small pictures, and a report to work on."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from sizao.core.source_access import new_key
from sizao.web.reports import limits, senders
from sizao.web.reports.models import Report
from sizao.web.reports.submit import Given, submit

from ..conftest import EAST, World

SOURCES = ("reports:app", "reports:persuader-yunling", "reports:road_staff-east", "weigh:one")


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*extra: bytes, shade: int = 90) -> bytes:
    """A picture of 4 by 4, with further chunks before the end."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes([0, shade, shade, shade, shade]) * 4))
    return b"\x89PNG\r\n\x1a\n" + head + body + b"".join(extra) + chunk(b"IEND", b"")


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    limits.posted.forget()
    limits.asked.forget()


@pytest.fixture
def keys(world: World) -> dict[str, str]:
    """Keys of SOURCES, by source."""
    entries = [
        {"id": id, "name_zh": id, "name_en": id, "owner": {"party": "测试"}} for id in SOURCES
    ]
    world.data.sources.write_text(yaml.safe_dump({"sources": entries}), encoding="utf-8")
    made = {id: new_key(world.data.source_access, id, world.now.timestamp()) for id in SOURCES}
    senders._kept = None
    return made


@pytest.fixture
def hand_in(world: World) -> Callable[..., Report]:
    """A report through the same door as the form's."""

    def made(**over: Any) -> Report:
        given = {
            "service": "hazard", "lat": str(EAST[0]), "lon": str(EAST[1]),
            "text": "护栏缺了一段", "photos": [png()],
        }  # fmt: skip
        return submit(Given(**{**given, **over}), channel="citizen", source="reports")

    return made
