"""What lies along the corpus's way, 26.5 degrees north eastward from 101.7: fences."""

from __future__ import annotations

from functools import cache
from typing import Any

from sizao.roads.fence_grid import Fences
from sizao.roads.fences import Fence, Window
from sizao.roads.network import Network
from tests.checks import corpus, corpus_motion
from tests.detect.tracks import METRES_A_DEGREE_EAST

EVERY_DAY = 127


def lon(km: float) -> float:
    return 101.7 + km * 1000 / METRES_A_DEGREE_EAST


@cache
def fences() -> Fences:
    """Closed areas that overlap, some by the clock; slow areas; a route with holes."""
    made = []
    for number in range(1, 90):
        centre = ((26.5, lon(number * 9)),)
        kind = ("forbidden", "limit", "forbidden", "downgrade")[number % 4]
        windows = (Window(EVERY_DAY, 9 * 3600, 15 * 3600),) if number % 3 == 0 else ()
        made.append(
            Fence(
                number,
                "x",
                kind,
                "circle",
                line=centre,
                reach_m=3500 if number % 5 else 9500,
                windows=windows,
                limit_kmh=50,
                grade_pct=5,
            )
        )
    for number in range(90, 130, 2):
        way = ((26.5, lon((number - 91) * 15)), (26.5, lon((number - 90) * 15)))
        made.append(
            Fence(number, "x", "route", "corridor", line=way, reach_m=50, vehicles=corpus.VEHICLES)
        )
    return Fences(made)


def around(rule: str) -> dict[str, Any]:
    """Arguments of ``Context.build`` for a rule."""
    trucks = dict.fromkeys((*corpus.VEHICLES, *corpus_motion.VEHICLES), "heavy_truck")
    kinds = corpus.KINDS | trucks
    if rule in ("stopped_on_expressway", "wrong_way"):
        return {"fences": fences(), "kinds": kinds, "network": expressway()}
    return {"fences": fences(), "kinds": kinds}


@cache
def expressway() -> Network:
    """Two carriageways 33 m apart."""
    way = [[101.6 + step / 5, 26.5] for step in range(40)]
    back = [[lon, 26.5003] for lon, _ in reversed(way)]
    return Network.from_features(
        {
            "geometry": {"type": "LineString", "coordinates": line},
            "properties": {"road_class": "expressway", "ref": "G5", "oneway": True},
        }
        for line in (way, back)
    )
