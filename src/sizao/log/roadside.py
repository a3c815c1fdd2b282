"""Two files that people keep for rules over passages and weighings.

``roadside.yaml`` says where checkpoints and weigh stations stand, by the id their records carry:

    kk-nan-g5: {lat: 26.05, lon: 101.74, road: G5, stake_m: 2697000, area: "510411"}

A checkpoint where a stretch with section speed control (区间测速) begins lists it:

    kk-jin-g5:
      lat: 26.31
      lon: 101.76
      sections:
        - {to: kk-nan-g5, length_m: 29000, limit_kmh: 100, limits: {heavy_truck: 80, hazmat: 80},
           service_area: true, certificate: 检定证书号}

``length_m`` is the shortest way a vehicle can drive, as measured when the section was verified;
``limit_kmh`` holds for every vehicle kind that ``limits`` does not name.

``hot-list.yaml`` names plates that are looked for. An entry needs a purpose, a case, who asked and
another who approved, and an end:

    - {entry: H1, plate: 川DI0001, plate_colour: 2, purpose: 肇事逃逸核查, case: C-1,
       from: 2026-03-01T00:00:00+08:00, until: 2026-03-08T00:00:00+08:00,
       requested_by: a, approved_by: b}

Both are read whole; one bad entry refuses the file, because half a hot list is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from sizao.core.errors import ConfigError
from sizao.core.ids import content_id
from sizao.core.vehicles import KINDS

PLACE = {
    "lat": float,
    "lon": float,
    "road": str,
    "road_class": str,
    "stake_m": float,
    "area": str,
}
"""What is known of a place; everything but the coordinates may be left out."""

SECTION = {
    "to": str,
    "length_m": float,
    "limit_kmh": float,
    "limits": dict,
    "service_area": bool,
    "certificate": str,
}
"""A section that begins at a checkpoint; the first three are needed."""

_WORDS = ("entry", "plate", "purpose", "case", "requested_by", "approved_by")


def places(path: Path) -> dict[str, dict[str, Any]]:
    """Device or station to its place; none without a file. Raises ConfigError naming the device."""
    raw = _read(path)
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{path.name}: must map devices to places")
    return {str(device): _place(path.name, str(device), place) for device, place in raw.items()}


def hot_list(path: Path) -> tuple[dict[str, Any], ...]:
    """Entries with ``from`` and ``until`` in microseconds and the list's version; none without a
    file.

    Raises ConfigError naming the entry.
    """
    raw = _read(path)
    if raw is None:
        return ()
    if not isinstance(raw, list):
        raise ConfigError(f"{path.name}: must be a list of entries")
    version = version_of(path.read_text(encoding="utf-8"))
    entries = tuple(
        {**_entry(path.name, number, one), "version": version} for number, one in enumerate(raw, 1)
    )
    ids = [one["entry"] for one in entries]
    twice = next((name for name in ids if ids.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"{path.name}: entry {twice} stands twice")
    return entries


def version_of(text: str) -> str:
    """Version of a list: the same text has the same."""
    return content_id("hot_list", text)[:8]


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _place(name: str, device: str, raw: Any) -> dict[str, Any]:
    if not isinstance(raw, Mapping) or not set(raw) <= {*PLACE, "sections"}:
        raise ConfigError(f"{name}: {device}: a place has {', '.join(PLACE)}, sections")
    try:
        place = {key: PLACE[key](raw[key]) for key in raw if key in PLACE and raw[key] is not None}
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name}: {device}: {error}") from error
    if not (abs(place.get("lat", 91.0)) <= 90 and abs(place.get("lon", 181.0)) <= 180):
        raise ConfigError(f"{name}: {device}: needs lat and lon in degrees, WGS-84")
    sections = raw.get("sections") or []
    if not isinstance(sections, list):
        raise ConfigError(f"{name}: {device}: sections must be a list")
    if sections:
        place["sections"] = [_section(f"{name}: {device}", device, one) for one in sections]
    return place


def _section(where: str, device: str, raw: Any) -> dict[str, Any]:
    needed = ("to", "length_m", "limit_kmh")
    if (
        not isinstance(raw, Mapping)
        or not set(raw) <= set(SECTION)
        or any(raw.get(key) is None for key in needed)
    ):
        raise ConfigError(
            f"{where}: a section has {', '.join(SECTION)}; {', '.join(needed)} are needed"
        )
    where = f"{where}: section to {raw['to']}"
    try:
        section = {key: SECTION[key](value) for key, value in raw.items() if value is not None}
        limits = {str(kind): float(kmh) for kind, kmh in section.get("limits", {}).items()}
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}: {error}") from error
    unknown = sorted(set(limits) - set(KINDS))
    if unknown:
        raise ConfigError(f"{where}: no vehicle kind {unknown[0]!r}")
    if section["to"] == device or not section["length_m"] > 0:
        raise ConfigError(f"{where}: must lead to another checkpoint, length_m above 0")
    if not all(0 < kmh <= 200 for kmh in (section["limit_kmh"], *limits.values())):
        raise ConfigError(f"{where}: a limit must be above 0 and at most 200 km/h")
    return {**section, "limits": limits}


def _entry(name: str, number: int, raw: Any) -> dict[str, Any]:
    where = f"{name}: entry {number}"
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{where}: must be a mapping")
    for word in _WORDS:
        if not isinstance(raw.get(word), str) or not raw[word].strip():
            raise ConfigError(f"{where}: needs {word}")
    if raw["requested_by"].strip() == raw["approved_by"].strip():
        raise ConfigError(f"{where}: whoever asked cannot approve")
    moments = {}
    for word in ("from", "until"):
        moment = raw.get(word)
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            raise ConfigError(f"{where}: needs {word} as a time with its offset, +08:00")
        moments[word] = int(moment.timestamp() * 1e6)
    if moments["from"] >= moments["until"]:
        raise ConfigError(f"{where}: until must be after from")
    return {
        "entry": raw["entry"],
        "plate": raw["plate"].strip().upper(),
        "plate_colour": raw.get("plate_colour"),
        **moments,
    }
