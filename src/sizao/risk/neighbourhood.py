"""How dangerous is what lies around a site: crashes against prediction, near by and along a street.

For each site and each radius R the crashes and predictions of all other sites within R are added
up with the weight (1 - d^2/R^2)^2. The site's own crashes stay out, so that the result may stand
in the prior of the very count it will be weighed against.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.risk.sites import Sites
from sizao.roads.geometry import metres_per_degree

Floats = npt.NDArray[np.float64]

RADII_M = (250.0, 500.0, 1000.0, 2000.0)
STREET_M = 1500.0
"""How far along the street of the same name."""

NAMES = (*(f"within_{radius:g}_m" for radius in RADII_M), "same_street")
_STREETS = 4
_CELL_M = 500.0


def relative_risk(
    sites: Sites, edge_y: Floats, node_y: Floats, edge_mu: Floats, node_mu: Floats
) -> tuple[Floats, Floats]:
    """Logarithm of crashes over prediction around every site, shrunk to 0 where there is little.

    edge_y, edge_mu : (e,); node_y, node_mu : (n,), 0 for nodes without a road
    Returns shapes (e, len(NAMES)) and (n, len(NAMES)).
    """
    lat = np.concatenate(((sites.lat[sites.a] + sites.lat[sites.b]) / 2, sites.lat))
    lon = np.concatenate(((sites.lon[sites.a] + sites.lon[sites.b]) / 2, sites.lon))
    north, east = metres_per_degree(float(np.abs(lat).max()))
    row = ((lat - lat.min()) * north / _CELL_M).astype(np.int64)
    column = ((lon - lon.min()) * east / _CELL_M).astype(np.int64)
    columns = int(column.max()) + 1
    cell = row * columns + column
    # Neighbours in the plane become neighbours in memory.
    order = np.argsort(cell, kind="stable")
    used, start = np.unique(cell[order], return_index=True)
    start = np.append(start, len(order))
    around = _around(
        lat[order],
        lon[order],
        np.concatenate((edge_y, node_y))[order],
        np.concatenate((edge_mu, node_mu))[order],
        streets(sites)[order],
        used,
        start.astype(np.int64),
        columns,
        np.asarray(RADII_M),
        max(RADII_M) / _CELL_M,
    )
    log = np.empty((len(order), len(NAMES)))
    log[order] = np.log((1.0 + around[:, :, 0]) / (1.0 + around[:, :, 1]))
    return log[: len(sites)], log[len(sites) :]


def streets(sites: Sites) -> npt.NDArray[np.int32]:
    """Up to four street numbers of each site, -1 for none: (e + n, 4)."""
    names, number = np.unique(sites.name, return_inverse=True)
    number = np.where(names[number] == "", -1, number).astype(np.int32)
    found = np.full((len(sites) + len(sites.node_id), _STREETS), -1, np.int32)
    found[: len(sites), 0] = number
    ends = np.concatenate((sites.a, sites.b)).astype(np.int64)
    pairs = np.unique(np.column_stack((ends, np.concatenate((number, number)))), axis=0)
    pairs = pairs[pairs[:, 1] >= 0]
    first = np.searchsorted(pairs[:, 0], pairs[:, 0])
    place = np.arange(len(pairs)) - first
    few = place < _STREETS
    found[len(sites) + pairs[few, 0], place[few]] = pairs[few, 1]
    return found


@njit(cache=True)
def _around(
    lat: Floats,
    lon: Floats,
    y: Floats,
    mu: Floats,
    street: npt.NDArray[np.int32],
    cells: npt.NDArray[np.int64],
    start: npt.NDArray[np.int64],
    columns: int,
    radii: Floats,
    reach: float,
) -> Floats:
    """Weighted crashes and predictions around each site: (sites, radii + 1, 2)."""
    kinds = len(radii)
    out = np.zeros((len(lat), kinds + 1, 2))
    widest = radii[kinds - 1] ** 2
    street_square = STREET_M * STREET_M
    rings = math.ceil(reach)
    for here in range(len(cells)):
        row, column = cells[here] // columns, cells[here] % columns
        north, east = metres_per_degree(lat[start[here]])
        # Each pair is looked at once, from its lower cell, and counts both ways.
        for r in range(row, row + rings + 1):
            left = max(0, column - rings)
            right = min(columns - 1, column + rings)
            there = max(here, np.searchsorted(cells, r * columns + left))
            last = r * columns + right
            while there < len(cells) and cells[there] <= last:
                for i in range(start[here], start[here + 1]):
                    for j in range(i + 1 if there == here else start[there], start[there + 1]):
                        dx, dy = (lon[j] - lon[i]) * east, (lat[j] - lat[i]) * north
                        square = dx * dx + dy * dy
                        if square >= widest:
                            continue
                        for kind in range(kinds - 1, -1, -1):
                            limit = radii[kind] * radii[kind]
                            if square >= limit:
                                break
                            w = (1.0 - square / limit) ** 2
                            out[i, kind, 0] += w * y[j]
                            out[i, kind, 1] += w * mu[j]
                            out[j, kind, 0] += w * y[i]
                            out[j, kind, 1] += w * mu[i]
                        if square < street_square and _share(street, i, j):
                            w = (1.0 - square / street_square) ** 2
                            out[i, kinds, 0] += w * y[j]
                            out[i, kinds, 1] += w * mu[j]
                            out[j, kinds, 0] += w * y[i]
                            out[j, kinds, 1] += w * mu[i]
                there += 1
    return out


@njit(cache=True)
def _share(street: npt.NDArray[np.int32], i: int, j: int) -> bool:
    for p in range(_STREETS):
        one = street[i, p]
        if one < 0:
            return False
        for q in range(_STREETS):
            other = street[j, q]
            if other < 0:
                break
            if one == other:
                return True
    return False
