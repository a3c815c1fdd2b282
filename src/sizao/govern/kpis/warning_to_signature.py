"""How long a warning waits until somebody takes it."""

from __future__ import annotations

from collections.abc import Sequence

from sizao.govern.indicator import Indicator
from sizao.govern.records import CaseRecord
from sizao.govern.times import median_time


class WarningToSignature:
    id = "warning_to_signature"
    rule_id = "kpi.warning_to_signature"
    version = 1
    unit = "s"
    better = "low"
    formula_zh = "（签收时刻－预警发布时刻）的中位数"
    formula_en = "median of (signed - warning issued)"

    def compute(self, records: Sequence[CaseRecord], *, at_s: float) -> Indicator:
        return median_time(
            self,
            records,
            start=lambda record: record.issued_s,
            end=lambda record: record.signed_s,
            at_s=at_s,
        )
