"""Which road each reported position is on: distance, heading and continuity together.

For every vehicle a few hypotheses are kept, each a segment with a cost. A new position gives
every nearby segment a cost for distance and heading; to that comes the cheapest hypothesis it can
have come from: nothing where the network leads there in the time that passed, ``turn_back_cost``
for turning round, ``switch_cost`` for appearing on a road without a connection. The cheapest is
the answer. So a truck on the expressway stays there beside its service road however the noise
falls, and if the first guess at a diverge was wrong, the second is still there to take over.

How far along its road a vehicle came is not left to the position alone: its speed, before and
now, says how far it went from where it was, and the two are weighed by their errors (a Kalman
filter along each way, Kalman 1960). Reports a few seconds apart then err by some four metres along
the road instead of ten, which is what tells before and after a sign.

What is much dearer than the cheapest is neither weighed nor remembered (odds below e^-8), but for
the road a vehicle was on, which stays in the count as long as appearing on another is dearer. How
far it is from one segment to another is learnt once and looked up (``_ways.py``).

Roads that are nearly as likely as the answer and have another limit are its *rivals*: whoever
holds a driver to a limit must reckon with them.

This is the forward half of the hidden Markov matcher of Newson & Krumm, "Hidden Markov Map
Matching Through Noise and Sparseness", ACM SIGSPATIAL GIS 2009: an answer for each position at
once, from the past only. It therefore does not depend on where a batch is cut.

Without a fix, as in a tunnel, a row is unmatched and the hypotheses wait.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from threading import Lock
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from sizao.core.errors import ColumnError
from sizao.core.lines import zeros_on_lines
from sizao.core.places import ROAD_CLASSES
from sizao.core.vehicles import KINDS
from sizao.roads._candidates import EXIT, SEGMENT, Costs, Roads
from sizao.roads._forward import HYPOTHESES, forward, scratch
from sizao.roads._pieces import PIECE, UNITS
from sizao.roads._ways import no_ways
from sizao.roads.geometry import metres_per_degree
from sizao.roads.grid import Grid, build_grid
from sizao.roads.limits import limits_on
from sizao.roads.network import Network

UNMATCHED, AMBIGUOUS, GOOD = 0, 1, 2
"""Match quality: no road; another road is nearly as likely; clear."""

STATE_DTYPE = np.dtype(
    [
        ("time_us", np.int64),
        ("lat", np.int32),
        ("lon", np.int32),
        ("segment", np.int32, (HYPOTHESES,)),
        ("offset_m", np.float32, (HYPOTHESES,)),
        ("distance_m", np.float32),
        ("speed_kmh", np.float32),
        ("along_m2", np.float32),
        ("count", np.uint8),
        ("cost", np.uint8, (HYPOTHESES - 1,)),
    ]
)
"""State of one vehicle, 64 bytes without padding (which is not copied and would make equal states
differ); all zero means never seen.

lat, lon : 1e-7 degrees; cost : of the second hypothesis and those after it, above the first's, in
1/31 of odds' logarithm
"""


@dataclass(frozen=True)
class MatchParams:
    """What the matcher goes by. Project defaults, tried on the tests' synthetic roads."""

    max_distance_m: float = 60.0
    """A road farther away than this is no candidate."""
    noise_m: float = 10.0
    """Standard deviation of a position."""
    heading_noise_deg: float = 12.0
    """Standard deviation of the heading against the road's, bends between vertices included."""
    heading_tolerance_deg: float = 60.0
    """A road at a larger angle is no candidate, unless the vehicle was on it already."""
    slow_kmh: float = 5.0
    """Below this a receiver's heading means nothing and is left aside."""
    leave_cost: float = 0.5
    """Turning off onto a road of another number, name or class. Little, so that a real exit is
    seen at once; enough that a doubtful position at a diverge is not held against the ramp's
    limit (it halved those on the simulated city, and more than this gained nothing)."""
    switch_cost: float = 20.0
    """Appearing on an unconnected road: as unlikely as a position 6.3 deviations off."""
    turn_back_cost: float = 6.0
    """Turning round within a segment."""
    brisk_cost: float = 2.0
    """Being on a yard or alley (a sign of ``YARD_KMH`` or less) at more than twice its limit.
    Alleys run a few metres beside streets, nearer than a receiver can tell. Other roads are not
    judged by speed: who drives too fast beside an expressway must not be taken for one on it."""
    tunnel_cost: float = 4.0
    """Being in a tunnel and having a fix: receivers have none there, but under a short bridge."""
    by_speed: bool = True
    """Go by the speed for how far along its road a vehicle came. Off only to show what it is good
    for."""
    rival_cost: float = 3.0
    """A road of another limit is a rival of the answer if it is dearer by no more: odds of 20 to
    1."""
    expire_s: float = 1800.0
    """A vehicle not seen for so long may be anywhere."""
    continuity: bool = True
    """Off only to show what it is good for."""


DEFAULT = MatchParams()

