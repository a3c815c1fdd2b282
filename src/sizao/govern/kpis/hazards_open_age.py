"""How long the open hazards have been in the ledger: the median of their ages."""

from __future__ import annotations

from collections.abc import Sequence

from sizao.govern.hazards.measures import HazardRecord
from sizao.govern.indicator import Indicator
from sizao.govern.statistics import median, median_interval, percentile


class HazardsOpenAge:
    id = "hazards_open_age"
    rule_id = "kpi.hazard_open_age"
    version = 1
    unit = "s"
    better = "low"
    formula_zh = "在账隐患自登记至今时长的中位数"
    formula_en = "median time since entry over the hazards that are open"

    def compute(self, records: Sequence[HazardRecord], *, at_s: float) -> Indicator:
        scope = [one for one in records if one.found_s <= at_s]
        ages = [at_s - one.found_s for one in scope if one.closed_s is None or one.closed_s > at_s]
        low, high = median_interval(ages) or (None, None)
        return Indicator(
            id=self.id, version=self.version, unit=self.unit, value=median(ages),
            numerator=len(ages), denominator=len(scope), n=len(ages), low=low, high=high,
            p95=percentile(ages, 0.95),
        )  # fmt: skip
