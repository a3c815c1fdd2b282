"""What the rules over roadside checks have in common: the place, and the detection of a check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sizao.detect.hold import Row
from sizao.detect.records import Facts, Found, subject

_PLACE = ("lat", "lon", "road", "road_class", "stake_m", "area")


def place(row: Row, facts: Facts) -> dict[str, Any]:
    """Where it was: as the record says, else where the post stands."""
    known = facts.places.get(row["station"], {})
    if row["lat"] is not None and row["lon"] is not None:
        return {
            "lat": row["lat"],
            "lon": row["lon"],
            "road": row["road"],
            "stake_m": row["stake_m"],
            "area": known.get("area"),
        }
    return {name: known[name] for name in _PLACE if known.get(name) is not None}


def vehicle(case: Mapping[str, Any], facts: Facts) -> str:
    """Who it is by the register as it is now."""
    known = facts.of_plate(case["plate"], case["colour"])
    return subject(case["plate"], case["colour"], known)


def found(
    facts: Facts,
    case: Mapping[str, Any],
    *,
    measured: float,
    limit: float,
    severity: str,
    quality: Sequence[str],
    final: bool = True,
) -> Found:
    """A detection of a case: ``start``, ``plate``, ``colour``, ``part``, ``evidence``,
    ``revision``, ``fired``, ``received`` and ``place`` (:func:`place`); ``version`` and ``vehicle``
    of the first revision where there was one."""
    known = facts.of_plate(case["plate"], case["colour"])
    return Found(
        vehicle=case.get("vehicle") or vehicle(case, facts),
        vehicle_kind=str(known["kind"]) if known else "other",
        start=int(case["start"]),
        end=int(case["start"]),
        fired=int(case["fired"]),
        received=int(case["received"]),
        measured=measured,
        limit=limit,
        severity=severity,
        evidence=tuple(case["evidence"]),
        quality=tuple(quality),
        part=str(case["part"]),
        revision=int(case["revision"]),
        version=case.get("version"),
        final=final,
        **case["place"],
    )
