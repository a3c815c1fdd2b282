"""What is seen, weighed, checked, measured and reported beside the road."""

from __future__ import annotations

import pyarrow as pa

from sizao.core.schemas.fields import TIME, field

PASSAGE = pa.schema(
    [
        field(
            "passage",
            pa.string(),
            "",
            "Identifier the checkpoint gave, else content id",
            null=False,
        ),
        field("checkpoint", pa.string(), "", "Checkpoint device id", null=False),
        field("time", TIME, "UTC", "Passing time", null=False),
        field("received", TIME, "UTC", "Receive time", null=False),
        field("plate", pa.string(), "", "Plate as read, null if unreadable or none"),
        field(
            "plate_colour", pa.uint8(), "JT/T 697.7", "1 blue, 2 yellow, 3 black, 4 white, 5 green"
        ),
        field("plate_class", pa.string(), "GA/T 16.7", "Plate class code, e.g. 02 small, 01 large"),
        field(
            "plate_reliability",
            pa.float32(),
            "%",
            "How sure the camera is of the plate, null if it does not tell",
        ),
        field("vehicle_class", pa.string(), "GA/T 16.4", "Vehicle class code, e.g. K33, H11"),
        field("vehicle_colour", pa.string(), "GA/T 1400", "Body colour, ColorType code as sent"),
        field("vehicle_brand", pa.string(), "", "Brand code as sent"),
        field("tollgate", pa.string(), "", "Tollgate id the device belongs to"),
        field("lane", pa.uint8(), "", "Lane, 1 nearest the median"),
        field("direction", pa.string(), "", "Direction code as sent"),
        field("speed_kmh", pa.float32(), "km/h", "Measured speed"),
        field("images", pa.list_(pa.string()), "", "Names in the evidence store"),
        field("picture_urls", pa.list_(pa.string()), "", "Where the sender keeps further pictures"),
        field("source", pa.string(), "", "Id of the source"),
    ]
)
"""A vehicle passed a checkpoint (卡口过车)."""

WEIGHING = pa.schema(
    [
        field(
            "weighing", pa.string(), "", "Identifier the station gave, else content id", null=False
        ),
        field("station", pa.string(), "", "Weigh station id", null=False),
        field("time", TIME, "UTC", "Weighing time", null=False),
        field("received", TIME, "UTC", "Receive time", null=False),
        field("method", pa.string(), "", "static, low_speed or high_speed (weigh in motion)"),
        field("plate", pa.string(), "", "Plate"),
        field(
            "plate_colour", pa.uint8(), "JT/T 697.7", "1 blue, 2 yellow, 3 black, 4 white, 5 green"
        ),
        field("lane", pa.uint8(), "", "Lane"),
        field("speed_kmh", pa.float32(), "km/h", "Speed while weighed"),
        field("axles", pa.uint8(), "", "Number of axles"),
        field("drive_axles", pa.uint8(), "", "Number of driven axles, where known"),
        field("combination", pa.bool_(), "", "Tractor or truck with trailer"),
        field("gross_kg", pa.float64(), "kg", "Gross mass"),
        field("axle_loads_kg", pa.list_(pa.float64()), "kg", "Load of each axle, front first"),
        field("length_m", pa.float32(), "m", "Length"),
        field("width_m", pa.float32(), "m", "Width"),
        field("height_m", pa.float32(), "m", "Height"),
        field("images", pa.list_(pa.string()), "", "Names in the evidence store"),
        field(
            "quality",
            pa.string(),
            "",
            "Comma list: sum_differs, axles_differ, gross_from_axles",
        ),
        field("source", pa.string(), "", "Id of the source"),
    ]
)
"""A vehicle was weighed, at a station or in motion."""

ROADSIDE_CHECK = pa.schema(
    [
        field("check", pa.string(), "", "Number of the check, else content id", null=False),
        field("station", pa.string(), "", "Code of the post or device", null=False),
        field("unit", pa.string(), "", "Code of the officers' unit"),
        field("time", TIME, "UTC", "Time of the check, or of the blood result", null=False),
        field("received", TIME, "UTC", "Receive time", null=False),
        field("refers_to", pa.string(), "", "Check that this one corrects"),
        field("plate", pa.string(), "", "Plate"),
        field(
            "plate_colour", pa.uint8(), "JT/T 697.7", "1 blue, 2 yellow, 3 black, 4 white, 5 green"
        ),
        field("how", pa.string(), "", "officer, door_counter or camera"),
        field("breath_mg_100ml", pa.float32(), "mg/100mL", "Breath test, as blood alcohol"),
        field("device", pa.string(), "", "Breath tester's number"),
        field("calibrated", pa.string(), "date", "Day of its last verification, ISO 8601"),
        field("refused", pa.bool_(), "", "The test was refused"),
        field("blood", pa.string(), "", "pending (a sample was taken) or result"),
        field("blood_mg_100ml", pa.float32(), "mg/100mL", "Blood test"),
        field("persons", pa.int16(), "count", "Persons on board, the driver included"),
        field("children_free", pa.int16(), "count", "Of them children who travel free"),
        field("lat", pa.float64(), "deg", "Latitude, WGS-84"),
        field("lon", pa.float64(), "deg", "Longitude, WGS-84"),
        field("road", pa.string(), "", "Road reference, e.g. G5"),
        field("stake_m", pa.float64(), "m", "Linear reference along the road"),
        field(
            "quality",
            pa.string(),
            "",
            "Comma list: refused_and_blown, blood_contradicts, children_exceed_persons",
        ),
        field("source", pa.string(), "", "Id of the source"),
    ]
)
"""What a check at the roadside found: alcohol, or how many are on board. It never says who: a check
is known by its number and plate, and persons stand in the police's own records under it."""

