"""The share of delistings after which the hazard came back within the period of the rule."""

from __future__ import annotations

from collections.abc import Sequence

from sizao.core.rulebook import entry
from sizao.govern.hazards.measures import HazardRecord
from sizao.govern.indicator import Indicator
from sizao.govern.shares import share


class HazardsReopened:
    id = "hazards_reopened"
    rule_id = "kpi.hazard_reopened"
    version = 1
    unit = "ratio"
    better = "low"
    formula_zh = "销号后90日内返弹次数÷销号次数"
    formula_en = "delistings followed by a reopening within 90 days / delistings"

    def compute(self, records: Sequence[HazardRecord], *, at_s: float) -> Indicator:
        within_s = float(entry("hazard.clock").value("reopened_within")) * 86_400
        delisted = back = 0
        for one in records:
            again = [moment for moment in one.reopened_s if moment <= at_s]
            for gone in (moment for moment in one.delisted_s if moment <= at_s):
                delisted += 1
                back += any(gone < moment <= gone + within_s for moment in again)
        return share(self, back, delisted)
