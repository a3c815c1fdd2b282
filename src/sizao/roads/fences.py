"""Electronic fences (电子围栏): areas and corridors that rules go by, and the file they stand in.

A fence is a polygon with holes, a corridor (a line and half a width) or a circle. It says which
vehicle kinds it concerns, at which times and dates, since when and until when it holds, and by
which order. :data:`KINDS` says what each kind of fence is for; ``docs/reference/fences.md``
describes the file, GeoJSON with one feature a fence.

Times are local (Asia/Shanghai, which has no daylight saving). A window of a day holds from
``from`` inclusive to ``to`` exclusive; one whose end is not after its beginning goes on into the
next day and belongs, weekday and date, to the day on which it began.

>>> fence = read_fence({
...     "geometry": {"type": "Point", "coordinates": [101.72, 26.58]},
...     "properties": {"number": 7, "name": "一小", "kind": "limit", "radius_m": 200,
...                    "limit_kmh": 30, "legal_basis": "学校周边限速公告",
...                    "times": [{"days": [1, 2, 3, 4, 5], "from": "07:20", "to": "08:10"}]},
... })
>>> fence.shape, fence.windows[0].from_s // 60
('circle', 440)
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import shapely
import shapely.geometry

from sizao.core.clock import SHANGHAI
from sizao.core.errors import ConfigError
from sizao.core.vehicles import KIND_CODES

KINDS: dict[str, str] = {
    "forbidden": "禁行区域",
    "limit": "限速区域",
    "route": "规定路线",
    "downgrade": "长下坡",
    "service": "可停放区域",
    "blind": "信号盲区",
}
"""Kind to its Chinese name. ``service``: where standing is in order (service areas, toll plazas);
``blind``: where terminals are known to fall silent."""

KIND_NUMBERS: dict[str, int] = {kind: number for number, kind in enumerate(KINDS)}

PROPERTIES: dict[str, str] = {
    "number": "Required. 1 to 16 777 215, the fence's own for ever: detections name it",
    "name": "Required. What people call it",
    "kind": "Required. forbidden, limit, route, downgrade, service or blind",
    "half_width_m": "Required for a line: metres to each side, 5 to 5000",
    "radius_m": "Required for a point: metres, 5 to 100 000",
    "vehicle_kinds": "Vehicle kinds it concerns, codes of core.vehicles.KINDS; absent: all",
    "vehicles": "Required for a route: vehicles that are bound to it",
    "times": "Windows of the day: [{days: [1 to 7, Monday is 1], from: HH:MM, to: HH:MM}]; "
    "absent: always",
    "dates": "Spans of days it holds on, [[YYYY-MM-DD, YYYY-MM-DD], ...], both ends included",
    "except_dates": "Spans of days it does not hold on: public holidays",
    "valid_from": "Moment from which it holds, ISO 8601 with offset",
    "valid_until": "Moment from which it holds no longer",
    "limit_kmh": "Required for a limit, and for a downgrade: km/h that are allowed in it",
    "grade_pct": "Required for a downgrade: mean fall of the way down, percent, above 0",
    "legal_basis": "Required, but for service and blind: the order it goes by, number and date",
}
"""Property to meaning. Others are ignored."""

NUMBERS = 1 << 24
"""Fence numbers are below this."""

_DAY_S = 86_400
_EVER = (-(2**62), 2**62)
_FIRST_DAY = date(1970, 1, 1)


@dataclass(frozen=True)
class Window:
    """A time of the day: weekdays as bits (Monday is 1), seconds after local midnight."""

    days: int
    from_s: int
    to_s: int


@dataclass(frozen=True)
class Fence:
    """One fence, checked.

    rings : polygon rings as ((lat, lon), ...) without the closing vertex; inside is what an odd
        number of them encloses
    line : vertices of a corridor, or the one centre of a circle
    reach_m : half width or radius; 0 for a polygon
    spans, except_spans : (first, last) days since 1970-01-01, both included
    valid_us : [from, until) in microseconds since the epoch
    """

    number: int
    name: str
    kind: str
    shape: str
    rings: tuple[tuple[tuple[float, float], ...], ...] = ()
    line: tuple[tuple[float, float], ...] = ()
    reach_m: float = 0.0
    vehicle_kinds: tuple[str, ...] = ()
    vehicles: tuple[str, ...] = ()
    windows: tuple[Window, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    except_spans: tuple[tuple[int, int], ...] = ()
    valid_us: tuple[int, int] = _EVER
    limit_kmh: float = math.nan
    grade_pct: float = math.nan
    legal_basis: str = ""

    def concerns(self, vehicle_kind: str) -> bool:
        """Whether it is meant for vehicles of this kind."""
        return not self.vehicle_kinds or vehicle_kind in self.vehicle_kinds

    def in_force(self, time_us: int) -> bool:
        """Whether it holds at a moment; the kernel in ``fence_grid.py`` says the same."""
        if not self.valid_us[0] <= time_us < self.valid_us[1]:
            return False
        day, second = divmod(time_us // 1_000_000 + 8 * 3600, _DAY_S)
        if not self.windows:
            return self._on(day)
        for window in self.windows:
            over_midnight = window.to_s <= window.from_s
            if (
                second >= window.from_s
                and (over_midnight or second < window.to_s)
                and window.days >> (day + 3) % 7 & 1
                and self._on(day)
            ):
                return True
            if (
                over_midnight
                and second < window.to_s
                and window.days >> (day + 2) % 7 & 1
                and self._on(day - 1)
            ):
                return True
        return False

    def _on(self, day: int) -> bool:
        if any(first <= day <= last for first, last in self.except_spans):
            return False
        return not self.spans or any(first <= day <= last for first, last in self.spans)


@dataclass(frozen=True)
class Rejected:
    """A feature that was left out: its number in the file (from 1), and why."""

    number: int
    reason: str


@dataclass
class Parsed:
    """Fences out of a document, and what in it is none."""

    fences: list[Fence] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def parse(document: object) -> Parsed:
    """Fences of a FeatureCollection, good ones and reasons for the others.

    Raises ConfigError if the document as a whole is no FeatureCollection.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("features"), list):
        raise ConfigError("not a GeoJSON FeatureCollection")
    parsed, seen = Parsed(), set[int]()
    for number, feature in enumerate(document["features"], 1):
        try:
            fence = read_fence(feature)
            if fence.number in seen:
                raise ConfigError(f"number {fence.number} is there twice")
        except ConfigError as error:
            parsed.rejected.append(Rejected(number, str(error)))
            continue
        seen.add(fence.number)
        parsed.fences.append(fence)
    return parsed


