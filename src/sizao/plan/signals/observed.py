"""What recorded tracks say about a junction: which way vehicles turned, how hard they braked.

A fleet is a sample and no fair one: heavy and professional drivers, on their own errands. Shares
of turns and rates of hard braking are its own; nothing is scaled up to all traffic.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from sizao.plan.signals.junction import TURNS, Junction, apart
from sizao.roads.geometry import metres_per_degree

RADIUS_M = 150.0
_INNER_M = 20.0
"""Nearer to the middle a bearing says nothing."""
_PAUSE_S = 90.0
"""A longer silence ends a pass."""
_OFF_DEG = 35.0
HARD_MPS2 = 3.0
"""Deceleration that counts as hard, over at most _STEP_S; a usual threshold, proposed here."""
_STEP_S = 5.0

Column = npt.NDArray[np.float64]


@dataclass
class Observed:
    """passes : came near; turned : by movement; unclear : passes that fit no movement;
    hard : passes with a hard braking; judged : passes with speeds close enough to judge that"""

    passes: int = 0
    vehicles: int = 0
    turned: Counter[str] = field(default_factory=Counter)
    unclear: int = 0
    hard: int = 0
    judged: int = 0

    def hard_share(self) -> tuple[float, float, float]:
        """Share of judged passes with a hard braking, with its 95 % interval (Clopper-Pearson)."""
        if not self.judged:
            return 0.0, 0.0, 1.0
        found = stats.binomtest(self.hard, self.judged).proportion_ci(0.95, "exact")
        return self.hard / self.judged, float(found.low), float(found.high)

    def data(self) -> dict[str, Any]:
        share, lower, upper = self.hard_share()
        whole = sum(self.turned.values())
        return {
            "passes": self.passes,
            "vehicles": self.vehicles,
            "turned": dict(sorted(self.turned.items())),
            "shares": {k: round(v / whole, 3) for k, v in sorted(self.turned.items())},
            "unclear": self.unclear,
            "hard_braking": {"count": self.hard, "judged": self.judged, "share": round(share, 4),
                             "lower": round(lower, 4), "upper": round(upper, 4),
                             "threshold_mps2": HARD_MPS2},
        }  # fmt: skip


def observe(
    junction: Junction,
    at: tuple[float, float],
    vehicle: npt.NDArray[Any],
    time_s: Column,
    lat: Column,
    lon: Column,
    speed_kmh: Column,
) -> Observed:
    """Judge tracks round ``at`` (degrees WGS-84). Columns have shape (n,), in any order.

    A pass is one vehicle's points within RADIUS_M without a long pause. Its movement is that from
    the arm it came along to the arm it left along; both must be seen outside the middle.
    """
    north, east = metres_per_degree(at[0])
    y, x = (lat - at[0]) * north, (lon - at[1]) * east
    away = np.hypot(x, y)
    near = away <= RADIUS_M
    order = np.flatnonzero(near)
    order = order[np.lexsort((time_s[order], vehicle[order]))]
    found = Observed(vehicles=len(set(vehicle[order].tolist())))
    if not len(order):
        return found
    new = np.ones(len(order), np.bool_)
    new[1:] = (vehicle[order][1:] != vehicle[order][:-1]) | (np.diff(time_s[order]) > _PAUSE_S)
    bearing = np.degrees(np.arctan2(x, y)) % 360
    for part in np.split(order, np.flatnonzero(new)[1:]):
        found.passes += 1
        movement = _movement(junction, away[part], bearing[part])
        if movement:
            found.turned[movement] += 1
        else:
            found.unclear += 1
        hard = _hardest(time_s[part], speed_kmh[part])
        if hard is not None:
            found.judged += 1
            found.hard += hard >= HARD_MPS2
    return found


def _movement(junction: Junction, away: Column, bearing: Column) -> str:
    middle = int(np.argmin(away))
    before = [n for n in range(middle) if away[n] >= _INNER_M]
    after = [n for n in range(middle + 1, len(away)) if away[n] >= _INNER_M]
    if not before or not after:
        return ""
    start, end = _arm(junction, bearing[before[0]]), _arm(junction, bearing[after[-1]])
    for turn in TURNS:
        name = f"{start}.{turn}"
        if start and name in junction.movements():
            out = junction.exit_of(name)
            if out is not None and out.id == end:
                return name
    return ""


def _arm(junction: Junction, bearing: float) -> str:
    best = min(junction.arms, key=lambda arm: apart(arm.bearing_deg, bearing))
    return best.id if apart(best.bearing_deg, bearing) <= _OFF_DEG else ""


def _hardest(time_s: Column, speed_kmh: Column) -> float | None:
    """Strongest deceleration in m/s2 between neighbours; None where none are close in time."""
    step = np.diff(time_s)
    fit = (step > 0) & (step <= _STEP_S) & ~np.isnan(np.diff(speed_kmh))
    if not fit.any():
        return None
    return float(np.max(-np.diff(speed_kmh)[fit] / 3.6 / step[fit]))
