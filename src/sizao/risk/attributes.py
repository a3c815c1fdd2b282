"""A prior for roads without crash records, from what the road is like.

Factors of class, bends, undivided fast traffic and dense junctions multiply a length, and the
total is calibrated to the crashes that there are. The factors are project defaults of low
certainty: each carries its doubt, and together they widen the dispersion, so that a few crashes
of the road's own soon weigh more.

The idea of scoring a road's attributes is iRAP's; its coefficients are proprietary and not used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from sizao.core.errors import ConfigError
from sizao.core.rulebook import CERTAINTIES
from sizao.risk.features import GROUPS, Features
from sizao.risk.sites import Sites
from sizao.roads.geometry import metres_per_degree

Floats = npt.NDArray[np.float64]

SHARP_DEG_KM, GENTLE_DEG_KM = 150.0, 50.0
FAST_KMH, CLOSE_M = 70.0, 150.0


@cache
def factors() -> Mapping[str, Mapping[str, Any]]:
    """Factors of ``data/attributes.yaml`` by id. Raises ConfigError on an unknown certainty."""
    text = (resources.files("sizao.risk") / "data/attributes.yaml").read_text(encoding="utf-8")
    found = {raw["id"]: raw for raw in yaml.safe_load(text)}
    for name, raw in found.items():
        if raw["certainty"] not in CERTAINTIES or not raw["ratio"] > 0:
            raise ConfigError(f"attributes.yaml: {name}: certainty or ratio is wrong")
    return found


def present(sites: Sites, features: Features) -> dict[str, npt.NDArray[np.bool_]]:
    """Which factor holds for which edge, (e,) each."""
    turning = turning_deg_km(sites)
    arms = np.minimum(sites.degree[sites.a], sites.degree[sites.b])
    return {
        **{f"class.{name}": features.group == i for i, name in enumerate(GROUPS)},
        "curve.sharp": turning > SHARP_DEG_KM,
        "curve.gentle": (turning > GENTLE_DEG_KM) & (turning <= SHARP_DEG_KM),
        "undivided_fast": (np.nan_to_num(sites.limit) >= FAST_KMH) & ~sites.oneway,
        "junctions.dense": (arms >= 4) & (sites.length_m < CLOSE_M),
        "raised": sites.raised,
    }


def prior(sites: Sites, features: Features) -> tuple[Floats, Floats]:
    """Relative crashes a kilometre of each edge and the variance of their logarithm, (e,)."""
    log, variance = np.zeros(len(sites)), np.zeros(len(sites))
    for name, holds in present(sites, features).items():
        log += math.log(factors()[name]["ratio"]) * holds
        variance += float(factors()[name]["log_sd"]) ** 2 * holds
    return np.exp(log), variance


def turning_deg_km(sites: Sites) -> Floats:
    """Degrees that a road turns a kilometre, added up over its bends, (e,).

    Edges drawn straight have 0: their bends are not known.
    """
    edge = sites.piece_edge
    north, east = metres_per_degree(float(sites.lat.mean()))
    heading = np.arctan2(np.diff(sites.piece_lon, axis=1)[:, 0] * east,
                         np.diff(sites.piece_lat, axis=1)[:, 0] * north)  # fmt: skip
    turn = np.abs((np.diff(heading) + math.pi) % (2 * math.pi) - math.pi)
    same = edge[1:] == edge[:-1]
    # Pieces of one line follow each other; where two lines of one edge meet they do not.
    follows = np.abs(sites.piece_lat[1:, 0] - sites.piece_lat[:-1, 1]) < 1e-9
    total = np.bincount(edge[1:], np.where(same & follows, turn, 0.0), len(sites))
    found: Floats = np.degrees(total) / sites.length_km
    return found
