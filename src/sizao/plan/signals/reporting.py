"""Results as plain data, for the command's JSON and for what the web keeps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sizao.plan.signals.gain import Gain
from sizao.plan.signals.model import Model
from sizao.plan.signals.program import Program, as_data

if TYPE_CHECKING:
    from sizao.plan.microsim.compare import Outcome


def plan_data(model: Model, program: Program) -> dict[str, Any]:
    """A plan with its worth and that of every lane group."""
    result = model.evaluate(program)
    return {
        "plan": as_data(program, model.junction.movements()),
        "cycle_s": result.cycle_s,
        "delay_s": round(result.delay_s, 2),
        "level": result.level,
        "degree": _number(result.degree),
        "critical": _number(result.critical),
        "flow_ratio": _number(result.ratio),
        "lost_s": result.lost_s,
        "oversaturated": result.oversaturated,
        "groups": [
            {
                "group": one.group.name,
                "lanes": one.group.lanes,
                "flow": round(one.group.flow),
                "saturation": round(one.group.sat),
                "green_s": one.green_s,
                "capacity": round(one.capacity),
                "degree": _number(one.degree),
                "delay_s": round(one.delay_s, 1),
                "level": one.level,
                "queue": round(one.queue, 1),
                "permitted": one.permitted,
            }
            for one in result.groups
        ],
    }


def gain_data(found: Gain) -> dict[str, Any]:
    """Delay saved, by the formulas."""
    return {
        "before_s": round(found.before_s, 2),
        "after_s": round(found.after_s, 2),
        "saved_s": round(found.saved_s, 2),
        "lower_s": round(found.lower_s, 2),
        "upper_s": round(found.upper_s, 2),
        "share": round(found.share, 4),
        "sure": found.sure,
    }


def outcome_data(outcome: Outcome) -> dict[str, Any]:
    """Delay saved, in the simulator."""
    saved = outcome.saved
    return {
        "seeds": list(outcome.seeds),
        "before_s": round(outcome.before_s, 2),
        "after_s": round(outcome.after_s, 2),
        "saved_s": round(saved.mean, 2),
        "lower_s": round(saved.lower, 2),
        "upper_s": round(saved.upper, 2),
        "share": round(outcome.share, 4),
        "sure": saved.sure,
        "runs": [
            {
                "seed": seed,
                "before_s": round(first.delay_s, 2),
                "after_s": round(second.delay_s, 2),
                "vehicles": first.vehicles,
                "stops_before": round(first.stops, 3),
                "stops_after": round(second.stops, 3),
                "unserved_before": first.unserved,
                "unserved_after": second.unserved,
            }
            for seed, first, second in zip(
                outcome.seeds, outcome.before, outcome.after, strict=True
            )
        ],
    }


def _number(value: float) -> float | None:
    """Three digits behind the point; None for what is without bound."""
    return round(value, 3) if math.isfinite(value) else None
