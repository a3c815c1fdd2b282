"""How long the system needs: from the moment a rule could first tell to the warning.

The start of an episode would be the wrong beginning: driving without rest begins four hours before
it becomes a violation.
"""

from __future__ import annotations

from collections.abc import Sequence

from sizao.govern.indicator import Indicator
from sizao.govern.records import CaseRecord
from sizao.govern.times import median_time


class OnsetToWarning:
    id = "onset_to_warning"
    rule_id = "kpi.onset_to_warning"
    version = 1
    unit = "s"
    better = "low"
    formula_zh = "（预警发布时刻－规则最早可以判定的时刻）的中位数；规则自身的最短持续时间不计"
    formula_en = (
        "median of (warning issued - moment at which the rule could first tell); "
        "the rule's own minimum duration is not counted"
    )

    def compute(self, records: Sequence[CaseRecord], *, at_s: float) -> Indicator:
        return median_time(
            self,
            records,
            start=lambda record: record.fired_s,
            end=lambda record: record.issued_s,
            at_s=at_s,
        )
