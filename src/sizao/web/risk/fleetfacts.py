"""What the page of a site says of the supervised fleet there, with every denominator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sizao.risk.fleet_hours import LEAST
from sizao.web.exposure import services as exposure
from sizao.web.risk.files import Results
from sizao.web.risk.ranking import Row


@dataclass(frozen=True)
class FleetFacts:
    """A segment's fleet. ``row`` is None where fewer than LEAST vehicles drove there.
    withheld : hours of the day without a row: nobody drove, or too few
    per_day : passages of the fleet; braking : in a thousand kilometres, here and everywhere
    """

    made: datetime
    days: int
    vehicles: int
    length_share: float
    least: int
    row: dict[str, Any] | None
    withheld: int
    per_day: float
    braking: float | None
    braking_all: float | None
    busiest: int | None


def fleet_facts(results: Results, site: Row) -> FleetFacts | None:
    """The newest sum at a segment; None at a junction, and before the first sum."""
    if site["kind"] != "segment":
        return None
    segments = sum(row["kind"] == "segment" for row in results.rows)
    found = exposure.on_edge(site["row"], segments)
    if found is None:
        return None
    summary, row = found["sum"].summary, found["all"]
    hours = found["hours"]
    per_day = row["km"] / max(site["length_km"], 1e-6) / max(summary["days"], 1) if row else 0.0
    total = summary.get("events", {}).get("harsh_braking")
    return FleetFacts(
        found["sum"].made,
        summary["days"],
        summary["vehicles"],
        summary["length_share"] * 100,
        summary.get("least_vehicles", LEAST),
        row,
        24 - len(hours),
        per_day,
        _rate(row["harsh_braking"], row["km"]) if row else None,
        _rate(total, summary["km"]) if total is not None else None,
        max(hours, key=lambda hour: hours[hour]["km"]) if hours else None,
    )


def _rate(events: float, km: float) -> float | None:
    """Events in a thousand kilometres, None on under 10 km."""
    return events / km * 1000 if km >= 10 else None
