"""When in the week crashes happen at a site: the network's week, bent as far as records show.

A site's own crashes of 168 hours are far too few, so its week is the network's times smooth
shapes (:mod:`week_shapes`) with weights that come from ever nearer records: its kind (junction or
segment, group of roads), the area, the street near by, the site itself. Each level explains what
the wider ones left, shrunk by Empirical Bayes: pairs of different crashes of one level say how
much places differ in a shape (a U-statistic, so that no crash agrees with itself), and a level or
shape whose pairs do not agree beyond their error has no say. Last come the hours of a place's own
crashes, which no smooth shape holds (:mod:`own_hours`).

Reaches, the two errors and the weight of hour times day were chosen on the Bronx 2016-17 for 2018
and Staten Island 2016 for 2017, all crashes and 1 to 30 % of them, by the likelihood of the later
year's hours. Looked at and no better there: two areas or two street reaches at once, a second
round over the levels, two to six waves, areas as circles of 0.5 to 2 km.

Source: shrinkage of a weighted mean, Efron and Morris (1973), JASA 68; the variance between
groups from pairs, Hoeffding (1948), Annals of Mathematical Statistics 19. Both recalled.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from sizao.risk.features import GROUPS, Features
from sizao.risk.neighbourhood import streets
from sizao.risk.own_hours import OwnHours
from sizao.risk.sites import Sites
from sizao.risk.snapping import Snapped
from sizao.risk.week_shapes import HOURS, shapes
from sizao.roads.geometry import metres_per_degree

Floats = npt.NDArray[np.float64]

AREA_M, STREET_M = 600.0, 500.0
"""Standard deviation of an area's weights; where those of a street reach 0."""

PRODUCT_WEIGHT = 400.0
"""Crashes that hour times day weighs in the network's week; a hundred crashes hold no more."""

_SURE = 2.0
"""Standard errors that the agreement of pairs must exceed to count."""

_A_LITTLE = 0.2
_CELL_M = 300.0
_PLENTY = 20_000.0
"""Crashes from which on the network's own week needs no smoothing."""

_STEEPEST = 3.0
"""Bound of a logarithm: no hour is more than twenty times the network's share."""

Add = Callable[[Floats, int], Floats]
"""Adds up columns of all sites (m, p) around each site; the weights are taken to a power."""


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
    total = len(sites) + len(sites.node_id)
    week = _network(hour, counted)
    basis = shapes(week)
    bends = _bends(basis[hour], place, counted, total, _levels(sites, features))

    def bent(rows: npt.NDArray[np.int64] | slice) -> Floats:
        share: Floats = week * np.exp(np.clip(bends[rows] @ basis.T, -_STEEPEST, _STEEPEST))
        return share / share.sum(axis=1, keepdims=True)

    own = OwnHours.of(place, hour, counted)
    prior = own.prior(bent)
    found = np.empty((total, HOURS), np.float32)
    for start in range(0, total, 1 << 15):
        piece = slice(start, start + (1 << 15))
        found[piece] = own.moved(start, bent(piece), prior)
    return found[: len(sites)], found[len(sites) :]


def _network(hour: npt.NDArray[np.int64], weight: Floats) -> Floats:
    """The network's week: day of the week times hour of the day, moved by the 168 hours."""
    seen = np.bincount(hour, weight, HOURS).astype(np.float64)
    of_day = seen.reshape(7, 24).sum(axis=0) + _A_LITTLE
    of_week = seen.reshape(7, 24).sum(axis=1) + 24 * _A_LITTLE
    product = np.outer(of_week, gaussian_filter1d(of_day, 1.0, mode="wrap")).ravel()
    if seen.sum() < _PLENTY:
        seen = gaussian_filter1d(seen, 1.0, mode="wrap")
    week: Floats = PRODUCT_WEIGHT * product / product.sum() + seen
    return week / week.sum()


