"""The share of hazards accepted by the first deadline; an extension makes nobody punctual."""

from __future__ import annotations

from collections.abc import Sequence

from sizao.govern.hazards.measures import HazardRecord
from sizao.govern.indicator import Indicator
from sizao.govern.shares import share


class HazardsOnTime:
    id = "hazards_on_time"
    rule_id = "kpi.hazard_on_time"
    version = 1
    unit = "ratio"
    better = "high"
    formula_zh = "首次期限内验收合格处数÷（已验收合格或已过首次期限的处数）"
    formula_en = "accepted by the first deadline / (accepted or past it)"

    def compute(self, records: Sequence[HazardRecord], *, at_s: float) -> Indicator:
        decided = kept = waiting = 0
        for one in records:
            if one.promised_s is None or one.found_s > at_s:
                continue
            done = one.accepted_s is not None and one.accepted_s <= at_s
            if not done and at_s <= one.promised_s:
                waiting += 1
                continue
            decided += 1
            kept += done and one.accepted_s is not None and one.accepted_s <= one.promised_s
        return share(self, kept, decided, waiting=waiting)
