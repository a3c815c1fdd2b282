"""The limit in force for a vehicle on a road: the sign, the law's default, the vehicle's own cap.

The numbers are entries ``limit.*`` of the rule book (``core/rules/limits.yaml``), each with its
source and certainty; nothing here is a number of its own.

* On the sign there is a number: the limit is that, or the vehicle kind's cap if lower.
* No sign: the default for the road's class and lanes, or the kind's cap if lower, and the result
  is marked as a default: a sign nobody entered may stand there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.places import ROAD_CLASS_CODES, ROAD_CLASSES
from sizao.core.rulebook import entry
from sizao.core.vehicles import KIND_CODES, KINDS
from sizao.roads.network import Network

_CLASSES = list(ROAD_CLASSES)
_KINDS = list(KINDS)
_CAPPED = ("limit.hazmat", "limit.school_bus")
_IntColumn = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Basis:
    """Why a limit is what it is, for the page that explains a warning."""

    limit_kmh: float
    rule_id: str
    """Entry of the rule book, or "" where the sign decides."""
    text_zh: str


def _default(road_class: str, many_lanes: bool) -> tuple[float, str]:
    chosen = entry("limit.no_sign_default")
    if road_class in chosen.parameters:
        return float(chosen.value(road_class)), chosen.id
    where = "urban" if road_class == "urban" else "highway"
    if road_class in chosen.value("no_centre_line_classes"):
        law = entry("limit.no_sign")
        return float(law.value(f"{where}_no_centre_line")), law.id
    rule = entry("limit.no_sign_default" if many_lanes else "limit.no_sign")
    return float(rule.value(f"{where}_{'many_lanes' if many_lanes else 'one_lane'}")), rule.id


def _cap(road_class: str, kind: str) -> tuple[float, str]:
    # A ramp belongs to its expressway: the more lenient reading where the map cannot tell.
    fast = road_class in ("expressway", "ramp")
    for rule_id in _CAPPED:
        rule = entry(rule_id)
        if kind in rule.value("kinds"):
            return float(rule.value("expressway" if fast else "other_road")), rule_id
    rule = entry("limit.expressway")
    if not fast:
        return float(rule.value("any")), rule.id
    small = kind in entry("limit.small_passenger_kinds").value("kinds")
    return float(rule.value("small_passenger" if small else "other_motor_vehicle")), rule.id


@cache
def _tables() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Defaults (class, [one lane, many lanes]) and caps (class, kind), km/h.

    Both have a last row of NaN, so that class -1 (unmatched) finds it.
    """
    default = np.full((len(_CLASSES) + 1, 2), np.nan, np.float32)
    cap = np.full((len(_CLASSES) + 1, len(_KINDS)), np.nan, np.float32)
    for code, road_class in enumerate(_CLASSES):
        default[code] = [_default(road_class, many)[0] for many in (False, True)]
        cap[code] = [_cap(road_class, kind)[0] for kind in _KINDS]
    return default, cap


def limit_kmh(
    road_class: _IntColumn,
    kind: _IntColumn,
    posted_kmh: npt.NDArray[np.floating],
    lanes: _IntColumn | None = None,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Limits in force, and whether each came from a default rather than from a sign.

    road_class : core.places.ROAD_CLASS_CODES, -1 for unmatched; shape (n,)
    kind : core.vehicles.KIND_CODES; an unknown code counts as "other"
    posted_kmh : km/h on the sign, NaN without one
    lanes : lanes in the direction of travel, 0 unknown; without it all unknown, counted as one

    Returns float32 km/h, NaN where unmatched, and bool.
    """
    default, cap = _tables()
    kind = np.where((kind >= 0) & (kind < len(_KINDS)), kind, KIND_CODES["other"])
    many = np.zeros(len(road_class), np.int64) if lanes is None else (lanes > 1).astype(np.int64)
    posted = np.asarray(posted_kmh, np.float32)
    unsigned = np.isnan(posted) & (road_class >= 0)
    base = np.where(np.isnan(posted), default[road_class, many], posted)
    limit = np.minimum(base, cap[road_class, kind])
    limit[road_class < 0] = np.nan
    return limit, unsigned


def limits_on(
    network: Network, segment: _IntColumn, kind: _IntColumn
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """:func:`limit_kmh` for matched segments (-1 unmatched), signs for one kind included."""
    limit, unsigned = _limits_on(
        np.require(segment, np.int32, ("C", "W")),
        np.require(kind, np.int8, ("C", "W")),
        network.road_class,
        network.limit_kmh,
        network.limit_kmh_by_kind,
        network.lanes,
        *_tables(),
        KIND_CODES["other"],
    )
    return limit, unsigned


@njit(cache=True, nogil=True)
def _limits_on(segment, kind, classes, posted, by_kind, lanes, default, cap, other):  # type: ignore[no-untyped-def]  # numba
    limit = np.full(len(segment), np.nan, np.float32)
    unsigned = np.zeros(len(segment), np.bool_)
    for i in range(len(segment)):
        own = segment[i]
        if own < 0 or classes[own] < 0:
            continue
        known = kind[i] if 0 <= kind[i] < cap.shape[1] else other
        kmh = posted[own]
        if len(by_kind) and not np.isnan(by_kind[own, known]):
            kmh = by_kind[own, known]
        if np.isnan(kmh):
            unsigned[i] = True
            kmh = default[classes[own], 1 if lanes[own] > 1 else 0]
        limit[i] = min(kmh, cap[classes[own], known])
    return limit, unsigned


def explain(road_class: str, kind: str, posted_kmh: float, lanes: int = 0) -> Basis:
    """Which sign or article gives the limit of one vehicle on one road."""
    if road_class not in ROAD_CLASS_CODES:
        return Basis(float("nan"), "", "未匹配到道路，限速未知")
    kind = kind if kind in KINDS else "other"
    cap, cap_rule = _cap(road_class, kind)
    default, default_rule = _default(road_class, lanes > 1)
    signed = not np.isnan(posted_kmh)
    base, rule_id = (float(posted_kmh), "") if signed else (default, default_rule)
    if cap < base:
        base, rule_id = cap, cap_rule
    if not rule_id:
        return Basis(base, "", f"限速标志 {base:g} km/h")
    where = "（无限速标志）" if not signed else ""
    return Basis(
        base,
        rule_id,
        f"{KINDS[kind]}在{ROAD_CLASSES[road_class]}限速 {base:g} km/h{where}，"
        f"依据：{entry(rule_id).citation()}",
    )