YARD_KMH = 10.0
"""Signs of so much or less stand on yards, alleys and courts."""


class Matched(NamedTuple):
    """One value a row, shape (n,) each.

    segment : int32, -1 unmatched
    offset_m : float64, metres along the segment; NaN unmatched
    distance_m : float32, from the road; NaN unmatched
    quality : int8, UNMATCHED, AMBIGUOUS or GOOD
    rival_row, rival_segment : int32, shape (m,) each, rows never falling: other roads on which the
        vehicle of that row may be as well, and on which some vehicles have another limit
    """

    segment: npt.NDArray[np.int32]
    offset_m: npt.NDArray[np.float64]
    distance_m: npt.NDArray[np.float32]
    quality: npt.NDArray[np.int8]
    rival_row: npt.NDArray[np.int32]
    rival_segment: npt.NDArray[np.int32]


def new_state(slots: int) -> npt.NDArray[Any]:
    """State for so many vehicles, none seen yet. To grow it, append zeros of STATE_DTYPE."""
    return zeros_on_lines(slots, STATE_DTYPE)


def match(
    network: Network,
    slot: npt.NDArray[np.int32],
    time_us: npt.NDArray[np.int64],
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    heading_deg: npt.NDArray[np.float32],
    speed_kmh: npt.NDArray[np.float32],
    positioned: npt.NDArray[np.bool_],
    state: npt.NDArray[Any],
    params: MatchParams = DEFAULT,
) -> tuple[Matched, npt.NDArray[Any]]:
    """Match one batch; rows grouped by slot, time rising in each group.

    slot : row of ``state`` that belongs to the vehicle
    time_us : microseconds since the epoch
    lat, lon : degrees WGS-84; NaN counts as no fix
    heading_deg : clockwise from north; NaN when not reported
    speed_kmh : NaN when not reported, which counts as slow
    positioned : False where the terminal had no fix
    state : of :func:`new_state` or the last call; **updated in place** and returned, because a
        copy a batch of all vehicles would cost more than the matching

    Raises ColumnError if the columns differ in length, a slot is outside the state or the state
    is of another network; the state may then have been changed.
    """
    columns = (slot, time_us, lat, lon, heading_deg, speed_kmh, positioned)
    n = len(slot)
    if any(len(column) != n for column in columns):
        raise ColumnError(f"columns of {sorted({len(column) for column in columns})} rows")
    if state.dtype != STATE_DTYPE:
        raise ColumnError("match state of another version")
    # The kernel does not check bounds, and a state may come from a file.
    slot = _plain(slot, np.int32)
    if n and not 0 <= slot.min() <= slot.max() < len(state):
        wrong = (slot < 0) | (slot >= len(state))
        raise ColumnError(f"slot {slot[wrong][0]} in a state of {len(state)}")
    matched = Matched(
        np.full(n, -1, np.int32),
        np.full(n, np.nan),
        np.full(n, np.nan, np.float32),
        np.zeros(n, np.int8),
        np.empty(n * (HYPOTHESES - 1), np.int32),
        np.empty(n * (HYPOTHESES - 1), np.int32),
    )
    roads, crowd = _roads(network, params.max_distance_m)
    rivals = _one_at_a_time(
        roads,
        Costs(
            params.max_distance_m**2,
            0.5 / params.noise_m**2,
            1.0 / math.radians(params.heading_noise_deg) ** 2,
            math.cos(math.radians(params.heading_tolerance_deg)),
            params.slow_kmh,
            params.leave_cost,
            params.switch_cost,
            params.turn_back_cost,
            int(params.expire_s * 1e6) if params.continuity else -1,
            params.brisk_cost,
            params.tunnel_cost,
            params.rival_cost,
            0.5 if params.by_speed else 0.0,
        ),
        slot,
        _plain(time_us, np.int64),
        _plain(lat, np.float64),
        _plain(lon, np.float64),
        _plain(heading_deg, np.float32),
        _plain(speed_kmh, np.float32),
        _plain(positioned, np.bool_),
        state,
        state["segment"],
        state["offset_m"],
        state["cost"],
        *matched,
        *scratch(crowd),
    )
    if rivals < 0:
        raise ColumnError("match state of another network")
    return matched._replace(
        rival_row=matched.rival_row[:rivals].copy(),
        rival_segment=matched.rival_segment[:rivals].copy(),
    ), state


_learning = Lock()


def _one_at_a_time(*arguments: Any) -> int:
    """The kernel, which holds up no thread but one that matches, too: it learns ways in place."""
    with _learning:
        rivals: int = forward(*arguments)
    return rivals


def _plain(column: npt.NDArray[Any], dtype: type[np.generic]) -> npt.NDArray[Any]:
    """Contiguous and writable, as columns out of Arrow are not: the kernel would be compiled
    once more, for seconds, for every other make of array."""
    return np.require(column, dtype, ("C", "W"))


_CROWDED = 16
"""Pieces a cell from which cells are made smaller."""

