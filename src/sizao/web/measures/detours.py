"""Planning the way round a closure, and taking it over as a measure of its own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow.compute as pc

from sizao.core.errors import TransitionError
from sizao.respond.diversion import CLASS_NAMES, Detour, Flow, NoWay, class_default, plan
from sizao.roads.network import Network
from sizao.roads.sections import Piece
from sizao.web.measures import services
from sizao.web.measures.closures import closed_segments
from sizao.web.measures.models import ControlMeasure
from sizao.web.measures.places import Where
from sizao.web.ports import installed, ports
from sizao.web.response.proposals import proposed_by
from sizao.web.units.models import User

AROUND_M = 5000.0
"""Terminals within this much of the closure tell how much drives there."""
FEWEST = 5
"""Fewer terminals than this tell nothing."""


def options_of(measure: ControlMeasure) -> dict[str, Any]:
    """The ways round a closure as JSON values: ``flow``, ``options``, ``geometry``.

    Raises TransitionError if it is no closure of a whole road on the present network.
    """
    network = ports().network if installed() else None
    if measure.kind != "closure" or not measure.whole or not measure.open_now:
        raise TransitionError("只为未解除的全幅封闭计算绕行。", "Only for a closure that stands.")
    if network is None or measure.network != network.digest() or not measure.segments:
        raise TransitionError(
            "这项封闭不在现在的路网上，无法计算绕行。", "The closure is not on the present network."
        )
    pieces = tuple(Piece(*piece) for piece in measure.segments)
    flow = _flow(network, measure, pieces[0].segment)
    others = closed_segments(measure.network) - {piece.segment for piece in pieces}
    found = plan(network, pieces, flow, also_closed=sorted(others))
    ways = [one for one in found if isinstance(one, Detour)]
    return {
        "flow": asdict(flow),
        "options": [_option(one) for one in found],
        "geometry": {
            "type": "MultiLineString",
            "coordinates": [
                [list(at) for at in line]
                for line in dict.fromkeys(tuple(line) for way in ways for line in way.lines)
            ],
        },
        "posts": _posts(ways),
    }


def _option(one: Detour | NoWay) -> dict[str, Any]:
    names = CLASS_NAMES[one.vehicle_class]
    same = {"class": one.vehicle_class, "zh": names[0], "en": names[1], "direction": one.direction}
    if isinstance(one, NoWay):
        return {**same, "way": False}
    return {
        **same,
        "way": True,
        "extra_min": round(one.extra_s / 60, 1),
        "extra_km": round(one.extra_m / 1000, 1),
        "length_km": round(one.length_m / 1000, 1),
        "flow_per_h": round(one.flow_per_h),
        "spare_per_h": round(one.spare_per_h),
        "holds": one.flow_per_h <= one.spare_per_h,
        "tightest": one.tightest,
    }


def _posts(ways: list[Detour]) -> list[dict[str, Any]]:
    """Every place once, whichever classes pass it."""
    found = {(round(p.lat, 5), round(p.lon, 5), p.role): asdict(p) for w in ways for p in w.posts}
    return list(found.values())


def _flow(network: Network, measure: ControlMeasure, segment: int) -> Flow:
    """What drives there: terminals on the road around the closure, if they tell of more than the
    usual traffic of its class; they are a part of all vehicles, so the number is a floor."""
    usual = class_default(network, segment)
    if measure.stake_from_m is None or measure.stake_to_m is None:
        return usual
    board = ports().board()
    on = board.filter(pc.equal(board["road"], measure.road))
    stakes = np.array([_number(one) for one in on["stake_m"].to_pylist()])
    speeds = np.array([_number(one) for one in on["speed_kmh"].to_pylist()])
    low, high = sorted((measure.stake_from_m, measure.stake_to_m))
    near = (stakes >= low - AROUND_M) & (stakes <= high + AROUND_M) & (speeds > 5)
    if near.sum() < FEWEST:
        return usual
    km = (high - low + 2 * AROUND_M) / 1000
    both = float(near.sum()) / km * float(speeds[near].mean())  # density times speed
    return Flow(round(both / 2), "terminals", "found") if both / 2 > usual.per_h else usual


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def proposed_with(closure: ControlMeasure) -> dict[str, Any]:
    """Task and proposal of the diversion, if the closure's task asks for one and still runs."""
    task = closure.task
    if task is None or not task.open:
        return {}
    kinds = [one["kind"] for one in proposed_by(task)]
    if "diversion" not in kinds or task.taken.open().filter(kind="diversion").exists():
        return {}
    return {"task": task, "proposal": kinds.index("diversion")}


def take_over(user: User, measure: ControlMeasure) -> ControlMeasure:
    """Order the diversion that goes with a closure, for the same case and time.

    Raises TransitionError if there is no way round, or one was taken over already.
    """
    if ControlMeasure.objects.open().filter(plan__closure=measure.number).exists():
        raise TransitionError("这项封闭已有分流措施。", "There is a diversion for it already.")
    found = options_of(measure)
    if not any(one["way"] for one in found["options"]):
        raise TransitionError(
            "没有可用的绕行路线：请用滞留、入口管制或劝返。",
            "There is no way round: hold vehicles, control entrances, or turn them back.",
        )
    where = Where(
        {
            "place": f"{measure.place} 绕行",
            "road": measure.road,
            "road_class": measure.road_class,
            "direction": measure.direction,
            "stake_from_m": measure.stake_from_m,
            "stake_to_m": measure.stake_to_m,
            "geometry": found["geometry"],
            "network": measure.network,
        }
    )  # fmt: skip
    return services.order(
        user, "diversion", where, case=measure.case, reason=f"{measure.number} 封闭绕行",
        plan={**found, "closure": measure.number}, until_at=measure.until_at
        if measure.until_at > services.feed_now() else None, **proposed_with(measure),
    )  # fmt: skip
