"""Indicators of the ledger: what they count, and the list of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sizao.govern.indicator import Indicator


@dataclass(frozen=True)
class HazardRecord:
    """What an indicator may know of a hazard: moments, no place and nobody."""

    hazard: str
    found_s: float
    promised_s: float | None = None
    """The first deadline."""
    accepted_s: float | None = None
    """The first acceptance."""
    delisted_s: tuple[float, ...] = ()
    reopened_s: tuple[float, ...] = ()
    closed_s: float | None = None
    """When it left the ledger the last time; None while it is in."""


class HazardKpi(Protocol):
    """As ``indicator.Kpi``, over hazards."""

    id: str
    rule_id: str
    version: int
    unit: str
    better: str
    formula_zh: str
    formula_en: str

    def compute(self, records: Sequence[HazardRecord], *, at_s: float) -> Indicator:
        """The value over these records as known at ``at_s`` (feed time)."""
        ...
