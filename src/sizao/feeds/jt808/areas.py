"""Areas and routes a terminal watches by itself: 0x8600 to 0x8608, 0x0608.

Whether times, speeds and names are there depends on bits of ``attribute`` and on the edition.
Times may leave out date parts (``000000`` in front means every day), so they stay BCD.

Source: JT/T 808-2013 clauses 8.35 to 8.42; -2019 adds night speeds, names and the query.
"""

from __future__ import annotations

from typing import Any

from sizao.feeds.jt808.codecs import U8, U16, U32, CountOf, Fields, Place, Raw, SizedText
from sizao.feeds.jt808.fields import Reader
from sizao.feeds.jt808.layout import Each, F, Layout, bit, edition
from sizao.feeds.jt808.problems import Malformed

_TIMED, _LIMITED = 0, 1
"""Bits of ``attribute``: with times, with a speed limit."""
_SOUTH, _WEST = 6, 7

_TIMES = (
    F("start_bcd", Raw(6), "BCD", "bit 0: from", when=bit(_TIMED)),
    F("end_bcd", Raw(6), "BCD", "bit 0: until", when=bit(_TIMED)),
)
_SPEEDS = (
    F("max_speed_kmh", U16, "km/h", "bit 1: speed limit", when=bit(_LIMITED)),
    F("overspeed_s", U8, "s", "bit 1: overspeed after so long", when=bit(_LIMITED)),
)
_NIGHT = F(
    "night_speed_kmh", U16, "km/h", "2019, bit 1: limit at night", when=bit(_LIMITED, "2019")
)
_NAME = F("name", SizedText(U16), "", "2019: name", when=edition("2019"))
_ATTRIBUTE = F("attribute", U16, "bits", "0 times, 1 speed, 2-5 alarms, 6 south, 7 west")

CIRCLE = Layout(
    "8.35",
    F("id", U32, "", "area"),
    _ATTRIBUTE,
    F("lat", Place(_SOUTH), "deg", "centre"),
    F("lon", Place(_WEST), "deg", "centre"),
    F("radius_m", U32, "m", "radius"),
    *_TIMES,
    *_SPEEDS,
    _NIGHT,
    _NAME,
)

RECTANGLE = Layout(
    "8.37",
    F("id", U32, "", "area"),
    _ATTRIBUTE,
    F("top_lat", Place(_SOUTH), "deg", "upper left corner"),
    F("left_lon", Place(_WEST), "deg", "upper left corner"),
    F("bottom_lat", Place(_SOUTH), "deg", "lower right corner"),
    F("right_lon", Place(_WEST), "deg", "lower right corner"),
    *_TIMES,
    *_SPEEDS,
    _NIGHT,
    _NAME,
)


class Corners:
    """Corners of a polygon; the hemisphere bits are the area's, so no codec of one corner."""

    kind = "u16 + list of lat, lon"

    def read(self, reader: Reader, seen: Fields, version: str) -> list[dict[str, float]]:
        lat, lon = Place(_SOUTH), Place(_WEST)
        return [
            {"lat": lat.read(reader, seen, version), "lon": lon.read(reader, seen, version)}
            for _ in range(reader.u16())
        ]

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        lat, lon = Place(_SOUTH), Place(_WEST)
        return len(value).to_bytes(2, "big") + b"".join(
            lat.write(one["lat"], fields, version) + lon.write(one["lon"], fields, version)
            for one in value
        )


POLYGON = Layout(
    "8.39",
    F("id", U32, "", "area"),
    _ATTRIBUTE,
    *_TIMES,
    *_SPEEDS,
    F("corners", Corners(), "deg", "corners in order"),
    _NIGHT,
    _NAME,
)

_TURN = Layout(
    "8.41",
    F("id", U32, "", "turning point"),
    F("segment_id", U32, "", "segment that begins here"),
    # The bits that would give the sign come after the values: as sent.
    F("lat", Place(None), "deg", "turning point, unsigned; south by bit 2"),
    F("lon", Place(None), "deg", "turning point, unsigned; west by bit 3"),
    F("width_m", U8, "m", "width of the segment"),
    F("attribute", U8, "bits", "0 travel time, 1 speed, 2 south, 3 west"),
    F("longest_s", U16, "s", "bit 0: too long after", when=bit(0)),
    F("shortest_s", U16, "s", "bit 0: too short before", when=bit(0)),
    F("max_speed_kmh", U16, "km/h", "bit 1: speed limit", when=bit(1)),
    F("overspeed_s", U8, "s", "bit 1: overspeed after so long", when=bit(1)),
    F("night_speed_kmh", U16, "km/h", "2019, bit 1: limit at night", when=bit(1, "2019")),
)

ROUTE = Layout(
    "8.41",
    F("id", U32, "", "route"),
    F("attribute", U16, "bits", "0 times, 2-5 alarms"),
    *_TIMES,
    F("turns", Each(_TURN, U16), "", "turning points in order"),
    _NAME,
)

_SETTING = F("setting", U8, "", "0 replace, 1 append, 2 change")


def _several(source: str, shape: Layout) -> Layout:
    return Layout(
        source,
        _SETTING,
        F("count", CountOf("areas"), "", "areas that follow"),
        F("areas", Each(shape, "count"), "", "the areas"),
    )


CIRCLES = _several("8.35", CIRCLE)
"""0x8600: set circles."""
RECTANGLES = _several("8.37", RECTANGLE)
"""0x8602: set rectangles."""

DELETION = Layout(
    "8.36, 8.38, 8.40, 8.42",
    F("count", CountOf("ids"), "", "ids that follow; 0 deletes all"),
    F("ids", Each(U32, "count"), "", "areas or routes to delete"),
)
"""0x8601, 0x8603, 0x8605, 0x8607: delete."""

_SHAPE = "1 circle, 2 rectangle, 3 polygon, 4 route"

AREA_QUERY = Layout(
    "2019 only",
    F("shape", U8, "", _SHAPE),
    F("count", CountOf("ids", U32), "", "ids that follow; 0 asks for all"),
    F("ids", Each(U32, "count"), "", "areas or routes wanted"),
)
"""0x8608: which areas does the terminal have?"""

SHAPES = {1: CIRCLE, 2: RECTANGLE, 3: POLYGON, 4: ROUTE}


class Shapes:
    """The areas of 0x0608, each laid out as the message that set it."""

    kind = "list"

    def read(self, reader: Reader, seen: Fields, version: str) -> list[dict[str, Any]]:
        shape = SHAPES.get(seen["shape"])
        if shape is None:
            if seen["count"]:
                raise Malformed("bad_length", f"no shape {seen['shape']}")
            return []
        return [shape.read(reader, seen, version) for _ in range(seen["count"])]

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        return b"".join(SHAPES[fields["shape"]].write(one, fields, version) for one in value)


AREA_ANSWER = Layout(
    "2019 only",
    F("shape", U8, "", _SHAPE),
    F("count", CountOf("areas", U32), "", "areas that follow"),
    F("areas", Shapes(), "", "as in 0x8600, 0x8602, 0x8604, 0x8606"),
)
"""0x0608: the areas asked for."""