WEATHER_NOTICE = pa.schema(
    [
        field("notice", pa.string(), "", "Identifier given by the issuer", null=False),
        field("time", TIME, "UTC", "Onset", null=False),
        field("received", TIME, "UTC", "Receive time", null=False),
        field("sent", TIME, "UTC", "When it was issued"),
        field("until", TIME, "UTC", "Expected end"),
        field("action", pa.string(), "", "alert, update, cancel (CAP msgType)", null=False),
        field("refers_to", pa.string(), "", "Notices this one updates or cancels, comma list"),
        field("kind", pa.string(), "", "fog, road_ice, rain, wind, snow, other"),
        field("level", pa.string(), "", "blue, yellow, orange, red"),
        field("status", pa.string(), "", "actual, exercise, test (CAP status)"),
        field("headline", pa.string(), "", "The issuer's headline"),
        field("text", pa.string(), "", "The issuer's description"),
        field("area", pa.string(), "", "Administrative division codes, comma list"),
        field("area_name", pa.string(), "", "Area in words"),
        field("polygon", pa.string(), "", "Outline as WKT, WGS-84"),
        field("issuer", pa.string(), "", "Who issued it"),
        field(
            "quality",
            pa.string(),
            "",
            "Comma list: level_from_severity, no_level, expired, signature_unchecked ...: see the"
            " CAP page",
        ),
        field("source", pa.string(), "", "Id of the source"),
    ]
)
"""A weather service's notice, as CAP 1.2 words it: one row an event, so that ``notice`` and
``kind`` together are the key."""

WEATHER_READING = pa.schema(
    [
        field("station", pa.string(), "", "Station id", null=False),
        field("time", TIME, "UTC", "Time of the reading", null=False),
        field("received", TIME, "UTC", "Receive time", null=False),
        field("lat", pa.float64(), "deg", "Latitude, WGS-84"),
        field("lon", pa.float64(), "deg", "Longitude, WGS-84"),
        field("visibility_m", pa.float32(), "m", "Meteorological optical range"),
        field("rain_mm_h", pa.float32(), "mm/h", "Rain intensity"),
        field("air_c", pa.float32(), "degC", "Air temperature"),
        field("road_c", pa.float32(), "degC", "Road surface temperature"),
        field("wind_ms", pa.float32(), "m/s", "Wind speed"),
        field("road_state", pa.string(), "", "dry, damp, wet, snow, ice"),
        field("source", pa.string(), "", "Id of the source"),
    ]
)
"""A road weather station's reading."""

REPORT = pa.schema(
    [
        field("report", pa.string(), "", "Identifier", null=False),
        field("time", TIME, "UTC", "When the reporter saw it", null=False),
        field("received", TIME, "UTC", "Receive time", null=False),
        field("lat", pa.float64(), "deg", "Latitude, WGS-84"),
        field("lon", pa.float64(), "deg", "Longitude, WGS-84"),
        field("address", pa.string(), "", "Place in the reporter's words"),
        field("kind", pa.string(), "", "crash, hazard, obstruction, signal_fault, weather"),
        field("text", pa.string(), "", "The reporter's words"),
        field("images", pa.list_(pa.string()), "", "Names in the evidence store"),
        field("channel", pa.string(), "", "citizen, road_staff, persuader"),
        field("source", pa.string(), "", "Id of the source"),
    ]
)
"""A person reported something. Who it was stays in the database, not in the log."""

DROPPED_FILE = pa.schema(
    [
        field("file", pa.string(), "", "SHA-256: name in the evidence store", null=False),
        field("time", TIME, "UTC", "When it was imported", null=False),
        field("received", TIME, "UTC", "The same", null=False),
        field("name", pa.string(), "", "Name as the station left it"),
        field("topic", pa.string(), "", "Topic of its rows", null=False),
        field("rows", pa.int64(), "", "Rows under the heading", null=False),
        field("refused", pa.int64(), "", "Rows of these that could not be used", null=False),
        field("bytes", pa.int64(), "B", "Size", null=False),
        field("source", pa.string(), "", "Id of the source"),
    ]
)
"""A file from a drop folder was imported; in the transaction that holds its rows."""