def _bends(
    shape: Floats, place: npt.NDArray[np.int64], weight: Floats, total: int, levels: list[Add]
) -> Floats:
    """Weight of each shape at every site, (total, shapes).

    shape : (n, shapes), the shapes at each crash's hour
    """
    each = shape.shape[1]
    count = np.bincount(place, weight, total).astype(np.float64)[:, None]
    square = np.bincount(place, weight**2, total).astype(np.float64)[:, None]
    seen = np.column_stack(
        [np.bincount(place, weight * shape[:, k], total) for k in range(each)]
    ).reshape(total, each)
    # A crash's pair with itself, to be taken out of every sum over pairs.
    same = weight**2 @ shape**2
    found = np.zeros((total, each))
    for add in levels:
        left = seen - count * found
        around = add(np.column_stack((left, count)), 1)
        mean_of, near = around[:, :each], around[:, each:]
        noise = add(square, 2)
        pairs = float((count * near).sum() - square.sum())
        error = np.sqrt(2 * max(float((square * noise).sum() - square.sum()), 0.0))
        agreeing = (left * mean_of).sum(axis=0) - same - _SURE * error
        differ = np.maximum(agreeing, 0.0) / max(pairs, 1e-12)
        # The mean of what is near is unsure by noise / near^2, and places differ by ``differ``.
        whole = near**2 * differ + noise
        found += near * mean_of * differ / np.where(whole > 0, whole, 1.0)
    return found


def _levels(sites: Sites, features: Features) -> list[Add]:
    """Kind, area, street, the site itself: from the widest on."""
    lat = np.concatenate(((sites.lat[sites.a] + sites.lat[sites.b]) / 2, sites.lat))
    lon = np.concatenate(((sites.lon[sites.a] + sites.lon[sites.b]) / 2, sites.lon))
    kind = np.concatenate((features.group, len(GROUPS) + features.strongest))
    return [
        lambda columns, power: _of_group(kind, columns),
        _area(lat, lon),
        _street(sites, lat, lon),
        lambda columns, power: columns,
    ]


def _of_group(group: npt.NDArray[np.int64], columns: Floats) -> Floats:
    sums = np.zeros((int(group.max()) + 1, columns.shape[1]))
    np.add.at(sums, group, columns)
    return sums[group]


def _area(lat: Floats, lon: Floats) -> Add:
    """Gaussian weights in the plane, from cell to cell of a grid."""
    north, east = metres_per_degree(float(lat.mean()))
    row = np.round((lat - lat.min()) * north / _CELL_M).astype(np.int64)
    column = np.round((lon - lon.min()) * east / _CELL_M).astype(np.int64)
    grid = (int(row.max()) + 1, int(column.max()) + 1)

    def add(columns: Floats, power: int) -> Floats:
        # A Gaussian squared is one with a smaller reach. Its peak is to be 1, not its sum.
        reach = AREA_M / _CELL_M / np.sqrt(power)
        found = np.empty_like(columns)
        for k in range(columns.shape[1]):
            cells = np.zeros(grid)
            np.add.at(cells, (row, column), columns[:, k])
            smooth = gaussian_filter(cells, reach, mode="constant", truncate=3.0)
            found[:, k] = smooth[row, column] * (2 * np.pi * reach**2)
        return found

    return add


def _street(sites: Sites, lat: Floats, lon: Floats) -> Add:
    """Weights (1 - d^2 / STREET_M^2)^2 between sites of one street, 1 for the site itself."""
    street = streets(sites)
    member, which = np.nonzero(street >= 0)
    order = np.argsort(street[member, which], kind="stable")
    member = member[order]
    _, start = np.unique(street[street >= 0][order], return_index=True)
    start = np.append(start, len(member)).astype(np.int64)

    def add(columns: Floats, power: int) -> Floats:
        found = columns.copy()
        holds = (columns != 0).any(axis=1)
        _add_street(lat, lon, member, start, columns, holds, 2 * power, found)
        return found

    return add


@njit(cache=True)
def _add_street(
    lat: Floats,
    lon: Floats,
    member: npt.NDArray[np.int64],
    start: npt.NDArray[np.int64],
    columns: Floats,
    holds: npt.NDArray[np.bool_],
    power: int,
    out: Floats,
) -> None:
    """Add what other sites of the same street hold, the nearer the more."""
    for s in range(len(start) - 1):
        for p in range(start[s], start[s + 1]):
            j = member[p]
            if not holds[j]:
                continue
            north, east = metres_per_degree(lat[j])
            for q in range(start[s], start[s + 1]):
                i = member[q]
                dx, dy = (lon[i] - lon[j]) * east, (lat[i] - lat[j]) * north
                square = (dx * dx + dy * dy) / (STREET_M * STREET_M)
                if square >= 1.0 or i == j:
                    continue
                w = (1.0 - square) ** power
                for k in range(columns.shape[1]):
                    out[i, k] += w * columns[j, k]
