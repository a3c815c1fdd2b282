"""Traffic on every edge from a few counts and the fleet's own flow, with how sure that is.

The fleet's share of all traffic is one number nowhere: heavier near the quarry, lighter in town.
Where traffic is counted the share is known; between counts it is interpolated on the logarithm
(kriging with an exponential covariance), and the error grows with the distance to the next count
and with how few reports an edge has. A flow that is unsure enters a regression shrunk towards the
mean, because an error in a covariate otherwise passes for a weak effect of it.

Source: kriging, Cressie (1993), Statistics for Spatial Data, 3; shrinking of an uncertain
covariate, Carroll, Ruppert, Stefanski and Crainiceanu (2006), Measurement Error in Nonlinear
Models, 4 (regression calibration). Both recalled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sizao.core.errors import ConfigError
from sizao.risk.fleet import Fleet
from sizao.risk.sites import Sites
from sizao.roads.geometry import metres_per_degree

Floats = npt.NDArray[np.float64]

SHARE_LOG_SD, NEAR_LOG_SD, RANGE_M = 0.6, 0.15, 4000.0
"""How much the logarithm of the fleet's share differs over a city, between two edges side by side,
and the distance over which it changes; proposed, for as long as there are under MIN_COUNTS."""

MIN_COUNTS = 12
STREET_REPORTS = 6.0
"""Reports that the mean of the street weighs in an edge's flow; proposed."""

HOWS = ("counted", "fleet", "unknown")


@dataclass(frozen=True, eq=False)
class Exposure:
    """Traffic of e edges. aadt : vehicles a day, NaN unknown; log_error : standard error of its
    logarithm; how : index into HOWS; share_error : of the fleet's share alone."""

    aadt: Floats
    log_error: Floats
    how: npt.NDArray[np.int8]
    share_error: Floats

    def usable(self) -> Floats:
        """AADT for a regression: shrunk to the geometric mean by its reliability, (e,)."""
        known = self.aadt > 0
        if known.sum() < 2:
            return self.aadt
        log = np.log(np.where(known, self.aadt, 1.0))
        mean = log[known].mean()
        error = self.log_error**2
        true = max(float(log[known].var() - error[known].mean()), 1e-6)
        reliable = true / (true + error)
        return np.where(known, np.exp(mean + reliable * (log - mean)), np.nan)


def estimate(sites: Sites, fleet: Fleet, group: npt.NDArray[np.int64]) -> Exposure:
    """Traffic of every edge. Counts are ``sites.aadt``, group is the class of each edge.

    Raises ConfigError if no counted edge has any report of the fleet: a share cannot be known.
    """
    passages, relative = _smooth(sites, fleet)
    counted = sites.aadt > 0
    known = passages > 0
    both = np.flatnonzero(counted & known)
    if not len(both):
        raise ConfigError(
            "no counted edge has reports of the fleet: give aadt on some edges where it drives"
        )
    log_share = np.full(len(sites), np.nan)
    log_share[both] = np.log(passages[both] / sites.aadt[both])
    share, error = _krige(_plane(sites), both, log_share[both], relative[both], group)
    aadt = np.where(known, passages / np.exp(share), np.nan)
    log_error = np.where(known, np.sqrt(error**2 + relative**2), np.inf)
    how = np.where(counted, 0, np.where(known, 1, 2)).astype(np.int8)
    return Exposure(
        np.where(counted, sites.aadt, aadt),
        np.where(counted, 0.05, log_error),
        how,
        error,
    )


def with_exposure(sites: Sites, exposure: Exposure) -> Sites:
    """Sites whose AADT is the estimate, shrunk by its reliability."""
    return replace(sites, aadt=exposure.usable())


def surrogates(sites: Sites, fleet: Fleet) -> Mapping[str, Floats]:
    """Logarithm of events over what the fleet's kilometres let expect, shrunk: (e,) each.

    An event's rate at an edge is gamma-Poisson about the network's, with the weight of five
    expected events, so that one braking on a quiet lane is no black spot. Centred.
    """
    found = {}
    for name, events in fleet.events.items():
        if events.sum() < 20:
            continue
        expected = fleet.km * events.sum() / fleet.km.sum()
        log = np.log((events + 5.0) / (expected + 5.0))
        found[f"ln_{name}"] = log - log.mean()
    return found


