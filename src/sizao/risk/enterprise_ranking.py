"""When an enterprise is ranked, assessed without a rank, or not assessed: dated data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from sizao.core.errors import ConfigError
from sizao.core.rulebook import CERTAINTIES


@dataclass(frozen=True)
class Ranking:
    """One row of ``data/enterprise_ranking.yaml``; its head says what the numbers mean."""

    first: date
    min_vehicles: int
    min_weight: float
    worse: float
    person_below: int
    certainty: str


@cache
def rankings() -> tuple[Ranking, ...]:
    """All rows, the oldest first. Raises ConfigError for a row that cannot be."""
    text = (resources.files("sizao.risk") / "data/enterprise_ranking.yaml").read_text("utf-8")
    return tuple(sorted((_row(raw) for raw in yaml.safe_load(text)), key=lambda row: row.first))


def in_force(day: date) -> Ranking:
    """The row in force on a day; before the first row it is the first."""
    rows = rankings()
    return next((row for row in reversed(rows) if row.first <= day), rows[0])


def _row(raw: Mapping[str, Any]) -> Ranking:
    try:
        found = Ranking(
            first=raw["from"],
            min_vehicles=int(raw["min_vehicles"]),
            min_weight=float(raw["min_weight"]),
            worse=float(raw["worse"]),
            person_below=int(raw["person_below"]),
            certainty=raw["certainty"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"enterprise_ranking.yaml: {error!r} in {raw}") from error
    if found.certainty not in CERTAINTIES or not 0 <= found.min_weight <= 1 or found.worse < 1:
        raise ConfigError(f"enterprise_ranking.yaml: certainty, min_weight or worse of {raw}")
    return found
