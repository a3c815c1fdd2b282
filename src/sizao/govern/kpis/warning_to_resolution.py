"""How long it takes from the warning to the report that the case is resolved.

A reopened case counts from its warning to its latest report: a hasty report saves no time.
"""

from __future__ import annotations

from collections.abc import Sequence

from sizao.govern.indicator import Indicator
from sizao.govern.records import CaseRecord
from sizao.govern.times import median_time


class WarningToResolution:
    id = "warning_to_resolution"
    rule_id = "kpi.warning_to_resolution"
    version = 1
    unit = "s"
    better = "low"
    formula_zh = "（处置完毕或判为误报的时刻－预警发布时刻）的中位数"
    formula_en = "median of (reported resolved or dismissed - warning issued)"

    def compute(self, records: Sequence[CaseRecord], *, at_s: float) -> Indicator:
        return median_time(
            self,
            records,
            start=lambda record: record.issued_s,
            end=lambda record: record.resolved_s,
            at_s=at_s,
        )
