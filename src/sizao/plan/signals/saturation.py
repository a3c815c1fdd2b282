"""Saturation flow: how many vehicles an hour of green takes away from a lane group.

Two methods, named wherever a figure is shown:

cjj      base flows of CJJ 152-2010 by the lane's turns, corrected for width and for grade and
         heavy vehicles as that family of norms does
hcm2000  Highway Capacity Manual 2000, equation 16-4; no parking, no bus stops, no conflict with
         people on foot or on bicycles (factors f_p, f_bb, f_Lpb, f_Rpb are 1)

Their numbers are entries of the rule book, with their certainty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sizao.core.errors import ConfigError
from sizao.core.rulebook import entry
from sizao.plan.signals.junction import Lane

METHODS = {"cjj": "CJJ 152-2010", "hcm2000": "HCM 2000"}


def saturation(
    lanes: Sequence[Lane],
    shares: Mapping[str, float],
    *,
    heavy: float,
    grade_pct: float,
    central: bool = False,
    method: str = "cjj",
) -> float:
    """veh/h of green for lanes that share their traffic; left turns protected.

    shares : share of each turn in the group's flow, summing to 1
    heavy : share of trucks and buses, 0 to 1

    Raises ConfigError for an unknown method.
    """
    if method == "cjj":
        return _cjj(lanes, shares, heavy, grade_pct)
    if method == "hcm2000":
        return _hcm(lanes, shares, heavy, grade_pct, central)
    raise ConfigError(f"no saturation flow method {method!r}: {', '.join(METHODS)}")


def _cjj(
    lanes: Sequence[Lane], shares: Mapping[str, float], heavy: float, grade_pct: float
) -> float:
    """Sum over lanes of base x f_w x f_g with f_g = 1 - (G + HV).

    G : grade as a share, uphill only; HV : share of heavy vehicles, at most 0.5 together.
    """
    rule = entry("signal.saturation_cjj")
    base = {"T": rule.value("through"), "L": rule.value("left"), "R": rule.value("right")}
    slowed = 1 - min(max(grade_pct, 0) / 100 + heavy, 0.5)
    total = 0.0
    for lane in lanes:
        part = sum(shares.get(turn, 0) for turn in lane.turns)
        flow = (
            sum(base[turn] * shares.get(turn, 0) for turn in lane.turns) / part
            if part
            else min(base[turn] for turn in lane.turns)
        )
        total += flow * width_factor(lane.width_m) * slowed
    return total


def width_factor(width_m: float) -> float:
    """f_w of the CJJ family.

    >>> [round(width_factor(w), 3) for w in (2.8, 3.25, 3.75)]
    [0.92, 1.0, 1.012]
    """
    if width_m < 3.0:
        return 0.4 * (width_m - 0.5)
    return 1.0 if width_m <= 3.5 else 0.05 * (width_m + 16.5)


_UTILISATION = {("T", 2): 0.952, ("T", 3): 0.908, ("L", 2): 0.971, ("R", 2): 0.885}
"""HCM 2000 exhibit 10-23: f_LU of exclusive lane groups; one lane 1.0."""


def _hcm(
    lanes: Sequence[Lane],
    shares: Mapping[str, float],
    heavy: float,
    grade_pct: float,
    central: bool,
) -> float:
    """s = s_o N f_w f_HV f_g f_a f_LU f_LT f_RT (equation 16-4, exhibit 16-7)."""
    rule = entry("signal.saturation_hcm")
    number = len(lanes)
    width = sum(lane.width_m for lane in lanes) / number
    left, right = shares.get("L", 0.0), shares.get("R", 0.0)
    flow = float(rule.value("base")) * number
    flow *= 1 + (width - 3.6) / 9
    flow *= 100 / (100 + 100 * heavy * (rule.value("heavy_equivalent") - 1))
    flow *= 1 - grade_pct / 200
    flow *= rule.value("central") if central else 1.0
    kind = "L" if left > 0.999 else "R" if right > 0.999 else "T"
    flow *= _UTILISATION.get((kind, min(number, 3)), 0.885 if kind == "R" else 1.0) if (
        number > 1
    ) else 1.0  # fmt: skip
    flow *= 0.95 if left > 0.999 else 1 / (1 + 0.05 * left)
    if right > 0.999:
        return flow * 0.85
    return flow * (1 - (0.135 if number == 1 else 0.15) * right)
