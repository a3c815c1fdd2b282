"""The share of verified cases that turned out to be false alarms: how good the rules are."""

from __future__ import annotations

from collections.abc import Sequence

from sizao.govern.indicator import Indicator
from sizao.govern.records import CaseRecord
from sizao.govern.shares import share


class FalseAlarms:
    id = "false_alarms"
    rule_id = "kpi.false_read"
    version = 1
    unit = "ratio"
    better = "low"
    formula_zh = "经另一人核实的误报件数÷已核实办结件数"
    formula_en = "false alarms confirmed by another person / cases verified"

    def compute(self, records: Sequence[CaseRecord], *, at_s: float) -> Indicator:
        verified = [
            record
            for record in records
            if record.verified_s is not None and record.verified_s <= at_s
        ]
        return share(self, sum(record.false_alarm for record in verified), len(verified))
