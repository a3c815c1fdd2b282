"""What the overload rules have in common: the mass that counts, and bands of an excess.

Three denominators are kept apart, because the law does: the limit of the road by axles
(``over_road_limit``), the permitted gross mass of the vehicle (``over_permitted_mass``) and its
rated payload (``over_rated_payload``). A percentage without its denominator is never shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from sizao.detect.hold import Row
from sizao.detect.params import Book, Params, number
from sizao.detect.records import Facts, Found, subject

METHODS = ("static", "low_speed", "high_speed")


def margins(book: Book) -> Params:
    """What may be taken off by the way of weighing, percent."""
    return {
        f"margin_{method}_percent": number(book, "detect.weighing", f"margin_{method}", "percent")
        for method in (*METHODS, "unknown")
    }


def counted_kg(row: Row, params: Params) -> float:
    """Gross mass less the error the way of weighing may have, kg."""
    method = row["method"] if row["method"] in METHODS else "unknown"
    return float(row["gross_kg"]) * (1 - float(params[f"margin_{method}_percent"]) / 100)


def band(value: float, limit: float, edges_percent: Sequence[float]) -> str:
    """Band of an excess over a limit in percent, lower edge inclusive.

    Compared as products: 130 / 100 is not 1.3 in floating point.

    >>> [band(value, 49_000, [30, 50, 100]) for value in (49_001, 63_700, 98_000)]
    ['lt30', '30-50', 'ge100']
    """
    reached = [edge for edge in edges_percent if value * 100 >= limit * (100 + edge) - 1e-6]
    above = [edge for edge in edges_percent if edge not in reached]
    if not above:
        return f"ge{reached[-1]:g}"
    return f"{reached[-1]:g}-{above[0]:g}" if reached else f"lt{above[0]:g}"


def found(row: Row, facts: Facts, measured_kg: float, limit_kg: float, severity: str) -> Found:
    """A detection of one weighing. ``measured_kg`` and ``limit_kg`` by the rule's denominator."""
    known = facts.of_plate(row["plate"], row["plate_colour"])
    place = facts.places.get(row["station"], {})
    quality = [part for part in (row["quality"] or "").split(",") if part]
    if row["method"] in ("high_speed", None):
        quality.append("weighed_in_motion" if row["method"] else "method_unknown")
    return Found(
        vehicle=subject(row["plate"], row["plate_colour"], known),
        vehicle_kind=str(known["kind"]) if known else "other",
        start=row["time"],
        end=row["time"],
        fired=row["time"],
        received=row["received"],
        measured=measured_kg,
        limit=limit_kg,
        severity=severity,
        evidence=(f"weighings:{row['weighing']}",),
        lat=place.get("lat"),
        lon=place.get("lon"),
        road=place.get("road"),
        road_class=place.get("road_class"),
        stake_m=place.get("stake_m"),
        area=place.get("area"),
        quality=tuple(quality),
        part=str(row["weighing"]),
    )
