"""How many warnings there were, by level: what the other indicators rest on."""

from __future__ import annotations

from collections.abc import Sequence

from sizao.core.levels import WarningLevel
from sizao.govern.indicator import Indicator
from sizao.govern.records import CaseRecord


class WarningsByLevel:
    id = "warnings_by_level"
    rule_id = "kpi.warnings_by_level"
    version = 1
    unit = "count"
    better = ""
    formula_zh = "期内发布的预警件数，按颜色分列；不设目标"
    formula_en = "warnings issued in the period, by colour; no target"

    def compute(self, records: Sequence[CaseRecord], *, at_s: float) -> Indicator:
        issued = [record for record in records if record.issued_s <= at_s]
        parts = tuple(
            (level.code, sum(record.level is level for record in issued))
            for level in sorted(WarningLevel, reverse=True)
        )
        return Indicator(
            id=self.id,
            version=self.version,
            unit=self.unit,
            value=float(len(issued)),
            numerator=len(issued),
            denominator=len(issued),
            n=len(issued),
            parts=parts,
        )
