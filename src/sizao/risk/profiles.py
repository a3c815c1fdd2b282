"""When in the week crashes happen at a site: the network's week, bent by what lies around.

A site's own crashes of 168 hours are far too few. The week is cut into six parts (weekday nights,
mornings, middays, afternoons, weekend days and nights). Within a part a site has the network's
hours. How much of its danger falls into each part starts from its kind (junction or segment,
group of roads); then crashes of that part around it, within the four radii and along its street,
its own left out, say how it differs. How far each of them is to be believed is learned, by the
likelihood of where in the week sites' own crashes fell, and may not be negative. Last, its own
crashes count as much as they weigh against ``OWN_WEIGHT``.

Chosen on the Bronx 2016-17 for 2018 and Staten Island 2016 for 2017, PAI at 1 % of
kilometre-hours: 14.32 and 20.97; the street's own 168 hours had 14.23 and 20.70, the network's
week 14.02 and 20.54. Looked at and left out, because they were no better there: eight and twelve
parts, parts with the street's hours inside, months counting less the older they are, areas of 1
and 2 km, all sites within 300 m, mixtures of three and six week types.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import optimize
from scipy.ndimage import gaussian_filter1d

from sizao.risk.features import GROUPS, Features
from sizao.risk.neighbourhood import NAMES, sums_around
from sizao.risk.sites import Sites
from sizao.risk.snapping import Snapped

Floats = npt.NDArray[np.float64]

HOURS = 168
PARTS = ("night", "morning", "midday", "afternoon", "weekend_day", "weekend_night")
KIND_WEIGHT, OWN_WEIGHT = 300.0, 100.0
_PLENTY = 20_000.0
"""Crashes from which on the network's own week needs no smoothing."""
_WEIGHT_SD = 1.0
"""How large weights of the surroundings are thought to be before any crash."""


def _parts() -> npt.NDArray[np.int64]:
    """Part of each hour of the week."""
    day, hour = np.divmod(np.arange(HOURS), 24)
    part = np.select([hour < 6, hour < 10, hour < 15, hour < 20], [0, 1, 2, 3], 0)
    weekend = np.where((hour >= 8) & (hour < 20), 4, 5)
    return np.where(day >= 5, weekend, part)


PART = _parts()


def week_profiles(
    sites: Sites,
    features: Features,
    snapped: Snapped,
    hour_of_week: npt.NDArray[np.int64],
    weight: Floats,
    expected: Floats,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Share of each hour of the week at every site: (e, 168) and (n, 168), rows sum to 1.

    hour_of_week : (n,), -1 unknown; weight : (n,), how much each crash counts
    expected : (e + n,), crashes expected at each site over the same weighed years
    """
    place = np.where(snapped.node >= 0, len(sites) + snapped.node.astype(np.int64), snapped.edge)
    use = (place >= 0) & (hour_of_week >= 0) & (weight > 0)
    place, hour, counted = place[use], hour_of_week[use], weight[use]
    network = np.bincount(hour, counted, HOURS)
    if network.sum() < _PLENTY:
        network = gaussian_filter1d(network + 1e-9, 1.0, mode="wrap")
    network = (network + 1e-6) / (network + 1e-6).sum()
    usual = np.bincount(PART, network, len(PARTS)).astype(np.float64)
    own = np.zeros((len(expected), len(PARTS)))
    np.add.at(own, (place, PART[hour]), counted)
    share = _shares(sites, features, own, expected, usual)
    share = (OWN_WEIGHT * share + own) / (OWN_WEIGHT + own.sum(axis=1, keepdims=True))
    inside = (network / usual[PART]).astype(np.float32)
    found = share.astype(np.float32)[:, PART] * inside
    return found[: len(sites)], found[len(sites) :]


def _shares(
    sites: Sites, features: Features, own: Floats, expected: Floats, usual: Floats
) -> Floats:
    """Share of each part before a site's own crashes are weighed in, (e + n, parts)."""
    kind = np.concatenate((features.group, len(GROUPS) + features.strongest))
    of_kind = np.zeros((2 * len(GROUPS), len(PARTS)))
    np.add.at(of_kind, kind, own)
    of_kind = KIND_WEIGHT * usual + of_kind
    start = np.log(of_kind / of_kind.sum(axis=1, keepdims=True))[kind]
    sums = sums_around(sites, np.column_stack((own, expected)))
    around = np.log((1.0 + sums[:, :, :-1]) / (1.0 + sums[:, :, -1:] * usual)).transpose(
        0, 2, 1
    )  # (sites, parts, surroundings)
    # What is usual for the whole week is no matter of when.
    around -= (around * usual[:, None]).sum(axis=1, keepdims=True)
    weights = _learn(start, around, own)
    return _softmax(start + around @ weights)


def _learn(start: Floats, around: Floats, own: Floats) -> Floats:
    """Weights of the surroundings by penalised likelihood of the parts, none negative."""
    rows = own.sum(axis=1) > 0
    start, around, own = start[rows], around[rows], own[rows]
    total = own.sum(axis=1, keepdims=True)

    def cost(weights: Floats) -> tuple[float, Floats]:
        share = _softmax(start + around @ weights)
        slope = np.einsum("sp,spk->k", total * share - own, around)
        value = -float((own * np.log(share)).sum())
        return value + 0.5 * float(weights @ weights) / _WEIGHT_SD**2, (
            slope + weights / _WEIGHT_SD**2
        )

    first = np.full(len(NAMES), 0.1)
    bounds = [(0.0, 2.0)] * len(NAMES)
    found: Floats = optimize.minimize(cost, first, jac=True, bounds=bounds, method="L-BFGS-B").x
    return found


def _softmax(logarithm: Floats) -> Floats:
    share = np.exp(logarithm - logarithm.max(axis=1, keepdims=True))
    found: Floats = share / share.sum(axis=1, keepdims=True)
    return found