def load(path: Path | str) -> list[Fence]:
    """Fences of a file. Raises ConfigError if any of it is wrong: half the fences are not enough
    to go on with."""
    try:
        parsed = parse(json.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON: {error}") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    if parsed.rejected:
        first = parsed.rejected[0]
        raise ConfigError(
            f"{path}: {len(parsed.rejected)} bad fences; feature {first.number}: {first.reason}"
        )
    return parsed.fences


def read_fence(feature: object) -> Fence:
    """Check one feature. Raises ConfigError that says what is wrong with it."""
    if not isinstance(feature, Mapping):
        raise ConfigError("not an object")
    given = feature.get("properties")
    if not isinstance(given, Mapping):
        raise ConfigError("no properties")
    number = given.get("number")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < NUMBERS:
        raise ConfigError(f"number {number!r} is not a whole number from 1 to {NUMBERS - 1}")
    name, kind = str(given.get("name") or "").strip(), given.get("kind")
    if not name:
        raise ConfigError("no name")
    if kind not in KINDS:
        raise ConfigError(f"kind {kind!r} is none of {', '.join(KINDS)}")
    vehicle_kinds = _texts(given, "vehicle_kinds")
    if unknown := sorted(set(vehicle_kinds) - set(KIND_CODES)):
        raise ConfigError(f"vehicle_kinds: no kind {unknown[0]!r}")
    vehicles = _texts(given, "vehicles")
    if (kind == "route") != bool(vehicles):
        raise ConfigError("vehicles are to be given for a route, and only for one")
    if vehicles and vehicle_kinds:
        raise ConfigError("a route names its vehicles and cannot have vehicle_kinds too")
    basis = str(given.get("legal_basis") or "").strip()
    if not basis and kind not in ("service", "blind"):
        raise ConfigError("no legal_basis: by which order does it hold?")
    valid_us = (
        _moment(given, "valid_from", _EVER[0]),
        _moment(given, "valid_until", _EVER[1]),
    )
    if not valid_us[0] < valid_us[1]:
        raise ConfigError("valid_until is not after valid_from")
    shape, rings, line, reach_m = _shape(feature.get("geometry"), given)
    return Fence(
        number=number,
        name=name,
        kind=str(kind),
        shape=shape,
        rings=rings,
        line=line,
        reach_m=reach_m,
        vehicle_kinds=vehicle_kinds,
        vehicles=vehicles,
        windows=_windows(given.get("times")),
        spans=_spans(given, "dates"),
        except_spans=_spans(given, "except_dates"),
        valid_us=valid_us,
        limit_kmh=_number(given, "limit_kmh", 5, 120, needed=kind in ("limit", "downgrade")),
        grade_pct=_number(given, "grade_pct", 0.1, 20, needed=kind == "downgrade"),
        legal_basis=basis,
    )


_Points = tuple[tuple[float, float], ...]


def _shape(
    geometry: object, given: Mapping[str, Any]
) -> tuple[str, tuple[_Points, ...], _Points, float]:
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if kind not in ("Polygon", "MultiPolygon", "LineString", "Point"):
        raise ConfigError(f"geometry {kind!r} is no Polygon, MultiPolygon, LineString or Point")
    try:
        shape = shapely.geometry.shape(geometry)
    except (ValueError, TypeError, KeyError, IndexError, shapely.errors.ShapelyError) as error:
        raise ConfigError(f"geometry: {error}") from error
    if shape.is_empty:
        raise ConfigError("geometry is empty")
    west, south, east, north = shape.bounds
    if west < -180 or east > 180 or south < -85 or north > 85:
        raise ConfigError("geometry is not on the globe (between 85 degrees south and north)")
    if kind == "Point":
        reach = _number(given, "radius_m", 5, 100_000, needed=True)
        return "circle", (), ((shape.y, shape.x),), reach
    if kind == "LineString":
        reach = _number(given, "half_width_m", 5, 5_000, needed=True)
        if not shape.length > 0:
            raise ConfigError("the line has no length")
        return "corridor", (), tuple((y, x) for x, y, *_ in shape.coords), reach
    if not shape.is_valid:
        raise ConfigError(f"polygon: {shapely.is_valid_reason(shape)}")
    polygons = [shape] if kind == "Polygon" else list(shape.geoms)
    rings = [ring for polygon in polygons for ring in (polygon.exterior, *polygon.interiors)]
    return (
        "polygon",
        tuple(tuple((y, x) for x, y, *_ in list(ring.coords)[:-1]) for ring in rings),
        (),
        0.0,
    )


def _windows(times: object) -> tuple[Window, ...]:
    if times is None:
        return ()
    if not isinstance(times, Sequence) or isinstance(times, str):
        raise ConfigError("times is not a list")
    windows = []
    for window in times:
        if not isinstance(window, Mapping):
            raise ConfigError(f"times: {window!r} is not {{days, from, to}}")
        days = window.get("days", list(range(1, 8)))
        if not isinstance(days, list) or not days or not set(days) <= set(range(1, 8)):
            raise ConfigError(f"times: days {days!r} are not numbers from 1 (Monday) to 7")
        bits = sum(1 << (day - 1) for day in set(days))
        windows.append(Window(bits, _clock(window, "from"), _clock(window, "to")))
    return tuple(windows)


def _clock(window: Mapping[str, Any], name: str) -> int:
    text = str(window.get(name))
    hour, colon, minute = text.partition(":")
    if colon and len(text) == 5 and (hour + minute).isdigit() and int(minute) < 60:
        seconds = int(hour) * 3600 + int(minute) * 60
        if seconds < _DAY_S or (seconds == _DAY_S and name == "to"):
            return seconds
    raise ConfigError(f"times: {name} {text!r} is not a time like 07:30")


def _spans(given: Mapping[str, Any], name: str) -> tuple[tuple[int, int], ...]:
    spans = []
    for pair in given.get(name) or ():
        try:
            first, last = (date.fromisoformat(day) for day in pair)
        except (TypeError, ValueError):
            raise ConfigError(f"{name}: {pair!r} is not [YYYY-MM-DD, YYYY-MM-DD]") from None
        if last < first:
            raise ConfigError(f"{name}: {last} is before {first}")
        spans.append(((first - _FIRST_DAY).days, (last - _FIRST_DAY).days))
    return tuple(spans)


def _moment(given: Mapping[str, Any], name: str, default: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise ConfigError(f"{name} {text!r} is not a moment like 2026-01-01T00:00+08:00") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e6)


def _texts(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = given.get(name) or []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ConfigError(f"{name} is not a list of texts")
    return tuple(values)


def _number(given: Mapping[str, Any], name: str, low: float, high: float, *, needed: bool) -> float:
    value = given.get(name)
    if value is None and not needed:
        return math.nan
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigError(f"{name} {value!r} is not a number from {low} to {high}")
    return float(value)