def _smooth(sites: Sites, fleet: Fleet) -> tuple[Floats, Floats]:
    """Passages a day with the street's weighed in, and their relative error."""
    names, street = np.unique(sites.name, return_inverse=True)
    alone = names[street] == ""
    street_km = np.bincount(street, sites.length_km)
    per_km = np.bincount(street, fleet.km) / np.maximum(street_km, 1e-9) / fleet.days
    weight = np.where(alone, 0.0, STREET_REPORTS / (STREET_REPORTS + fleet.reports))
    passages = (1 - weight) * fleet.passages(sites) + weight * per_km[street]
    rests_on = fleet.reports + weight * np.bincount(street, fleet.reports)[street]
    return passages, 1.0 / np.sqrt(np.maximum(rests_on, 0.25))


def _plane(sites: Sites) -> Floats:
    lat = (sites.lat[sites.a] + sites.lat[sites.b]) / 2
    lon = (sites.lon[sites.a] + sites.lon[sites.b]) / 2
    north, east = metres_per_degree(float(sites.lat.mean()))
    return np.column_stack((lat * north, lon * east))


def _krige(
    points: Floats,
    at: npt.NDArray[np.int64],
    value: Floats,
    noise: Floats,
    group: npt.NDArray[np.int64],
) -> tuple[Floats, Floats]:
    """Logarithm of the share and its standard error at all points.

    The mean has a part of each class of road that is counted at least three times; the rest is
    a field in the plane.
    """
    times = np.bincount(group[at], minlength=int(group.max()) + 1)
    classes = np.flatnonzero(times >= 3)[1:]
    trend = np.column_stack(
        (np.ones(len(group)), *((group == one).astype(np.float64) for one in classes))
    )
    field, near, reach = _covariance(points[at], value - np.median(value))
    between = np.hypot(*(points[at][:, None, :] - points[at][None, :, :]).transpose(2, 0, 1))
    inner = field**2 * np.exp(-between / reach) + np.diag(near**2 + noise**2)
    # Coefficients of classes are known to differ by half a field's spread; the constant is free.
    prior = np.diag([25.0, *(0.25 * field**2 for _ in classes)])
    whole = inner + trend[at] @ prior @ trend[at].T
    solved = np.linalg.inv(whole)
    middle = float(np.median(value))
    mean, error = np.empty(len(points)), np.empty(len(points))
    for start in range(0, len(points), 1 << 13):
        piece = slice(start, start + (1 << 13))
        far = np.hypot(*(points[piece][:, None, :] - points[at][None, :, :]).transpose(2, 0, 1))
        cross = field**2 * np.exp(-far / reach) + trend[piece] @ prior @ trend[at].T
        mean[piece] = middle + cross @ solved @ (value - middle)
        own = field**2 + near**2 + ((trend[piece] @ prior) * trend[piece]).sum(axis=1)
        error[piece] = np.sqrt(np.maximum(own - ((cross @ solved) * cross).sum(axis=1), near**2))
    return mean, error


def _covariance(points: Floats, residual: Floats) -> tuple[float, float, float]:
    """Spread of the field, spread side by side, and range; defaults on few counts."""
    if len(points) < MIN_COUNTS:
        return SHARE_LOG_SD, NEAR_LOG_SD, RANGE_M
    spread = float(np.clip(residual.std(), 0.1, 2.0))
    # Half the squared difference of each count and its nearest is what there is side by side.
    far = np.hypot(*(points[:, None, :] - points[None, :, :]).transpose(2, 0, 1))
    np.fill_diagonal(far, np.inf)
    nearest = far.argmin(axis=1)
    close = far.min(axis=1) < RANGE_M / 4
    near = NEAR_LOG_SD
    if close.sum() >= MIN_COUNTS:
        near = float(np.sqrt(0.5 * np.mean((residual - residual[nearest])[close] ** 2)))
    return spread, float(np.clip(near, 0.05, spread)), RANGE_M
