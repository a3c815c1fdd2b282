"""A section of a road between two stakes: which pieces of which segments, and their lines.

A control measure is ordered for "G5 K120+300 to K125+000 下行"; maps need its line, detection and
routing need its segments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sizao.core.places import stake
from sizao.roads.network import Network

_SHORT_M = 1.0
"""Pieces shorter than this are where two stakes meet, not a piece of road."""


@dataclass(frozen=True)
class Piece:
    """Part of a segment, metres along it in driving direction."""

    segment: int
    from_m: float
    to_m: float


Line = list[tuple[float, float]]
"""(lon, lat) in degrees, in driving direction."""


def between(
    network: Network, ref: str, from_stake_m: float, to_stake_m: float, direction: str = ""
) -> tuple[Piece, ...]:
    """The pieces of a road between two stakes (in either order), both directions without one.

    In driving order within a direction. Raises SaidError that names what the network has.
    """
    low, high = sorted((from_stake_m, to_stake_m))
    on = network.staked(ref, direction)
    start, end = network.stake_start_m[on], network.stake_end_m[on]
    bottom, top = np.minimum(start, end), np.maximum(start, end)
    share = network.length_m[on] / np.maximum(top - bottom, 1e-9)
    # Where stakes rise along the segment the low stake comes first, else the high one.
    rising = end >= start
    enter = np.where(rising, low - bottom, top - high) * share
    leave = np.where(rising, high - bottom, top - low) * share
    enter = np.clip(enter, 0.0, network.length_m[on])
    leave = np.clip(leave, 0.0, network.length_m[on])
    touched = np.flatnonzero(leave - enter >= min(_SHORT_M, (high - low) / 2 or _SHORT_M))
    if not touched.size:
        first, last = stake(ref, low), stake(ref, high)
        raise network.off(ref, on, f"{first} 至 {last}", f"{first} to {last} is")
    found = [Piece(int(on[at]), float(enter[at]), float(leave[at])) for at in touched]
    return tuple(sorted(found, key=lambda one: _order(network, one)))


def whole(network: Network, segment: int, *, both: bool = False) -> tuple[Piece, ...]:
    """A whole segment, for roads without stakes; ``both``: and the same road the other way."""
    segments = [segment]
    if both and network.twin[segment] >= 0:
        segments.append(int(network.twin[segment]))
    return tuple(Piece(one, 0.0, float(network.length_m[one])) for one in segments)


def _order(network: Network, piece: Piece) -> tuple[str, float, int]:
    start = float(network.stake_start_m[piece.segment])
    rising = float(network.stake_end_m[piece.segment]) >= start
    return str(network.direction[piece.segment]), start if rising else -start, piece.segment


def length_m(pieces: tuple[Piece, ...]) -> float:
    """Metres of all pieces; both directions of a two-way road count twice."""
    return sum(one.to_m - one.from_m for one in pieces)


def lines(network: Network, pieces: tuple[Piece, ...]) -> list[Line]:
    """The lines of the pieces, those that follow each other joined."""
    found: list[Line] = []
    before = -1
    for piece in pieces:
        line = _line(network, piece)
        turns = before >= 0 and network.twin[before] == piece.segment
        if found and not turns and _close(found[-1][-1], line[0]):
            found[-1].extend(line[1:])
        else:
            found.append(line)
        before = piece.segment
    return found


def _line(network: Network, piece: Piece) -> Line:
    first, stop = network.first[piece.segment], network.first[piece.segment + 1]
    along = network.along_m[first:stop]
    inside = np.flatnonzero((along > piece.from_m) & (along < piece.to_m)) + first
    head = network.point(piece.segment, piece.from_m)
    tail = network.point(piece.segment, piece.to_m)
    points = [
        head,
        *zip(network.lat[inside].tolist(), network.lon[inside].tolist(), strict=True),
        tail,
    ]
    return [(round(lon, 6), round(lat, 6)) for lat, lon in points]


def _close(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(one[0] - other[0]) < 2e-6 and abs(one[1] - other[1]) < 2e-6
