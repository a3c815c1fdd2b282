"""``temporary-limits.geojson``: limits that a control measure put up, for detection to go by.

The web process writes the file whole after each commit that changes it; the pipeline reads it.
A FeatureCollection (RFC 7946) of MultiLineStrings; the properties of a feature:

    id            number of the measure
    limit_kmh     the temporary limit
    from          when it was put up, RFC 3339, UTC
    until         when it was lifted; null while it stands, however late it is: signs that nobody
                  took away still stand
    road, direction, stake_from_m, stake_to_m   the place as it was ordered, null without stakes
    network       digest of the network that ``segments`` belongs to
    segments      [[segment, from_m, to_m], ...], metres along the segment

Limits that were lifted stay in the file for two days, so that records that come late, and a
replay, are judged by what stood at their time. Against another network than the named one the
segments mean nothing; go by road and stakes then.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sizao.core.errors import ConfigError
from sizao.roads.sections import Line, Piece

NAME = "temporary-limits.geojson"


@dataclass(frozen=True)
class TemporaryLimit:
    """One limit. Times are microseconds since the epoch; ``until_us`` None while it stands."""

    id: str
    limit_kmh: float
    from_us: int
    until_us: int | None
    road: str
    direction: str
    stake_from_m: float | None
    stake_to_m: float | None
    network: str
    pieces: tuple[Piece, ...]
    lines: tuple[Line, ...] = ()

    def stands(self, at_us: int) -> bool:
        """Whether the limit stood at a moment: from the first microsecond, not at the last."""
        return self.from_us <= at_us and (self.until_us is None or at_us < self.until_us)


def encode(limits: Iterable[TemporaryLimit]) -> bytes:
    """The file."""
    features = [
        {
            "type": "Feature",
            "id": one.id,
            "geometry": {"type": "MultiLineString", "coordinates": [list(x) for x in one.lines]},
            "properties": {
                "id": one.id,
                "limit_kmh": one.limit_kmh,
                "from": _moment(one.from_us),
                "until": None if one.until_us is None else _moment(one.until_us),
                "road": one.road,
                "direction": one.direction,
                "stake_from_m": one.stake_from_m,
                "stake_to_m": one.stake_to_m,
                "network": one.network,
                "segments": [[x.segment, round(x.from_m, 1), round(x.to_m, 1)] for x in one.pieces],
            },
        }
        for one in limits
    ]
    body = {"type": "FeatureCollection", "features": features}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def load(path: Path) -> tuple[TemporaryLimit, ...]:
    """The limits of the file; none without one. Raises ConfigError that names the feature.

    A bad feature refuses the file: half of the limits are no limits.
    """
    try:
        body = json.loads(path.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    features = body.get("features") if isinstance(body, Mapping) else None
    if not isinstance(features, Sequence):
        raise ConfigError(f"{path.name}: not a FeatureCollection")
    return tuple(_read(path.name, number, one) for number, one in enumerate(features, 1))


def _read(name: str, number: int, raw: Any) -> TemporaryLimit:
    try:
        given = raw["properties"]
        limit = float(given["limit_kmh"])
        if not (math.isfinite(limit) and 0 < limit <= 200):
            raise ValueError(f"limit_kmh {limit} is no speed")
        until = given.get("until")
        return TemporaryLimit(
            id=str(given["id"]),
            limit_kmh=limit,
            from_us=_microseconds(given["from"]),
            until_us=None if until is None else _microseconds(until),
            road=str(given.get("road") or ""),
            direction=str(given.get("direction") or ""),
            stake_from_m=_metres(given.get("stake_from_m")),
            stake_to_m=_metres(given.get("stake_to_m")),
            network=str(given.get("network") or ""),
            pieces=tuple(
                Piece(int(segment), float(low), float(high))
                for segment, low, high in given.get("segments") or ()
            ),
            lines=tuple(
                [(float(lon), float(lat)) for lon, lat in line]
                for line in raw["geometry"]["coordinates"]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{name}: feature {number}: {error}") from error


def _metres(value: Any) -> float | None:
    return None if value is None else float(value)


def _moment(us: int) -> str:
    return datetime.fromtimestamp(us / 1e6, UTC).isoformat().replace("+00:00", "Z")


def _microseconds(text: str) -> int:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return round(at.timestamp() * 1e6)
