"""What a demonstration starts with: units that are no patrol cars, and measures on the road."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from sizao.core.places import ROAD_CLASS_CODES
from sizao.roads.network import Network
from sizao.web.clock import feed_now
from sizao.web.measures.models import ControlMeasure
from sizao.web.measures.places import locate
from sizao.web.measures.services import act, order
from sizao.web.units.models import Unit, User
from sizao.web.units.services import load_patrols

UNITS = (
    ("motorcycle", "铁骑", ""),
    ("tow_truck", "清障车", ""),
    ("ambulance", "救护车", ""),
    ("drone_team", "无人机组", ""),
    ("crane", "吊车", ""),
    ("hazmat_expert", "危化专家", ""),
)
"""Kind, name and further skills of what each brigade can send besides its cars."""


def seed(network: Network) -> None:
    """Make units and measures, once. Needs units and the demonstration's accounts."""
    load_patrols(
        {
            "call_sign": f"{brigade.name_zh} {name}",
            "unit": brigade.code,
            "kind": kind,
            "skills": skills,
        }
        for brigade in Unit.objects.filter(level=Unit.Level.BRIGADE)
        for kind, name, skills in UNITS
    )
    user = User.objects.filter(username="demo-brigade").first()
    above = User.objects.filter(username="demo-detachment").first()
    if user is None or above is None or ControlMeasure.objects.exists():
        return
    now = feed_now()
    for road_class, kind, given in (
        ("expressway", "speed_limit", {"limit_kmh": 60.0, "grade": "3", "urgent": True,
                                       "reason": "团雾多发，能见度不足 200 米"}),
        ("expressway", "sign_text", {"text": "前方团雾，限速60，保持车距",
                                     "reason": "团雾多发，能见度不足 200 米"}),
        ("national", "closure", {"lanes": "1", "urgent": True, "reason": "边坡落石清理",
                                 "until_at": now + timedelta(minutes=20)}),
        ("provincial", "closure", {"reason": "桥梁检测，计划封闭",
                                   "from_at": now + timedelta(hours=2),
                                   "until_at": now + timedelta(hours=6)}),
    ):  # fmt: skip
        found = _stretch(network, road_class)
        if found is None:
            continue
        road, direction, start = found
        where = locate(
            kind, road=road, direction=direction, stake_from_m=start, stake_to_m=start + 2000,
            network=network,
        )  # fmt: skip
        order(user, kind, where, **given)
    lane = ControlMeasure.objects.filter(kind="closure", lanes="1").first()
    if lane is not None:
        act(above, lane.pk, "extend", lane.version, reason="清理未完",
            until_at=now + timedelta(minutes=40))  # fmt: skip


def _stretch(network: Network, road_class: str) -> tuple[str, str, float] | None:
    """A road of the class with stakes: its name, a direction, a stake a little way in."""
    on = np.flatnonzero(
        (network.road_class == ROAD_CLASS_CODES[road_class])
        & np.isfinite(network.stake_start_m)
        & (network.ref != "")
    )
    if not on.size:
        return None
    first = int(on[np.argmax(network.length_m[on])])
    low = min(float(network.stake_start_m[first]), float(network.stake_end_m[first]))
    return str(network.ref[first]), str(network.direction[first]), float(round(low, -2)) + 100.0
