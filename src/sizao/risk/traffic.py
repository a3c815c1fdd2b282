"""The traffic of an assessment: checkpoints, and the fleet's own flow set against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.risk import snapping
from sizao.risk.exposure import estimate, surrogates, with_exposure
from sizao.risk.features import Features
from sizao.risk.fleet import Fleet
from sizao.risk.network_sites import NetworkSites
from sizao.risk.passages import LEAST_DAYS, WHOLE_DAY_H
from sizao.risk.snapping import UNMATCHED

FLEET_DAYS = 3
"""Days of the fleet's record under which it says nothing of a week; proposed."""


def daily(hours: Mapping[int, int]) -> float | None:
    """Vehicles a day of a checkpoint from passages by hour (since 1970, local).

    The median of whole days, as ``passages.seen`` has it; None under LEAST_DAYS of them.
    """
    days: dict[int, list[int]] = {}
    for hour, number in hours.items():
        if number > 0:
            days.setdefault(hour // 24, []).append(number)
    whole = [sum(numbers) for numbers in days.values() if len(numbers) >= WHOLE_DAY_H]
    return float(np.median(whole)) if len(whole) >= LEAST_DAYS else None


def with_traffic(
    placed: NetworkSites,
    counts: Mapping[str, tuple[float, float, float]],
    fleet: Fleet | None,
) -> tuple[NetworkSites, Mapping[str, npt.NDArray[np.float64]], dict[str, Any]]:
    """Sites that know their traffic as far as it is known, surrogate measures, and a summary.

    counts : checkpoint to latitude, longitude and vehicles a day

    Checkpoints of one edge add up. Without a counted edge on which the fleet drives its share is
    not known: then its flow is left aside and only its surrogate measures are used.
    """
    sites = placed.sites
    if counts:
        lat, lon, per_day = (np.array(values) for values in zip(*counts.values(), strict=True))
        snapped = snapping.snap(snapping.build_index(sites), lat, lon)
        here = snapped.quality != UNMATCHED
        total = np.bincount(snapped.edge[here], per_day[here], len(sites))
        sites = replace(sites, aadt=np.where(total > 0, total, np.nan))
    told: dict[str, Any] = {"counted": int((sites.aadt > 0).sum()), "from_fleet": 0}
    extra: Mapping[str, npt.NDArray[np.float64]] = {}
    if fleet is not None and fleet.days >= FLEET_DAYS:
        extra = surrogates(sites, fleet)
        told["surrogates"] = sorted(extra)
        both = (sites.aadt > 0) & (fleet.km > 0)
        if both.any():
            share = fleet.passages(sites)[both] / sites.aadt[both]
            told["fleet_share"] = round(float(np.median(share)), 4)
            found = estimate(sites, fleet, Features(sites).group)
            sites = with_exposure(sites, found)
            told["from_fleet"] = int((found.how == 1).sum())
    return replace(placed, sites=sites), extra, told
