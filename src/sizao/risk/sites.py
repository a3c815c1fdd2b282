"""Sites: undirected road edges and the junctions where they meet.

Directions are merged and a road's length counts once. An edge that leads back to its own node
has no row; parallel edges between the same two nodes are one row with the shortest length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from sizao.core.errors import ConfigError
from sizao.risk import tables
from sizao.roads.geometry import step_lengths_m

NODE_COLUMNS = {"node_id": pa.int64(), "lon": pa.float64(), "lat": pa.float64()}
EDGE_COLUMNS = {"u": pa.int64(), "v": pa.int64()}
EDGE_OPTIONAL = {
    "length_m": pa.float64(),
    "highway": pa.string(),
    "name": pa.string(),
    "ref": pa.string(),
    "lanes": pa.string(),
    "maxspeed": pa.string(),
    "oneway": pa.bool_(),
    "bridge": pa.string(),
    "tunnel": pa.string(),
    "aadt": pa.float64(),
    "geometry": pa.string(),
}
REASONS = {
    "impossible_place": "latitude or longitude outside the globe",
    "repeated_node": "an earlier row has the same node",
    "unknown_node": "u or v is not among the nodes",
    "impossible_length": "a length of 0 or below",
    "bad_geometry": "the geometry is no LINESTRING of at least two points",
}


@dataclass(frozen=True, eq=False)
class Sites:
    """e undirected edges between n nodes, in the order of ``u``, then ``v``.

    node_id : int64 (n,), ascending; lat, lon : float64 (n,), degrees WGS-84
    signal : bool (n,), traffic lights
    u, v : int64 (e,), node ids, u < v; a, b : int32 (e,), their numbers
    length_m : float64 (e,), along the road
    road_class, name : str (e,), "" unknown; lanes, limit : float64 (e,), NaN unknown
    aadt : float64 (e,), vehicles a day, NaN unknown
    oneway, raised : bool (e,); raised: on a bridge or in a tunnel
    piece_lat, piece_lon : float64 (p, 2), ends of the straight pieces of all edges
    piece_edge : int32 (p,)
    loops : how many edges led back to their own node and were left out
    """

    node_id: npt.NDArray[np.int64]
    lat: npt.NDArray[np.float64]
    lon: npt.NDArray[np.float64]
    signal: npt.NDArray[np.bool_]
    u: npt.NDArray[np.int64]
    v: npt.NDArray[np.int64]
    a: npt.NDArray[np.int32]
    b: npt.NDArray[np.int32]
    length_m: npt.NDArray[np.float64]
    road_class: npt.NDArray[np.str_]
    name: npt.NDArray[np.str_]
    lanes: npt.NDArray[np.float64]
    limit: npt.NDArray[np.float64]
    aadt: npt.NDArray[np.float64]
    oneway: npt.NDArray[np.bool_]
    raised: npt.NDArray[np.bool_]
    piece_lat: npt.NDArray[np.float64]
    piece_lon: npt.NDArray[np.float64]
    piece_edge: npt.NDArray[np.int32]
    loops: int = 0

    def __len__(self) -> int:
        return len(self.u)

    @cached_property
    def degree(self) -> npt.NDArray[np.int64]:
        """How many edges meet at each node, shape (n,)."""
        ends = np.concatenate((self.a, self.b))
        return np.bincount(ends, minlength=len(self.node_id))

    @cached_property
    def length_km(self) -> npt.NDArray[np.float64]:
        """Length of each edge in kilometres, shape (e,)."""
        return self.length_m / 1000.0


def read_sites(
    nodes: Path, edges: Path
) -> tuple[Sites, dict[str, list[tables.Rejected]], list[str]]:
    """Sites of a nodes and an edges file (.csv or .csv.gz).

    Returns the sites, the rejected rows of ``nodes`` and ``edges``, and remarks for people.
    Raises ConfigError if a file cannot be read, lacks a column, or no edge is left.
    """
    node_table = tables.read(nodes, NODE_COLUMNS, {"node_tag": pa.string()})
    lat, lon = node_table.floats("lat"), node_table.floats("lon")
    ids = node_table.ints("node_id")
    repeated = np.ones(len(ids), np.bool_)
    repeated[np.unique(ids, return_index=True)[1]] = False
    node_table = node_table.reject(
        {
            "impossible_place": ~((np.abs(lat) <= 90) & (np.abs(lon) <= 180)),
            "repeated_node": repeated,
        }
    )
    ids = node_table.ints("node_id")
    order = np.argsort(ids)
    ids, lat, lon = ids[order], node_table.floats("lat")[order], node_table.floats("lon")[order]
    tag = node_table.texts("node_tag")[order]

    table = tables.read(edges, EDGE_COLUMNS, EDGE_OPTIONAL)
    wrong_shape = np.zeros(len(table), np.bool_)
    if "geometry" in table.columns:
        texts = table.texts("geometry")
        shapes = shapely.from_wkt(texts, on_invalid="ignore")
        is_line = shapely.get_type_id(shapes) == shapely.GeometryType.LINESTRING
        wrong_shape = (texts != "") & ~(is_line & (shapely.get_num_coordinates(shapes) >= 2))
    table = table.reject(
        {
            "unknown_node": ~(np.isin(table.ints("u"), ids) & np.isin(table.ints("v"), ids)),
            "impossible_length": table.floats("length_m") <= 0,
            "bad_geometry": wrong_shape,
        }
    )
    rejected = {"nodes": node_table.rejected, "edges": table.rejected}
    sites, remarks = _build(ids, lat, lon, tag == "traffic_signals", table)
    if not len(sites):
        raise ConfigError(f"{edges}: no usable edge between two different nodes of {nodes}")
    return sites, rejected, remarks


def _build(
    ids: npt.NDArray[np.int64],
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    signal: npt.NDArray[np.bool_],
    table: tables.Table,
) -> tuple[Sites, list[str]]:
    low = np.minimum(table.ints("u"), table.ints("v"))
    high = np.maximum(table.ints("u"), table.ints("v"))
    rows = np.flatnonzero(low != high)
    loops = len(np.unique(low[low == high]))
    a = np.searchsorted(ids, low[rows]).astype(np.int32)
    b = np.searchsorted(ids, high[rows]).astype(np.int32)
    pair, first, edge = np.unique(
        a.astype(np.int64) * len(ids) + b, return_index=True, return_inverse=True
    )
    shape = table.texts("geometry")[rows]
    # Both directions of a road come with the same line, one of them reversed: draw one.
    keys = [
        (int(e), line if forward else _reversed(line))
        for e, line, forward in zip(edge, shape, table.ints("u")[rows] == low[rows], strict=True)
    ] if any(shape) else []  # fmt: skip
    piece_lat, piece_lon, piece_edge, drawn_m = _pieces(
        lat, lon, a[first], b[first], sorted(set(keys))
    )
    given = table.floats("length_m")[rows]
    straight = np.bincount(piece_edge, drawn_m, len(pair)) if not keys else None
    shortest = np.full(len(pair), np.inf)
    np.minimum.at(shortest, edge, np.where(np.isnan(given), np.inf, given))
    remarks = []
    unmeasured = np.isinf(shortest)
    if unmeasured.any():
        drawn = straight if straight is not None else np.bincount(piece_edge, drawn_m, len(pair))
        shortest = np.where(unmeasured, np.maximum(drawn, 0.1), shortest)
        remarks.append(f"{int(unmeasured.sum())} edges without length_m: measured as drawn")
    if loops:
        remarks.append(f"{loops} edges lead back to their own node and have no row")
    sites = Sites(
        node_id=ids,
        lat=lat,
        lon=lon,
        signal=signal,
        u=ids[a[first]],
        v=ids[b[first]],
        a=a[first],
        b=b[first],
        length_m=shortest,
        road_class=_first_word(table.texts("highway")[rows][first]),
        name=table.texts("name")[rows][first],
        lanes=_number(table.texts("lanes")[rows][first]),
        limit=_number(table.texts("maxspeed")[rows][first]),
        aadt=table.floats("aadt")[rows][first],
        oneway=table.flags("oneway")[rows][first],
        raised=(table.texts("bridge") != "")[rows][first]
        | (table.texts("tunnel") != "")[rows][first],
        piece_lat=piece_lat,
        piece_lon=piece_lon,
        piece_edge=piece_edge,
        loops=loops,
    )
    return sites, remarks


def _pieces(
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    lines: Sequence[tuple[int, str]],
) -> tuple[
    npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int32], npt.NDArray[np.float64]
]:
    """Straight pieces (lat and lon of both ends), their edge, their metres."""
    drawn = {edge for edge, line in lines if line}
    straight = np.array([e for e in range(len(a)) if e not in drawn], np.int32)
    lats = [np.column_stack((lat[a[straight]], lat[b[straight]]))]
    lons = [np.column_stack((lon[a[straight]], lon[b[straight]]))]
    owner = [straight]
    for edge, line in lines:
        if not line:
            continue
        x, y = shapely.get_coordinates(shapely.from_wkt(line)).T
        lats.append(np.column_stack((y[:-1], y[1:])))
        lons.append(np.column_stack((x[:-1], x[1:])))
        owner.append(np.full(len(x) - 1, edge, np.int32))
    piece_lat, piece_lon = np.concatenate(lats), np.concatenate(lons)
    # Metres of many separate steps at once: every second step of one long line.
    metres = step_lengths_m(piece_lat.ravel(), piece_lon.ravel())[::2]
    return piece_lat, piece_lon, np.concatenate(owner), metres


def _reversed(line: str) -> str:
    return str(shapely.to_wkt(shapely.reverse(shapely.from_wkt(line)), 7)) if line else ""


def _first_word(texts: npt.NDArray[np.str_]) -> npt.NDArray[np.str_]:
    """``['tertiary', 'residential']``, as OSMnx writes merged ways, is ``tertiary``."""
    words, which = np.unique(texts, return_inverse=True)
    clean = [word.strip("[]").split(",")[0].strip(" '\"") for word in words.tolist()]
    found: npt.NDArray[np.str_] = np.asarray(clean, dtype=np.str_)[which]
    return found


def _number(texts: npt.NDArray[np.str_]) -> npt.NDArray[np.float64]:
    """The first number in each text (``['2', '3']``, ``25 mph``), NaN if there is none."""
    words, which = np.unique(_first_word(texts), return_inverse=True)
    numbers = []
    for word in words.tolist():
        try:
            numbers.append(float(word.split(" ")[0].split(";")[0] or "nan"))
        except ValueError:
            numbers.append(np.nan)
    return np.asarray(numbers, np.float64)[which]
