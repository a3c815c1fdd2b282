"""A notice of a weather service or of a neighbour (CAP) as facts, one an event of it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sizao.core.ids import content_id
from sizao.warn.facts import Facts

_KINDS = {"fog": "low_visibility", "road_ice": "road_ice", "rain": "rain", "snow": "snow",
          "wind": "wind"}  # fmt: skip


def facts_of(notice: Mapping[str, Any], now: datetime) -> Facts | None:
    """The fact of one row of WEATHER_NOTICE; None for exercises, tests, cancellations and what
    is over.

    A notice about one county carries its code, one about several is for the city: area empty.
    """
    if notice["status"] != "actual" or notice["action"] == "cancel":
        return None
    if notice["until"] is not None and notice["until"] <= now:
        return None
    origin = _origin(notice)
    kind = _KINDS.get(notice["kind"] or "", "weather" if origin == "weather" else "neighbour")
    areas = sorted({code[:6] for code in (notice["area"] or "").split(",") if code})
    said = notice["headline"] or notice["text"] or ""
    return Facts(
        detection=content_id("place", origin, notice["notice"], notice["kind"] or ""),
        rule=kind,
        severity=f"signal_{notice['level'] or 'none'}",
        vehicle="",
        measured=math.nan,
        limit=math.nan,
        measured_unit="",
        start_s=notice["time"].timestamp(),
        end_s=notice["time"].timestamp(),
        fired_s=now.timestamp(),
        quality=tuple(part for part in (notice["quality"] or "").split(",") if part),
        origin=origin,
        area=areas[0] if len(areas) == 1 else "",
        until_s=notice["until"].timestamp() if notice["until"] else None,
        said=f"{notice['issuer'] or ''}：{said}" if notice["issuer"] else said,
        outline=polygon(notice["polygon"] or ""),
    )


def is_cancellation(notice: Mapping[str, Any]) -> bool:
    """Whether a row takes back real notices: CAP ``msgType`` Cancel, ``status`` Actual."""
    return bool(notice["status"] == "actual" and notice["action"] == "cancel")


def replaced(notice: Mapping[str, Any]) -> list[str]:
    """Ids of the facts that the notices named in ``refers_to`` were.

    A cancellation often leaves out the event, so every kind a notice can have is tried: an id that
    never was finds nothing.
    """
    if notice["status"] != "actual" or notice["action"] not in ("cancel", "update"):
        return []
    origin = _origin(notice)
    return [
        content_id("place", origin, name, kind)
        for name in (notice["refers_to"] or "").split(",")
        if name
        for kind in (*_KINDS, "other", "")
    ]


def _origin(notice: Mapping[str, Any]) -> str:
    return "weather" if (notice["source"] or "").startswith("weather") else "neighbour"


def polygon(wkt: str) -> dict[str, Any] | None:
    """GeoJSON of a WKT ``POLYGON`` or ``MULTIPOLYGON`` as ``feeds.cap`` writes them.

    >>> polygon("POLYGON ((2.0 1.0, 3.0 1.0, 3.0 2.0, 2.0 1.0))")["type"]
    'Polygon'
    """
    rings = [
        [[float(number) for number in corner.split()] for corner in ring.split(",")]
        for ring in re.findall(r"\(([-+\d.eE,\s]+)\)", wkt)
    ]
    rings = [ring for ring in rings if len(ring) >= 4 and all(len(at) == 2 for at in ring)]
    if not rings:
        return None
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings}
    return {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}
