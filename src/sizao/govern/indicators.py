"""The registry of indicators: an explicit list, and what every entry has to keep to."""

from __future__ import annotations

from collections.abc import Sequence

from sizao.core.errors import ConfigError
from sizao.core.rulebook import CERTAINTIES
from sizao.govern.hazards.measures import HazardKpi
from sizao.govern.indicator import Definition, Indicator, Kpi, rule_of, target_of
from sizao.govern.kpis.false_alarms import FalseAlarms
from sizao.govern.kpis.hazards_on_time import HazardsOnTime
from sizao.govern.kpis.hazards_open_age import HazardsOpenAge
from sizao.govern.kpis.hazards_reopened import HazardsReopened
from sizao.govern.kpis.onset_to_warning import OnsetToWarning
from sizao.govern.kpis.resolved_on_time import ResolvedOnTime
from sizao.govern.kpis.signed_on_time import SignedOnTime
from sizao.govern.kpis.warning_to_resolution import WarningToResolution
from sizao.govern.kpis.warning_to_signature import WarningToSignature
from sizao.govern.kpis.warnings_by_level import WarningsByLevel
from sizao.govern.records import CaseRecord

__all__ = [
    "HAZARD_KPIS",
    "KPIS",
    "CaseRecord",
    "Definition",
    "Indicator",
    "Kpi",
    "compute",
    "compute_all",
]

KPIS: tuple[Kpi, ...] = (
    OnsetToWarning(),
    WarningToSignature(),
    WarningToResolution(),
    SignedOnTime(),
    ResolvedOnTime(),
    FalseAlarms(),
    WarningsByLevel(),
)
"""Every indicator, in the order of the flow. Quotas on fines or stops are refused."""


HAZARD_KPIS: tuple[HazardKpi, ...] = (HazardsOnTime(), HazardsReopened(), HazardsOpenAge())
"""Indicators over the ledger of hazards instead of cases."""


def definition(kpi: Kpi | HazardKpi) -> Definition:
    """Names, formula, target and where they come from. Raises ConfigError without a rule entry."""
    rule = rule_of(kpi)
    return Definition(
        id=kpi.id,
        version=kpi.version,
        name_zh=rule.name_zh,
        name_en=rule.name_en,
        unit=kpi.unit,
        better=kpi.better,
        formula_zh=kpi.formula_zh,
        formula_en=kpi.formula_en,
        target=target_of(rule),
        certainty=rule.certainty,
        certainty_zh=CERTAINTIES[rule.certainty],
        citation=rule.citation(),
    )


def definitions() -> tuple[Definition, ...]:
    """Every indicator's definition, in the order of the registry."""
    return tuple(definition(kpi) for kpi in KPIS)


def find(kpi_id: str) -> Kpi:
    """The indicator with this id. Raises ConfigError if there is none."""
    for kpi in KPIS:
        if kpi.id == kpi_id:
            return kpi
    raise ConfigError(f"no indicator {kpi_id!r}; known: {', '.join(kpi.id for kpi in KPIS)}")


def compute(kpi_id: str, records: Sequence[CaseRecord], *, at_s: float) -> Indicator:
    """One indicator over these records as known at ``at_s``."""
    return find(kpi_id).compute(records, at_s=at_s)


def compute_all(records: Sequence[CaseRecord], *, at_s: float) -> tuple[Indicator, ...]:
    """Every indicator over these records as known at ``at_s``, in the order of the registry.

    The caller chooses the records: a period, a unit, a level. An empty choice gives None values.
    """
    return tuple(kpi.compute(records, at_s=at_s) for kpi in KPIS)
