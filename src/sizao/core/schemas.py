"""Record schemas: what travels between stages, as Arrow columns with a unit each.

Every field's metadata holds ``unit`` and ``doc``; ``docs/reference/records.md`` is checked
against them. Times are UTC microseconds. Angles are degrees, WGS-84. A null means "not
reported", never zero.
"""

from __future__ import annotations

import pyarrow as pa

from sizao.core.errors import ColumnError

TIME = pa.timestamp("us", tz="UTC")


def _field(name: str, kind: pa.DataType, unit: str, doc: str, *, null: bool = True) -> pa.Field:
    return pa.field(name, kind, nullable=null, metadata={"unit": unit, "doc": doc})


POSITION = pa.schema(
    [
        _field("vehicle", pa.string(), "", "Terminal phone without leading zeros", null=False),
        _field("time", TIME, "UTC", "Event time, as the terminal stamped it", null=False),
        _field("received", TIME, "UTC", "When the gateway had the whole frame", null=False),
        _field("lat", pa.float64(), "deg", "Latitude, WGS-84, south negative"),
        _field("lon", pa.float64(), "deg", "Longitude, WGS-84, west negative"),
        _field("speed_kmh", pa.float32(), "km/h", "Speed by satellite"),
        _field("heading_deg", pa.float32(), "deg", "Course, clockwise from north"),
        _field("altitude_m", pa.float32(), "m", "Altitude"),
        _field("recorder_speed_kmh", pa.float32(), "km/h", "Speed by the recorder (item 0x03)"),
        _field("mileage_km", pa.float64(), "km", "Odometer (item 0x01)"),
        _field("alarm", pa.uint32(), "bits", "JT/T 808 alarm word: a level, not an edge"),
        _field("status", pa.uint32(), "bits", "JT/T 808 status word"),
        _field("positioned", pa.bool_(), "", "The terminal had a satellite fix"),
        _field("catch_up", pa.bool_(), "", "Sent later from the terminal's store (0x0704)"),
        _field("driver", pa.string(), "", "Licence number of the card in the reader, if known"),
        _field("source", pa.string(), "", "Feed that reported it: jt808, jt809, replay"),
    ]
)
"""Where a vehicle was. Observation id: ``core.ids.observation_id(vehicle, time)``."""

DRIVER_CARD = pa.schema(
    [
        _field("vehicle", pa.string(), "", "Terminal phone", null=False),
        _field("time", TIME, "UTC", "When the card went in or out", null=False),
        _field("received", TIME, "UTC", "Receive time", null=False),
        _field("inserted", pa.bool_(), "", "In (true) or out (false)", null=False),
        _field("driver", pa.string(), "", "Licence number; null on removal or failed reading"),
        _field("name", pa.string(), "", "Driver's name on the card"),
        _field("source", pa.string(), "", "Feed"),
    ]
)
"""A driver card was put in or taken out (JT/T 808 0x0702)."""

PASSAGE = pa.schema(
    [
        _field("checkpoint", pa.string(), "", "Checkpoint device id", null=False),
        _field("time", TIME, "UTC", "Passing time", null=False),
        _field("received", TIME, "UTC", "Receive time", null=False),
        _field("plate", pa.string(), "", "Plate as read, null if unreadable"),
        _field(
            "plate_colour", pa.uint8(), "JT/T 697.7", "1 blue, 2 yellow, 3 black, 4 white, 5 green"
        ),
        _field("lane", pa.uint8(), "", "Lane, 1 nearest the median"),
        _field("speed_kmh", pa.float32(), "km/h", "Measured speed"),
        _field("source", pa.string(), "", "Feed"),
    ]
)
"""A vehicle passed a checkpoint (卡口过车)."""

WEIGHING = pa.schema(
    [
        _field("station", pa.string(), "", "Weigh station id", null=False),
        _field("time", TIME, "UTC", "Weighing time", null=False),
        _field("received", TIME, "UTC", "Receive time", null=False),
        _field("plate", pa.string(), "", "Plate"),
        _field("axles", pa.uint8(), "", "Number of axles"),
        _field("gross_kg", pa.float64(), "kg", "Gross mass"),
        _field("axle_loads_kg", pa.list_(pa.float64()), "kg", "Load of each axle, front first"),
        _field("source", pa.string(), "", "Feed"),
    ]
)
"""A vehicle was weighed."""

