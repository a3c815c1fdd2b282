"""The share of warnings signed by the deadline promised when they were issued."""

from __future__ import annotations

from collections.abc import Sequence

from sizao.govern.indicator import Indicator
from sizao.govern.records import CaseRecord
from sizao.govern.shares import share_in_time


class SignedOnTime:
    id = "signed_on_time"
    rule_id = "kpi.warning_signed"
    version = 1
    unit = "ratio"
    better = "high"
    formula_zh = "时限内签收件数÷（已签收或已过签收时限的件数）"
    formula_en = "signed by the deadline / (signed or past the deadline)"

    def compute(self, records: Sequence[CaseRecord], *, at_s: float) -> Indicator:
        return share_in_time(
            self,
            records,
            done=lambda record: record.signed_s,
            deadline=lambda record: record.sign_deadline_s,
            at_s=at_s,
        )
