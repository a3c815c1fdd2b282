"""Driving against the traffic of an expressway (高速公路逆行).

Definition
----------
The matched road is no witness here: a matcher that goes by heading puts such a vehicle onto the
other carriageway. This rule asks the geometry of all roads near the place.

A sample is usable if it has a fix and a speed above ``moving_above_kmh`` (15), the fix before is
at most ``max_gap_s`` (90) old and at least ``min_step_m`` (40) away, and the heading, if there is
one, lies within 45 degrees of the *course* from that fix to this one: a lone heading may be wrong,
two places with an agreeing heading hardly. Let

    against = metres to the nearest one-way expressway whose direction is 135 degrees or more off
              the course
    along   = metres to the nearest road that may be driven in a direction within 60 degrees of the
              course, whatever its class; a road driven both ways may be driven in both

both looked for within 60 m, infinite where there is none. The sample is *on* if against is
``reach_m`` (20) or less and along is more than against + ``margin_m`` (8).

A spell of on samples (``detect/spells.py``) fires once it has lasted ``min_duration_s`` (30) with
two on samples in a row, and ends after ``end_samples`` (2) usable samples that are not on, or
after more than ``max_gap_s`` without a usable one. At 15 km/h and more, 30 s are 125 m or more;
two places a carriageway's width off, on the same side and in a row, are rare for a sound receiver.

``measured`` is the time from the first to the last on sample in minutes, ``limit`` is 0; place and
driver are those of the first. Severity is ``wrong_way``. Ramps are not looked at: too many of them
run beside others that lead the opposite way. Reversing is seen only if it is fast enough.

Source: 中华人民共和国道路交通安全法实施条例 (2004) art. 82(1) (no reversing, driving against the
traffic or turning round on an expressway, recalled); ``detect.wrong_way`` (proposed) in the rule
book.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.places import ROAD_CLASS_CODES
from sizao.detect import sparse, spells
from sizao.detect.emit import NOTHING, no_findings
from sizao.detect.params import Book, Params, number
from sizao.detect.spells import NONE
from sizao.detect.stage import Columns, Findings, Memory, RuleBase, World
from sizao.roads.geometry import metres_per_degree
from sizao.roads.grid import build_grid, project
from sizao.roads.network import Network

EXPRESSWAY = ROAD_CLASS_CODES["expressway"]
LOOK_M = 60.0
_AGAINST = math.cos(math.radians(135))
_ALONG = math.cos(math.radians(60))
_AGREES = math.cos(math.radians(45))

_SURELY_NOT = 0.6
"""A cosine to the opposite direction under this is none of 135 degrees, however it was rounded, and
one to the same direction over it is one of less than 60."""
_ROUNDED_M = 1.0
"""Distances measured by the middle of a cell are right to far less than this."""

FAST = np.dtype(
    [("y0", "f8"), ("x0", "f8"), ("north", "f4"), ("east", "f4"), ("length_m", "f4")], align=True
)
"""A piece of a one-way expressway: where it begins in degrees, its direction as a vector of length
1."""


class Roads(NamedTuple):
    """The network as the kernel takes it; cells as in ``roads/grid.py``.

    near : bool, whether a one-way expressway is in the cell: spares the look at all others
    metres : float64 (rows, 2), of one degree of latitude and longitude in each row of the grid
    fast_from, fast : of cell k FAST ``fast[fast_from[k]:fast_from[k + 1]]``
    """

    south: float
    west: float
    cell_lat: float
    cell_lon: float
    rows: int
    columns: int
    near: npt.NDArray[np.bool_]
    metres: npt.NDArray[np.float64]
    fast_from: npt.NDArray[np.int64]
    fast: npt.NDArray[Any]
    start: npt.NDArray[np.int64]
    pieces: npt.NDArray[np.int32]
    owner: npt.NDArray[np.int32]
    lat: npt.NDArray[np.float64]
    lon: npt.NDArray[np.float64]
    twin: npt.NDArray[np.int32]
    road_class: npt.NDArray[np.int8]


class Numbers(NamedTuple):
    """Parameters as the kernel takes them."""

    moving_above: float
    min_step_m: float
    reach_m: float
    margin_m: float


_made: WeakKeyDictionary[Network, Roads] = WeakKeyDictionary()


def roads_of(network: Network) -> Roads:
    """Made once for each network."""
    if network not in _made:
        grid = build_grid(network, LOOK_M, cell_m=100.0)
        fast = (network.road_class == EXPRESSWAY) & (network.twin < 0)
        cell = np.repeat(np.arange(len(grid.start) - 1), np.diff(grid.start))
        listed = fast[grid.owner[grid.pieces]]
        near = np.zeros(len(grid.start) - 1, np.bool_)
        near[cell[listed]] = True
        middle = grid.south + (np.arange(grid.rows) + 0.5) * grid.cell_lat
        metres = np.array([metres_per_degree(lat) for lat in middle]).reshape(-1, 2)
        pieces = _fast(network, grid.pieces[listed], metres[cell[listed] // grid.columns])
        directed = pieces["length_m"] > 0
        many = np.bincount(cell[listed][directed], minlength=len(near))
        _made[network] = Roads(
            grid.south,
            grid.west,
            grid.cell_lat,
            grid.cell_lon,
            grid.rows,
            grid.columns,
            near,
            metres,
            np.concatenate(([0], np.cumsum(many))).astype(np.int64),
            pieces[directed],
            grid.start,
            grid.pieces,
            grid.owner,
            network.lat,
            network.lon,
            network.twin,
            network.road_class,
        )
    return _made[network]


def _fast(
    network: Network, first: npt.NDArray[np.int32], scale: npt.NDArray[np.float64]
) -> npt.NDArray[Any]:
    """FAST of the pieces that begin at these vertices; one without a length has no direction.

    scale : metres a degree where vehicles are looked for, (n, 2): a piece of many kilometres
        begins where a degree of longitude is longer or shorter, and would lead elsewhere
    """
    pieces = np.zeros(len(first), FAST)
    pieces["y0"], pieces["x0"] = network.lat[first], network.lon[first]
    north = (network.lat[first + 1] - pieces["y0"]) * scale[:, 0]
    east = (network.lon[first + 1] - pieces["x0"]) * scale[:, 1]
    length_m = np.hypot(north, east)
    pieces["length_m"] = length_m
    for name, part in (("north", north), ("east", east)):
        pieces[name] = np.divide(part, length_m, out=np.zeros_like(part), where=length_m > 0)
    return pieces


@njit(cache=True, nogil=True)
def _rows(  # type: ignore[no-untyped-def]  # numba
    slot, lat, lon, prev_lat, prev_lon, speed_kmh, each, roads, numbers
):
    """Rows that move against an expressway within reach and not along one that is nearer, or
    nearly, and those of vehicles with a spell: see ``concern.py``. Without trigonometry: what
    drives with the traffic is nearly all."""
    south, west, cell_lat, cell_lon = roads.south, roads.west, roads.cell_lat, roads.cell_lon
    high, wide, near = roads.rows, roads.columns, roads.near
    metres, fast_from, fast = roads.metres, roads.fast_from, roads.fast
    moving_above, look_m = numbers.moving_above, numbers.reach_m + _ROUNDED_M
    nearer_m = numbers.margin_m - _ROUNDED_M
    rows = np.empty(len(slot), np.int64)
    count = 0
    chosen = -1
    for i in range(len(slot)):
        own = slot[i]
        if each[own].open == 0 and own != chosen:
            y, x = lat[i], lon[i]
            if not speed_kmh[i] > moving_above or math.isnan(y) or math.isnan(prev_lat[i]):
                continue
            row = np.int64(math.floor((y - south) / cell_lat))
            column = np.int64(math.floor((x - west) / cell_lon))
            if row < 0 or row >= high or column < 0 or column >= wide:
                continue
            cell = row * wide + column
            if not near[cell]:
                continue
            north, east = metres[row, 0], metres[row, 1]
            step_y, step_x = (y - prev_lat[i]) * north, (x - prev_lon[i]) * east
            least = (step_y * step_y + step_x * step_x) * (_SURELY_NOT * _SURELY_NOT)
            against_m = along_m = np.inf
            for at in range(np.uint64(fast_from[cell]), np.uint64(fast_from[cell + 1])):
                piece = fast[at]
                course = step_y * piece.north + step_x * piece.east
                dy, dx = (y - piece.y0) * north, (x - piece.x0) * east
                # From the line on which it lies: no farther than from the piece.
                aside_m = abs(dy * piece.east - dx * piece.north)
                on_m = dy * piece.north + dx * piece.east
                sure = course * course >= least
                beside = (on_m >= 0.0) & (on_m <= piece.length_m)
                # Nothing is guessed: of two carriageways one always leads the other way.
                against_m = min(against_m, aside_m if sure & (course < 0.0) else np.inf)
                along_m = min(along_m, aside_m if sure & (course > 0.0) & beside else np.inf)
            if against_m > look_m or along_m <= against_m + nearer_m:
                continue
        chosen = own
        rows[count] = i
        count += 1
    return rows[:count]


@njit(cache=True)
def _cell(roads, y, x):  # type: ignore[no-untyped-def]  # numba
    """Cell of a place, -1 where no expressway is near."""
    row = math.floor((y - roads.south) / roads.cell_lat)
    column = math.floor((x - roads.west) / roads.cell_lon)
    if row < 0 or row >= roads.rows or column < 0 or column >= roads.columns:
        return -1
    cell = row * roads.columns + column
    return cell if roads.near[cell] else -1


@njit(cache=True)
def _on(roads, cell, y, x, course_y, course_x, north, east, numbers):  # type: ignore[no-untyped-def]  # numba
    """Whether a place and a course (of length 1) are against the traffic."""
    against = along = math.inf
    for at in range(roads.start[cell], roads.start[cell + 1]):
        v = roads.pieces[at]
        y0, x0, y1, x1 = roads.lat[v], roads.lon[v], roads.lat[v + 1], roads.lon[v + 1]
        square, _ = project(y, x, north, east, y0, x0, y1, x1)
        if square > LOOK_M * LOOK_M:
            continue
        dy, dx = (y1 - y0) * north, (x1 - x0) * east
        length = math.hypot(dy, dx)
        if length == 0.0:
            continue
        cosine = (dy * course_y + dx * course_x) / length
        segment = roads.owner[v]
        if cosine >= _ALONG or (cosine <= -_ALONG and roads.twin[segment] >= 0):
            along = min(along, math.sqrt(square))
        elif (
            cosine <= _AGAINST
            and roads.twin[segment] < 0
            and roads.road_class[segment] == EXPRESSWAY
        ):
            against = min(against, math.sqrt(square))
    return against <= numbers.reach_m and along > against + numbers.margin_m


@njit(cache=True, nogil=True)
def _kernel(c, rows, each, few, roads, numbers, lasting, out):  # type: ignore[no-untyped-def]  # numba
    count = np.int64(0)
    for i in rows:
        own = c.slot[i]
        y, x = c.lat[i], c.lon[i]
        if math.isnan(y) or math.isnan(c.prev_lat[i]) or not c.speed_kmh[i] > numbers.moving_above:
            continue
        cell = _cell(roads, y, x)
        if cell < 0 and each[own].open == 0:
            continue
        if c.time_us[i] - c.prev_fix_us[i] > lasting.max_gap_us:
            continue
        north, east = metres_per_degree(y)
        step_y, step_x = (y - c.prev_lat[i]) * north, (x - c.prev_lon[i]) * east
        step = math.hypot(step_y, step_x)
        if step < numbers.min_step_m:
            continue
        course_y, course_x = step_y / step, step_x / step
        heading = math.radians(float(c.heading_deg[i]))
        if math.cos(heading) * course_y + math.sin(heading) * course_x < _AGREES:
            continue
        on = cell >= 0 and _on(roads, cell, y, x, course_y, course_x, north, east, numbers)
        if not on and each[own].open == 0:
            continue
        few, out, count = spells.take(
            each[own], few, NONE, c, i, on, 0.0, 0.0, 0.0, NONE, NONE, lasting, out, count
        )
    return out[:count], few


class WrongWay(RuleBase):
    """The rule; the module's docstring is its definition."""

    id = "wrong_way"
    measured_unit = "min"
    state_dtype = spells.EACH
    few_dtype = sparse.episodes(spells.SPELL)

    def params_from(self, book: Book) -> Params:
        own = "detect.wrong_way"
        return {
            "moving_above_kmh": number(book, own, "moving_above", "km/h"),
            "min_step_m": number(book, own, "min_step", "m"),
            "reach_m": number(book, own, "reach", "m"),
            "margin_m": number(book, own, "margin", "m"),
            **spells.lasting_params(book, own),
        }

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        return sparse.slots(spells.fired(memory))

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        if world.network is None:
            return NOTHING, memory
        roads = roads_of(world.network)
        numbers = Numbers(
            float(params["moving_above_kmh"]),
            float(params["min_step_m"]),
            float(params["reach_m"]),
            float(params["margin_m"]),
        )
        rows = _rows(
            columns.slot,
            columns.lat,
            columns.lon,
            columns.prev_lat,
            columns.prev_lon,
            columns.speed_kmh,
            memory.each,
            roads,
            numbers,
        )
        if not len(rows):
            return NOTHING, memory
        found, few = _kernel(
            columns,
            rows,
            memory.each,
            memory.few,
            roads,
            numbers,
            spells.lasting(params),
            no_findings(),
        )
        return self._findings(found), Memory(memory.each, few)

    def close(self, memory: Memory, params: Params) -> Findings:
        return self._findings(spells.close(memory))

    def _findings(self, rows: npt.NDArray[Any]) -> Findings:
        return spells.timed(rows, "wrong_way")
