"""The share of warnings resolved by the deadline promised when they were issued."""

from __future__ import annotations

from collections.abc import Sequence

from sizao.govern.indicator import Indicator
from sizao.govern.records import CaseRecord
from sizao.govern.shares import share_in_time


class ResolvedOnTime:
    id = "resolved_on_time"
    rule_id = "kpi.warning_resolved"
    version = 1
    unit = "ratio"
    better = "high"
    formula_zh = "时限内处置完毕件数÷（已处置完毕或已过处置时限的件数）"
    formula_en = "resolved by the deadline / (resolved or past the deadline)"

    def compute(self, records: Sequence[CaseRecord], *, at_s: float) -> Indicator:
        return share_in_time(
            self,
            records,
            done=lambda record: record.resolved_s,
            deadline=lambda record: record.resolve_deadline_s,
            at_s=at_s,
        )
