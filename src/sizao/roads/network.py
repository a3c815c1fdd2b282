"""The road network: directed segments as columns, with linear reference (G5 K120+300).

A two-way road is two segments over one geometry, each the other's ``twin``. Everything is a
NumPy array, so that kernels take columns and a file is one ``.npz`` without pickled objects.

>>> network = Network.from_features([{
...     "geometry": {"type": "LineString", "coordinates": [[101.7, 26.5], [101.7, 26.6]]},
...     "properties": {"road_class": "expressway", "ref": "G5", "direction": "下行",
...                    "stake_m": 120_000, "oneway": True, "limit_kmh": 100},
... }])
>>> network.place(0, 300.4)
'G5 K120+300 下行'
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.core.errors import ConfigError, SaidError
from sizao.core.places import ROAD_CLASSES, stake
from sizao.roads import features as _features
from sizao.roads.geometry import bearing_deg, step_lengths_m

FORMAT = "sizao-roads"
VERSION = 1

# What NumPy and zipfile raise on other people's files and on broken ones.
_NOT_OURS = (KeyError, IndexError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)
_CLASS_NAMES = list(ROAD_CLASSES)
Segments = npt.NDArray[np.integer[Any]] | int
Metres = npt.NDArray[np.floating[Any]] | float


@dataclass(frozen=True, eq=False)
class Network:
    """s directed segments over v vertices. Do not write to the arrays.

    lat, lon : float64 (v,), degrees WGS-84, in the segment's driving direction
    first : int64 (s + 1,), segment i has the vertices first[i]:first[i + 1]
    from_node, to_node : int32 (s,), junctions, dense from 0
    twin : int32 (s,), the same road the other way; -1 on a one-way road
    ref, name, area, direction : str (s,), "" where unknown
    road_class : int8 (s,), core.places.ROAD_CLASS_CODES
    limit_kmh : float32 (s,), speed on the sign; NaN without a sign
    limit_kmh_by_kind : float32 (s, k), signs for one vehicle kind, k as core.vehicles.KIND_CODES,
        NaN without; shape (0, k) if there is none in the whole network
    tunnel, bridge : bool (s,)
    layer, lanes : int8 (s,); lanes in this direction, 0 unknown
    grade_pct : float32 (s,), rise in driving direction, negative is a downgrade; NaN unknown
    stake_start_m, stake_end_m : float64 (s,), stakes at both ends; NaN without linear reference
    """

    lat: npt.NDArray[np.float64]
    lon: npt.NDArray[np.float64]
    first: npt.NDArray[np.int64]
    from_node: npt.NDArray[np.int32]
    to_node: npt.NDArray[np.int32]
    twin: npt.NDArray[np.int32]
    ref: npt.NDArray[np.str_]
    name: npt.NDArray[np.str_]
    area: npt.NDArray[np.str_]
    direction: npt.NDArray[np.str_]
    road_class: npt.NDArray[np.int8]
    limit_kmh: npt.NDArray[np.float32]
    limit_kmh_by_kind: npt.NDArray[np.float32]
    tunnel: npt.NDArray[np.bool_]
    bridge: npt.NDArray[np.bool_]
    layer: npt.NDArray[np.int8]
    lanes: npt.NDArray[np.int8]
    grade_pct: npt.NDArray[np.float32]
    stake_start_m: npt.NDArray[np.float64]
    stake_end_m: npt.NDArray[np.float64]

    # Making and keeping

    @classmethod
    def from_features(cls, features: Iterable[Mapping[str, Any]]) -> Network:
        """A network of GeoJSON-like line features; ``features.PROPERTIES`` lists what they say.

        Raises ConfigError with the number (from 1) of the first feature that is wrong.
        """
        return cls.from_lines(_features.read_lines(features))

    @classmethod
    def from_lines(cls, lines: Iterable[_features.Line]) -> Network:
        """A network of checked lines. Raises ConfigError if there is none."""
        return cls(**_features.build(list(lines)))

    def save(self, path: Path | str) -> None:
        """Write the network to exactly ``path`` as a versioned ``.npz``."""
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        with Path(path).open("wb") as file:
            np.savez_compressed(file, format=np.array(FORMAT), version=np.array(VERSION), **columns)

    @classmethod
    def load(cls, path: Path | str) -> Network:
        """Read a file of :meth:`save`. Raises ConfigError if it is none or of another version."""
        try:
            # Opened here: NumPy leaves the file open when it turns out not to be an archive.
            with Path(path).open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                found = str(file["format"]), int(file["version"])
                if found != (FORMAT, VERSION):
                    raise ConfigError(
                        f"{path}: {found[0]} version {found[1]}, this program reads "
                        f"{FORMAT} version {VERSION}: import the roads again"
                    )
                return cls(**{field.name: file[field.name] for field in fields(cls)})
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror or error}") from error
        except _NOT_OURS as error:
            raise ConfigError(f"{path}: not a road network, or damaged") from error

    def digest(self) -> str:
        """A 128-bit hex name of the content: caches and saved match states hold on to it."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        state = hashlib.blake2b(digest_size=16)
        for field in fields(self):
            state.update(field.name.encode())
            state.update(np.ascontiguousarray(getattr(self, field.name)).tobytes())
        return state.hexdigest()

    # Measures

    def __len__(self) -> int:
        return len(self.twin)

    @cached_property
    def along_m(self) -> npt.NDArray[np.float64]:
        """Metres from the start of its segment to each vertex, shape (v,)."""
        total = np.concatenate(([0.0], np.cumsum(step_lengths_m(self.lat, self.lon))))
        starts = np.repeat(total[self.first[:-1]], np.diff(self.first))
        return total - starts

    @cached_property
    def length_m(self) -> npt.NDArray[np.float64]:
        """True length of each segment, shape (s,)."""
        return self.along_m[self.first[1:] - 1]

    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        west, east = float(self.lon.min()), float(self.lon.max())
        return west, float(self.lat.min()), east, float(self.lat.max())

    def summary(self) -> dict[str, Any]:
        """Counts and kilometres of road (both directions of a two-way road count once).

        ``share_connected`` is the share of the length that hangs together in one piece: far below
        1 means that lines in the source stop short of each other.
        """
        once = (self.twin < 0) | (np.arange(len(self)) < self.twin)
        kilometres = {
            name: round(float(self.length_m[once & (self.road_class == code)].sum()) / 1000, 3)
            for code, name in enumerate(_CLASS_NAMES)
        }
        return {
            "segments": len(self),
            "nodes": int(max(self.from_node.max(), self.to_node.max())) + 1,
            "vertices": len(self.lat),
            "km": round(float(self.length_m[once].sum()) / 1000, 3),
            "km_by_class": {name: km for name, km in kilometres.items() if km},
            "km_tunnel": round(float(self.length_m[once & self.tunnel].sum()) / 1000, 3),
            "share_with_sign": round(float(np.isfinite(self.limit_kmh).mean()), 4),
            "share_with_stakes": round(float(np.isfinite(self.stake_start_m).mean()), 4),
            "share_connected": round(self._share_connected(), 4),
            "bounds": [round(value, 6) for value in self.bounds()],
            "digest": self.digest(),
        }

    def _share_connected(self) -> float:
        piece = np.arange(int(max(self.from_node.max(), self.to_node.max())) + 1)
        while True:
            # Every junction takes the least number around it, then that number's own least.
            before = piece.copy()
            np.minimum.at(piece, self.from_node, piece[self.to_node])
            np.minimum.at(piece, self.to_node, piece[self.from_node])
            piece = piece[piece]
            if np.array_equal(piece, before):
                break
        by_piece = np.bincount(piece[self.from_node], weights=self.length_m)
        return float(by_piece.max() / by_piece.sum())

    # Places

    def stake_at(self, segment: Segments, offset_m: Metres) -> npt.NDArray[np.float64]:
        """Stake in metres at offsets along segments; NaN without reference or for segment -1."""
        index = np.asarray(segment)
        start, end = self.stake_start_m[index], self.stake_end_m[index]
        stakes = start + (end - start) * np.asarray(offset_m) / self.length_m[index]
        return np.where(index < 0, np.nan, stakes)

    def point(self, segment: int, offset_m: float) -> tuple[float, float]:
        """(lat, lon) at an offset along a segment; offsets beyond an end give the end."""
        lat, lon = self.points(np.array([segment]), np.array([offset_m], np.float64))
        return float(lat[0]), float(lon[0])

    def points(
        self, segment: npt.NDArray[np.integer[Any]], offset_m: npt.NDArray[np.floating[Any]]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """(lat, lon) at offsets along segments, each shape (n,)."""
        vertex, share = self._piece(segment, offset_m)
        lat = self.lat[vertex] + share * (self.lat[vertex + 1] - self.lat[vertex])
        lon = self.lon[vertex] + share * (self.lon[vertex + 1] - self.lon[vertex])
        return lat, lon

    def heading(self, segment: int, offset_m: float) -> float:
        """Driving direction there, degrees clockwise from north."""
        vertex, _ = self._piece(np.array([segment]), np.array([offset_m], np.float64))
        at = int(vertex[0])
        return bearing_deg(self.lat[at], self.lon[at], self.lat[at + 1], self.lon[at + 1])

    @cached_property
    def _total_m(self) -> npt.NDArray[np.float64]:
        """Metres from the first vertex of all, segment after segment without joints: rising."""
        starts = np.concatenate(([0.0], np.cumsum(self.length_m)[:-1]))
        return self.along_m + np.repeat(starts, np.diff(self.first))

    def _piece(
        self, segment: npt.NDArray[np.integer[Any]], offset_m: npt.NDArray[np.floating[Any]]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """The vertex before each offset and the share of the way to the next vertex."""
        start, stop = self.first[segment], self.first[segment + 1]
        offset = np.clip(offset_m, 0.0, self.length_m[segment])
        vertex = np.searchsorted(self._total_m, self._total_m[start] + offset, "right") - 1
        vertex = np.clip(vertex, start, stop - 2)
        step = self.along_m[vertex + 1] - self.along_m[vertex]
        share = (offset - self.along_m[vertex]) / np.where(step > 0, step, 1.0)
        return vertex, np.clip(share, 0.0, 1.0)

    def place(self, segment: int, offset_m: float) -> str:
        """The place as the field writes it: "G5 K120+300 下行"; "" for segment -1.

        A street without stakes is its name, a road without any name its class.
        """
        if segment < 0:
            return ""
        road = str(self.ref[segment]) or str(self.name[segment])
        if not road:
            return f"未命名{ROAD_CLASSES[_CLASS_NAMES[self.road_class[segment]]]}"
        stake_m = float(self.stake_at(segment, offset_m))
        if np.isnan(stake_m):
            return f"{road} {self.direction[segment]}".rstrip()
        # Rounded to a millimetre first: 124999.9999999 is K125+000.
        return stake(road, round(stake_m, 3), str(self.direction[segment]))

    def locate(
        self, ref: str, stake_m: float, direction: str = ""
    ) -> tuple[int, float, float, float]:
        """Where a stake is: (segment, offset_m, lat, lon).

        Without ``direction`` the first carriageway in the file that has the stake. Raises
        ConfigError if the road or the stake is not in the network, naming what is.
        """
        on = self.staked(ref, direction)
        start, end = self.stake_start_m[on], self.stake_end_m[on]
        low, high = np.minimum(start, end), np.maximum(start, end)
        # A millimetre of grace: the end of a piece is a rounded sum.
        inside = np.flatnonzero((low - 1e-3 <= stake_m) & (stake_m <= high + 1e-3))
        if not inside.size:
            raise self.off(ref, on, stake(ref, stake_m), f"{stake(ref, stake_m)} is")
        at = inside[0]
        segment = int(on[at])
        share = float(np.clip((stake_m - start[at]) / (end[at] - start[at]), 0.0, 1.0))
        offset_m = share * float(self.length_m[segment])
        return segment, offset_m, *self.point(segment, offset_m)

    def staked(self, ref: str, direction: str = "") -> npt.NDArray[np.int64]:
        """Segments of a road that have stakes. Raises SaidError if there is none."""
        on = np.flatnonzero((self.ref == ref) & np.isfinite(self.stake_start_m))
        if direction:
            on = on[self.direction[on] == direction]
        if not on.size:
            raise SaidError(
                f"没有带桩号的道路 {ref} {direction}".rstrip(),
                f"no road {ref} {direction}".rstrip() + " with stakes",
            )
        return on

    def off(self, ref: str, on: npt.NDArray[np.int64], zh: str, en: str) -> SaidError:
        """That a stake is not on these segments of a road, and which are; ``en`` with its verb."""
        stakes = np.concatenate((self.stake_start_m[on], self.stake_end_m[on]))
        first, last = stake(ref, float(stakes.min())), stake(ref, float(stakes.max()))
        return SaidError(
            f"{zh} 不在路网内，路网里这条路是 {first} 至 {last}",
            f"{en} not in the network, which has it from {first} to {last}",
        )
