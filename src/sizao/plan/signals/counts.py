"""Turning counts of a junction, and the hourly flow that timing is made for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sizao.core.errors import SaidError
from sizao.plan.signals.junction import Junction, spoken

MOST = 6000
"""Vehicles per hour of one movement beyond which a count is taken for a slip."""


@dataclass(frozen=True)
class Counts:
    """What was counted.

    vehicles : by movement, in the whole time of ``minutes``
    heavy : share of trucks and buses by movement, 0 to 1
    peak : peak hour factor, hour over four times its busiest quarter; 1 where the count is the peak
    walkers : people who crossed each arm in ``minutes``
    """

    minutes: float
    vehicles: Mapping[str, int]
    heavy: Mapping[str, float] = field(default_factory=dict)
    peak: float = 1.0
    walkers: Mapping[str, int] = field(default_factory=dict)

    def flow(self, movement: str) -> float:
        """veh/h in the busiest quarter: counted flow over the peak hour factor (HCM eq. 16-3)."""
        return self.vehicles.get(movement, 0) * 60 / self.minutes / self.peak

    def total(self) -> float:
        """veh/h of all movements."""
        return sum(map(self.flow, self.vehicles))


def counts_of(raw: Mapping[str, Any], junction: Junction) -> Counts:
    """Counts of a file, checked against the junction. Raises SaidError, in words."""
    try:
        minutes = float(raw.get("minutes", 60))
        peak = float(raw.get("peak", 1.0))
        vehicles = {str(key): int(value) for key, value in dict(raw["vehicles"]).items()}
        heavy = {str(key): float(value) for key, value in dict(raw.get("heavy") or {}).items()}
        walkers = {str(key): int(value) for key, value in dict(raw.get("walkers") or {}).items()}
    except (KeyError, TypeError, ValueError) as error:
        raise SaidError("流量填写不全或不是数字", f"counts: {error}") from None
    known = junction.movements()
    for name in (*vehicles, *heavy):
        if name not in known and (vehicles.get(name) or name in heavy):
            raise SaidError(
                f"流量：{name} 不是这个路口的流向（{'、'.join(known)}）",
                f"counts: {name} is no movement of this junction ({', '.join(known)})",
            )
    if not 5 <= minutes <= 24 * 60:
        raise SaidError("调查时长须为 5 分钟至 24 小时", "counts: a count takes 5 minutes to a day")
    if not 0.5 <= peak <= 1:
        raise SaidError(
            "高峰小时系数须在 0.5 至 1 之间",
            "counts: the peak hour factor lies between 0.5 and 1",
        )
    if any(value < 0 for value in (*vehicles.values(), *walkers.values())):
        raise SaidError("流量不能小于 0", "counts: a count is 0 or more")
    if any(not 0 <= value <= 1 for value in heavy.values()):
        raise SaidError(
            "大型车比例须在 0 至 1 之间",
            "counts: the share of heavy vehicles lies between 0 and 1",
        )
    made = Counts(
        minutes, {name: count for name, count in vehicles.items() if count}, heavy, peak, walkers
    )
    high = [name for name in made.vehicles if made.flow(name) > MOST]
    if high:
        name, flow = high[0], made.flow(high[0])
        raise SaidError(
            f"{spoken(junction, name)}折算为每小时 {flow:,.0f} 辆，超过上限 {MOST:,} 辆，请核对",
            f"counts: {name} would have {flow:.0f} vehicles an hour",
        )
    if not made.vehicles:
        raise SaidError("各流向都是 0，没有可用的流量", "counts: nobody was counted")
    return made
