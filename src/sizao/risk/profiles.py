"""When in the week crashes happen at a site: the network's week, shrunk towards by ever fewer.

A site's own crashes of 168 hours are far too few. Its profile starts from the network's, is
moved by that of its kind (junction or segment, group of roads), and then by the crashes along
the same street within ``STREET_M``, the site's own among them. Each step counts as much as its
crashes weigh against ``KIND_WEIGHT`` and ``STREET_WEIGHT``.

Weights were chosen on the Bronx 2016-17 for 2018 and Staten Island 2016 for 2017. Looked at and
left out, because they were no better there: areas of 1 and 2 km, all sites within 300 m, a
site's own crashes alone, mixtures of three and six week types.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.ndimage import gaussian_filter1d

from sizao.risk.features import GROUPS, Features
from sizao.risk.neighbourhood import streets
from sizao.risk.sites import Sites
from sizao.risk.snapping import Snapped
from sizao.roads.geometry import metres_per_degree

Floats = npt.NDArray[np.float64]

HOURS = 168
STREET_M = 1000.0
KIND_WEIGHT, STREET_WEIGHT = 2000.0, 500.0
_SMOOTH_H = 1.5
_PLENTY = 20_000.0
"""Crashes from which on the network's own week needs no smoothing."""


def week_profiles(
    sites: Sites,
    features: Features,
    snapped: Snapped,
    hour_of_week: npt.NDArray[np.int64],
    weight: Floats,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Share of each hour of the week at every site: (e, 168) and (n, 168), rows sum to 1.

    hour_of_week : (n,), -1 unknown; weight : (n,), how much each crash counts
    """
    place = np.where(snapped.node >= 0, len(sites) + snapped.node.astype(np.int64), snapped.edge)
    use = (place >= 0) & (hour_of_week >= 0) & (weight > 0)
    place, hour, counted = place[use], hour_of_week[use], weight[use]
    network = np.bincount(hour, counted, HOURS)
    if network.sum() < _PLENTY:
        network = gaussian_filter1d(network + 1e-9, 1.0, mode="wrap")
    network = (network + 1e-6) / (network + 1e-6).sum()
    kind = np.concatenate((features.group, len(GROUPS) + features.strongest))
    of_kind = np.zeros((2 * len(GROUPS), HOURS))
    np.add.at(of_kind, (kind[place], hour), counted)
    of_kind = _shrink(network, _smooth(of_kind, 1.0), KIND_WEIGHT)
    along = _along_street(sites, place, hour, counted)
    found = np.empty((len(along), HOURS), np.float32)
    for start in range(0, len(along), 1 << 15):
        piece = slice(start, start + (1 << 15))
        found[piece] = _shrink(
            of_kind[kind[piece]], _smooth(along[piece], _SMOOTH_H), STREET_WEIGHT
        )
    return found[: len(sites)], found[len(sites) :]


def _shrink(prior: Floats, counts: Floats, prior_weight: float) -> Floats:
    both: Floats = prior_weight * prior + counts
    return both / both.sum(axis=-1, keepdims=True)


def _smooth(counts: npt.NDArray[np.floating], hours: float) -> Floats:
    smooth: Floats = gaussian_filter1d(counts.astype(np.float64), hours, axis=-1, mode="wrap")
    return smooth


def _along_street(
    sites: Sites, place: npt.NDArray[np.int64], hour: npt.NDArray[np.int64], weight: Floats
) -> npt.NDArray[np.float32]:
    """Weighed crashes by hour at each site and along its streets: (e + n, 168)."""
    total = len(sites) + len(sites.node_id)
    lat = np.concatenate(((sites.lat[sites.a] + sites.lat[sites.b]) / 2, sites.lat))
    lon = np.concatenate(((sites.lon[sites.a] + sites.lon[sites.b]) / 2, sites.lon))
    order = np.argsort(place, kind="stable")
    first = np.searchsorted(place[order], np.arange(total + 1))
    # Sites of each street, so that only pairs of one street are looked at.
    street = streets(sites)
    member, column = np.nonzero(street >= 0)
    by_street = np.argsort(street[member, column], kind="stable")
    member = member[by_street]
    _, start = np.unique(street[street >= 0][by_street], return_index=True)
    out = np.zeros((total, HOURS), np.float32)
    _add_streets(
        lat,
        lon,
        member,
        np.append(start, len(member)).astype(np.int64),
        first.astype(np.int64),
        hour[order],
        weight[order],
        out,
    )
    np.add.at(out, (place, hour), weight.astype(np.float32))
    return out


@njit(cache=True)
def _add_streets(
    lat: Floats,
    lon: Floats,
    member: npt.NDArray[np.int64],
    start: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64],
    hour: npt.NDArray[np.int64],
    weight: Floats,
    out: npt.NDArray[np.float32],
) -> None:
    """Add the crashes of other sites of the same street, the nearer the more."""
    for s in range(len(start) - 1):
        for p in range(start[s], start[s + 1]):
            j = member[p]
            if first[j] == first[j + 1]:
                continue
            north, east = metres_per_degree(lat[j])
            for q in range(start[s], start[s + 1]):
                i = member[q]
                dx, dy = (lon[i] - lon[j]) * east, (lat[i] - lat[j]) * north
                square = (dx * dx + dy * dy) / (STREET_M * STREET_M)
                if square >= 1.0 or i == j:
                    continue
                w = (1.0 - square) ** 2
                for crash in range(first[j], first[j + 1]):
                    out[i, hour[crash]] += w * weight[crash]