WEATHER_NOTICE = pa.schema(
    [
        _field("notice", pa.string(), "", "Identifier given by the issuer", null=False),
        _field("time", TIME, "UTC", "Onset", null=False),
        _field("received", TIME, "UTC", "Receive time", null=False),
        _field("until", TIME, "UTC", "Expected end"),
        _field("kind", pa.string(), "", "fog, road_ice, rain, wind, snow"),
        _field("level", pa.string(), "", "blue, yellow, orange, red"),
        _field("area", pa.string(), "", "Administrative division code"),
        _field("visibility_m", pa.float32(), "m", "Lowest visibility"),
        _field("source", pa.string(), "", "Feed"),
    ]
)
"""A weather service's notice or a station's reading."""

REPORT = pa.schema(
    [
        _field("report", pa.string(), "", "Identifier", null=False),
        _field("time", TIME, "UTC", "When the reporter saw it", null=False),
        _field("received", TIME, "UTC", "Receive time", null=False),
        _field("lat", pa.float64(), "deg", "Latitude, WGS-84"),
        _field("lon", pa.float64(), "deg", "Longitude, WGS-84"),
        _field("kind", pa.string(), "", "crash, hazard, obstruction, weather"),
        _field("text", pa.string(), "", "The reporter's words"),
        _field("source", pa.string(), "", "Feed"),
    ]
)
"""A person reported something."""

QUARANTINE = pa.schema(
    [
        _field("received", TIME, "UTC", "Receive time", null=False),
        _field("source", pa.string(), "", "Feed", null=False),
        _field("peer", pa.string(), "", "Phone if readable, else network address"),
        _field(
            "reason", pa.string(), "", "Reason code, see docs/reference/quarantine.md", null=False
        ),
        _field("detail", pa.string(), "", "What exactly was wrong"),
        _field("raw", pa.binary(), "bytes", "The bytes as they came", null=False),
    ]
)
"""Input that could not be used, kept whole so that it can be decoded after a fix."""

COMMAND = pa.schema(
    [
        _field("command", pa.string(), "", "Id of the order", null=False),
        _field("time", TIME, "UTC", "When it was ordered", null=False),
        _field("vehicle", pa.string(), "", "Terminal phone", null=False),
        _field("kind", pa.string(), "", "text (0x8300)", null=False),
        _field("text", pa.string(), "", "Words to speak and show"),
        _field("expires", TIME, "UTC", "Not sent any more after this moment"),
    ]
)
"""An order to a terminal."""

COMMAND_RESULT = pa.schema(
    [
        _field("command", pa.string(), "", "Id of the order", null=False),
        _field("time", TIME, "UTC", "When this was known", null=False),
        _field("vehicle", pa.string(), "", "Terminal phone", null=False),
        _field(
            "state", pa.string(), "", "sent, acknowledged, refused, offline, expired", null=False
        ),
        _field("detail", pa.string(), "", "Terminal's result code or why not"),
    ]
)
"""What became of an order; several rows an order, in time order."""

DETECTION = pa.schema(
    [
        _field(
            "id",
            pa.string(),
            "",
            "Episode: content id of rule, version, vehicle, start",
            null=False,
        ),
        _field("revision", pa.int16(), "", "0 when it fires, 1 when it ends", null=False),
        _field("rule", pa.string(), "", "Rule id", null=False),
        _field("rule_version", pa.string(), "", "Version of rule and parameters", null=False),
        _field("vehicle", pa.string(), "", "Subject", null=False),
        _field("vehicle_kind", pa.string(), "", "Kind in the register"),
        _field("driver", pa.string(), "", "Driver identity the rule used; null is unknown"),
        _field("start", TIME, "UTC", "First observation of the episode", null=False),
        _field("end", TIME, "UTC", "Last observation of it so far", null=False),
        _field("fired", TIME, "UTC", "Event time at which the rule could first tell", null=False),
        _field("received", TIME, "UTC", "Receive time of the observation that made it fire"),
        _field("measured", pa.float64(), "measured_unit", "Worst value", null=False),
        _field(
            "limit", pa.float64(), "measured_unit", "Limit in force at the worst value", null=False
        ),
        _field("measured_unit", pa.string(), "", "km/h, min", null=False),
        _field("severity", pa.string(), "", "Legal or reporting band, e.g. 20-50", null=False),
        _field("lat", pa.float64(), "deg", "Place of the worst value"),
        _field("lon", pa.float64(), "deg", "Place of the worst value"),
        _field("road", pa.string(), "", "Road reference, e.g. G5"),
        _field(
            "road_class",
            pa.string(),
            "",
            "expressway, national, provincial, county, village, urban",
        ),
        _field("stake_m", pa.float64(), "m", "Linear reference along the road"),
        _field("area", pa.string(), "", "County or district code of the place"),
        _field("final", pa.bool_(), "", "The episode has ended", null=False),
        _field(
            "evidence", pa.list_(pa.string()), "", "Observation ids: first, worst, last", null=False
        ),
        _field("quality", pa.string(), "", "Comma list: gps_only, gap, unmatched, limit_default"),
    ]
)
"""What a rule concluded. One episode has one id; a later revision replaces an earlier one."""