_prepared: WeakKeyDictionary[Network, dict[float, tuple[Roads, int]]] = WeakKeyDictionary()


def _roads(network: Network, radius_m: float) -> tuple[Roads, int]:
    """The kernel's view of a network, and how many pieces its fullest cell has; made once for each
    network and radius."""
    made = _prepared.setdefault(network, {})
    if radius_m not in made:
        cell_m = max(60.0, radius_m)
        grid = build_grid(network, radius_m, cell_m)
        if len(grid.pieces) > _CROWDED * int((np.diff(grid.start) > 0).sum()):
            # In a town less to look through is worth a larger index.
            grid = build_grid(network, radius_m, cell_m / 2)
        nodes = int(max(network.from_node.max(), network.to_node.max())) + 1
        middle = grid.south + (np.arange(grid.rows) + 0.5) * grid.cell_lat
        leaving = np.bincount(network.from_node, minlength=nodes)
        roads = Roads(
            grid.south,
            grid.west,
            1 / grid.cell_lat,
            1 / grid.cell_lon,
            grid.rows,
            grid.columns,
            UNITS / (grid.rows * grid.cell_lat),
            UNITS / (grid.columns * grid.cell_lon),
            np.array([metres_per_degree(lat) for lat in middle]),
            grid.start.astype(np.int32),
            grid.pieces,
            _pieces(network, grid),
            _segments(network),
            np.concatenate(([0], np.cumsum(leaving))).astype(np.int64),
            _exits(network),
            no_ways(len(network)),
        )
        made[radius_m] = roads, int(np.diff(grid.start).max())
    return made[radius_m]


def _segments(network: Network) -> npt.NDArray[Any]:
    """``Roads.segment``."""
    segments = zeros_on_lines(len(network), SEGMENT)
    segments["length_m"], segments["twin"] = network.length_m, network.twin
    segments["to_node"], segments["road"] = network.to_node, _road_numbers(network)
    segments["sign"] = _signs(network)
    return segments


def _pieces(network: Network, grid: Grid) -> npt.NDArray[Any]:
    """``Roads.piece``. The last vertex of a segment begins none; its row is never read."""
    owner = grid.owner
    scale = np.array([metres_per_degree(lat) for lat in network.lat]).reshape(-1, 2)
    east = np.diff(network.lon, append=0.0) * scale[:, 1]
    north = np.diff(network.lat, append=0.0) * scale[:, 0]
    length = np.hypot(east, north)
    pieces = zeros_on_lines(len(length), PIECE)
    pieces["y"] = (network.lat - grid.south) * (UNITS / (grid.rows * grid.cell_lat))
    pieces["x"] = (network.lon - grid.west) * (UNITS / (grid.columns * grid.cell_lon))
    pieces["along_m"] = network.along_m
    for name, part in (("east", east), ("north", north)):
        pieces[name] = np.divide(part, length, out=np.zeros_like(length), where=length > 0)
    twin = network.twin[owner]
    pieces["length_m"], pieces["segment"], pieces["twin"] = length, owner, twin
    pieces["own_m"], pieces["twin_m"] = network.length_m[owner], network.length_m[twin]
    pieces["back"] = np.where(twin >= 0, -1, 1)
    pieces["tunnel"] = network.tunnel[owner]
    road = _road_numbers(network)
    pieces["road"], pieces["twin_road"] = road[owner], road[twin]
    brisk_kmh = np.where(network.limit_kmh <= YARD_KMH, 2 * network.limit_kmh, np.inf)
    # Of a road without a twin nobody asks what is the twin's.
    pieces["brisk_kmh"], pieces["twin_brisk_kmh"] = brisk_kmh[owner], brisk_kmh[twin]
    return pieces


def _exits(network: Network) -> npt.NDArray[Any]:
    """Every segment by the junction it leaves, as ``EXIT``."""
    order = np.argsort(network.from_node, kind="stable").astype(np.int32)
    exits = np.zeros(len(order), EXIT)
    end = network.first[order + 1] - 1
    exits["lat"], exits["lon"] = network.lat[end], network.lon[end]
    exits["length_m"], exits["segment"] = network.length_m[order], order
    exits["twin"], exits["to_node"] = network.twin[order], network.to_node[order]
    exits["road"] = _road_numbers(network)[order]
    return exits


def _road_numbers(network: Network) -> npt.NDArray[np.int32]:
    """The same number for segments of one road: same class and reference, or name without one."""
    road = np.where(network.ref != "", network.ref, network.name)
    _, name = np.unique(road, return_inverse=True)
    return (name * len(ROAD_CLASSES) + network.road_class).astype(np.int32)


def _signs(network: Network) -> npt.NDArray[np.int32]:
    """The same number for segments with one limit for each kind of vehicle."""
    every = np.arange(len(network))
    limits = [limits_on(network, every, np.full(len(every), code))[0] for code in range(len(KINDS))]
    _, sign = np.unique(np.column_stack(limits), axis=0, return_inverse=True)
    return sign.reshape(-1).astype(np.int32)