REGISTER = pa.schema(
    [
        _field("vehicle", pa.string(), "", "Terminal phone without leading zeros", null=False),
        _field("plate", pa.string(), "", "Plate"),
        _field(
            "plate_colour", pa.uint8(), "JT/T 697.7", "1 blue, 2 yellow, 3 black, 4 white, 5 green"
        ),
        _field("kind", pa.string(), "", "Vehicle kind, see core.vehicles.KINDS", null=False),
        _field("enterprise", pa.string(), "", "Enterprise id"),
        _field("enterprise_name", pa.string(), "", "Enterprise name"),
        _field("area", pa.string(), "", "County or district code of the home brigade"),
    ]
)
"""The vehicle register: one row a terminal. Kept as ``register.parquet`` in the data folder."""

LIVE = pa.schema(
    [
        _field("vehicle", pa.string(), "", "Terminal phone", null=False),
        _field("time", TIME, "UTC", "Event time of the last position", null=False),
        _field("received", TIME, "UTC", "Its receive time", null=False),
        _field("lat", pa.float64(), "deg", "Latitude"),
        _field("lon", pa.float64(), "deg", "Longitude"),
        _field("speed_kmh", pa.float32(), "km/h", "Speed"),
        _field("heading_deg", pa.float32(), "deg", "Course"),
        _field("limit_kmh", pa.float32(), "km/h", "Limit in force for this vehicle here"),
        _field("road", pa.string(), "", "Road reference"),
        _field("road_class", pa.string(), "", "Road class"),
        _field("stake_m", pa.float64(), "m", "Linear reference along the road"),
        _field("area", pa.string(), "", "County or district code of the place"),
        _field("kind", pa.string(), "", "Vehicle kind"),
        _field("active", pa.string(), "", "Comma list of rules with an open episode"),
    ]
)
"""The live board: the last state of every vehicle. Row order is stable: new vehicles append."""

TOPICS: dict[str, pa.Schema] = {
    "positions": POSITION,
    "driver_cards": DRIVER_CARD,
    "passages": PASSAGE,
    "weighings": WEIGHING,
    "weather": WEATHER_NOTICE,
    "reports": REPORT,
    "quarantine": QUARANTINE,
    "commands": COMMAND,
    "command_results": COMMAND_RESULT,
    "detections": DETECTION,
}
"""Every topic of the log and the schema of its records."""


def check(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return ``batch`` if it has exactly the schema's columns and types.

    Raises ColumnError naming the first difference: a stage that hands over the wrong columns
    is a broken promise, not bad input.
    """
    for field in schema:
        index = batch.schema.get_field_index(field.name)
        if index < 0:
            raise ColumnError(f"missing column {field.name!r}")
        if batch.schema.field(index).type != field.type:
            raise ColumnError(
                f"column {field.name!r} is {batch.schema.field(index).type}, expected {field.type}"
            )
    if batch.num_columns != len(schema):
        extra = sorted(set(batch.schema.names) - set(schema.names))
        raise ColumnError(f"unexpected columns {extra}")
    return batch


def empty(schema: pa.Schema) -> pa.RecordBatch:
    """A batch of the schema with no rows."""
    return pa.RecordBatch.from_pylist([], schema=schema)
