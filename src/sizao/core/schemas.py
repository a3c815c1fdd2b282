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
        _field(
            "source",
            pa.string(),
            "",
            "Id of the source that reported it: jt808, jt809:LINK, replay",
        ),
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
        _field("source", pa.string(), "", "Id of the source"),
    ]
)
"""A driver card was put in or taken out (JT/T 808 0x0702)."""

DEVICE_ALARM = pa.schema(
    [
        _field("vehicle", pa.string(), "", "Terminal phone", null=False),
        _field("time", TIME, "UTC", "When the device saw it", null=False),
        _field("received", TIME, "UTC", "Receive time", null=False),
        _field(
            "kind",
            pa.string(),
            "",
            "Family and type, e.g. dsm.fatigue, adas.lane_departure",
            null=False,
        ),
        _field("level", pa.uint8(), "", "1 or 2, as the device graded it"),
        _field("state", pa.uint8(), "", "0 a moment, 1 start, 2 end", null=False),
        _field("lat", pa.float64(), "deg", "Latitude, WGS-84"),
        _field("lon", pa.float64(), "deg", "Longitude, WGS-84"),
        _field("speed_kmh", pa.float32(), "km/h", "Speed the device reports with it"),
        _field("degree", pa.uint8(), "", "Fatigue degree 1 to 10, where the type has one"),
        _field("alarm_key", pa.string(), "", "The 16 or 40 identity bytes as hex: asks for files"),
        _field("source", pa.string(), "", "Id of the source"),
    ]
)
"""An active-safety device saw something (T/JSATL 12 items 0x64 to 0x67). Deduplicate by
``alarm_key`` and ``state``: the time in the item may differ from the report's."""

EVIDENCE = pa.schema(
    [
        _field("evidence", pa.string(), "", "SHA-256: name in the evidence store", null=False),
        _field("time", TIME, "UTC", "When it was taken", null=False),
        _field("received", TIME, "UTC", "When it was whole", null=False),
        _field("subject", pa.string(), "", "Terminal phone, checkpoint, station or report"),
        _field(
            "refers_to", pa.string(), "", "alarm_key, passage, weighing or report it belongs to"
        ),
        _field("kind", pa.string(), "", "image, audio, video, text, other", null=False),
        _field("format", pa.string(), "", "jpg, png, wav, mp4 ...: as sent"),
        _field("name", pa.string(), "", "File name or media id as sent"),
        _field("bytes", pa.int64(), "B", "Size", null=False),
        _field("channel", pa.uint8(), "", "Camera channel"),
        _field("source", pa.string(), "", "Id of the source"),
    ]
)
"""A piece of evidence has been stored."""

TERMINAL_MESSAGE = pa.schema(
    [
        _field("vehicle", pa.string(), "", "Terminal phone", null=False),
        _field("time", TIME, "UTC", "Receive time: these messages carry none", null=False),
        _field("received", TIME, "UTC", "Receive time", null=False),
        _field("kind", pa.string(), "", "Message id, e.g. 0x0104", null=False),
        _field("refers_to", pa.string(), "", "Serial of the order it answers"),
        _field("body", pa.string(), "", "Decoded fields as JSON", null=False),
        _field("source", pa.string(), "", "Id of the source"),
    ]
)
"""What a terminal said beside where it is: parameters, attributes, answers of the driver, recorder
data, waybills, CAN frames, bytes of other devices (JT/T 808)."""

PLATFORM_MESSAGE = pa.schema(
    [
        _field("message", pa.string(), "", "Content id", null=False),
        _field("time", TIME, "UTC", "When it was sent", null=False),
        _field("received", TIME, "UTC", "Receive time", null=False),
        _field("link", pa.string(), "", "Which platform link, by its name", null=False),
        _field("direction", pa.string(), "", "in or out", null=False),
        _field(
            "kind", pa.string(), "", "Message and sub-message id, e.g. 0x9400/0x9401", null=False
        ),
        _field("vehicle", pa.string(), "", "Terminal phone where the register knows the plate"),
        _field("plate", pa.string(), "", "Plate"),
        _field("plate_colour", pa.uint8(), "JT/T 697.7", "Plate colour"),
        _field(
            "refers_to", pa.string(), "", "Supervision, alarm or question id it answers or sets"
        ),
        _field(
            "state",
            pa.string(),
            "",
            "received, sent, refused, expired, ended; of a duty check: answered, late, missed",
        ),
        _field("body", pa.string(), "", "Decoded fields as JSON", null=False),
        _field("source", pa.string(), "", "Id of the source"),
    ]
)
"""What two platforms told each other beside positions (JT/T 809 0x1300, 0x1400, 0x9300, 0x9400,
0x1600 families): duty checks, alarms, supervision orders and their answers, static data. Logins
and ends of links are here too. A message of ours has the id of the order that asked for it."""

PLATFORM_ORDER = pa.schema(
    [
        _field("order", pa.string(), "", "Id of the order", null=False),
        _field("time", TIME, "UTC", "When it was ordered", null=False),
        _field("link", pa.string(), "", "Which platform link, by its name", null=False),
        _field("kind", pa.string(), "", "Message to send, e.g. 0x9401, 0x1301", null=False),
        _field("plate", pa.string(), "", "Plate, where it concerns a vehicle"),
        _field("plate_colour", pa.uint8(), "JT/T 697.7", "Plate colour"),
        _field("body", pa.string(), "", "Fields of the message as JSON", null=False),
        _field("expires", TIME, "UTC", "Not sent any more after this moment"),
    ]
)
"""A message to a platform: a supervision order, a duty check, an answer to one. What became of
it is a row of ``platform_messages`` with the same id."""

PASSAGE = pa.schema(
    [
        _field(
            "passage",
            pa.string(),
            "",
            "Identifier the checkpoint gave, else content id",
            null=False,
        ),
        _field("checkpoint", pa.string(), "", "Checkpoint device id", null=False),
        _field("time", TIME, "UTC", "Passing time", null=False),
        _field("received", TIME, "UTC", "Receive time", null=False),
        _field("plate", pa.string(), "", "Plate as read, null if unreadable or none"),
        _field(
            "plate_colour", pa.uint8(), "JT/T 697.7", "1 blue, 2 yellow, 3 black, 4 white, 5 green"
        ),
        _field(
            "plate_class", pa.string(), "GA/T 16.7", "Plate class code, e.g. 02 small, 01 large"
        ),
        _field("vehicle_class", pa.string(), "GA/T 16.4", "Vehicle class code, e.g. K33, H11"),
        _field("vehicle_colour", pa.string(), "GA/T 1400", "Body colour, ColorType code as sent"),
        _field("vehicle_brand", pa.string(), "", "Brand code as sent"),
        _field("tollgate", pa.string(), "", "Tollgate id the device belongs to"),
        _field("lane", pa.uint8(), "", "Lane, 1 nearest the median"),
        _field("direction", pa.string(), "", "Direction code as sent"),
        _field("speed_kmh", pa.float32(), "km/h", "Measured speed"),
        _field("images", pa.list_(pa.string()), "", "Names in the evidence store"),
        _field(
            "picture_urls", pa.list_(pa.string()), "", "Where the sender keeps further pictures"
        ),
        _field("source", pa.string(), "", "Id of the source"),
    ]
)
"""A vehicle passed a checkpoint (卡口过车)."""

WEIGHING = pa.schema(
    [
        _field(
            "weighing", pa.string(), "", "Identifier the station gave, else content id", null=False
        ),
        _field("station", pa.string(), "", "Weigh station id", null=False),
        _field("time", TIME, "UTC", "Weighing time", null=False),
        _field("received", TIME, "UTC", "Receive time", null=False),
        _field("method", pa.string(), "", "static, low_speed or high_speed (weigh in motion)"),
        _field("plate", pa.string(), "", "Plate"),
        _field(
            "plate_colour", pa.uint8(), "JT/T 697.7", "1 blue, 2 yellow, 3 black, 4 white, 5 green"
        ),
        _field("lane", pa.uint8(), "", "Lane"),
        _field("speed_kmh", pa.float32(), "km/h", "Speed while weighed"),
        _field("axles", pa.uint8(), "", "Number of axles"),
        _field("drive_axles", pa.uint8(), "", "Number of driven axles, where known"),
        _field("combination", pa.bool_(), "", "Tractor or truck with trailer"),
        _field("gross_kg", pa.float64(), "kg", "Gross mass"),
        _field("axle_loads_kg", pa.list_(pa.float64()), "kg", "Load of each axle, front first"),
        _field("length_m", pa.float32(), "m", "Length"),
        _field("width_m", pa.float32(), "m", "Width"),
        _field("height_m", pa.float32(), "m", "Height"),
        _field("images", pa.list_(pa.string()), "", "Names in the evidence store"),
        _field(
            "quality",
            pa.string(),
            "",
            "Comma list: sum_differs, axles_differ, gross_from_axles",
        ),
        _field("source", pa.string(), "", "Id of the source"),
    ]
)
"""A vehicle was weighed, at a station or in motion."""

ROADSIDE_CHECK = pa.schema(
    [
        _field("check", pa.string(), "", "Number of the check, else content id", null=False),
        _field("station", pa.string(), "", "Code of the post or device", null=False),
        _field("unit", pa.string(), "", "Code of the officers' unit"),
        _field("time", TIME, "UTC", "Time of the check, or of the blood result", null=False),
        _field("received", TIME, "UTC", "Receive time", null=False),
        _field("refers_to", pa.string(), "", "Check that this one corrects"),
        _field("plate", pa.string(), "", "Plate"),
        _field(
            "plate_colour", pa.uint8(), "JT/T 697.7", "1 blue, 2 yellow, 3 black, 4 white, 5 green"
        ),
        _field("how", pa.string(), "", "officer, door_counter or camera"),
        _field("breath_mg_100ml", pa.float32(), "mg/100mL", "Breath test, as blood alcohol"),
        _field("device", pa.string(), "", "Breath tester's number"),
        _field("calibrated", pa.string(), "date", "Day of its last verification, ISO 8601"),
        _field("refused", pa.bool_(), "", "The test was refused"),
        _field("blood", pa.string(), "", "pending (a sample was taken) or result"),
        _field("blood_mg_100ml", pa.float32(), "mg/100mL", "Blood test"),
        _field("persons", pa.int16(), "count", "Persons on board, the driver included"),
        _field("children_free", pa.int16(), "count", "Of them children who travel free"),
        _field("lat", pa.float64(), "deg", "Latitude, WGS-84"),
        _field("lon", pa.float64(), "deg", "Longitude, WGS-84"),
        _field("road", pa.string(), "", "Road reference, e.g. G5"),
        _field("stake_m", pa.float64(), "m", "Linear reference along the road"),
        _field(
            "quality",
            pa.string(),
            "",
            "Comma list: refused_and_blown, blood_contradicts, children_exceed_persons",
        ),
        _field("source", pa.string(), "", "Id of the source"),
    ]
)
"""What a check at the roadside found: alcohol, or how many are on board. It never says who: a check
is known by its number and plate, and persons stand in the police's own records under it."""

WEATHER_NOTICE = pa.schema(
    [
        _field("notice", pa.string(), "", "Identifier given by the issuer", null=False),
        _field("time", TIME, "UTC", "Onset", null=False),
        _field("received", TIME, "UTC", "Receive time", null=False),
        _field("sent", TIME, "UTC", "When it was issued"),
        _field("until", TIME, "UTC", "Expected end"),
        _field("action", pa.string(), "", "alert, update, cancel (CAP msgType)", null=False),
        _field("refers_to", pa.string(), "", "Notices this one updates or cancels, comma list"),
        _field("kind", pa.string(), "", "fog, road_ice, rain, wind, snow, other"),
        _field("level", pa.string(), "", "blue, yellow, orange, red"),
        _field("status", pa.string(), "", "actual, exercise, test (CAP status)"),
        _field("headline", pa.string(), "", "The issuer's headline"),
        _field("text", pa.string(), "", "The issuer's description"),
        _field("area", pa.string(), "", "Administrative division codes, comma list"),
        _field("area_name", pa.string(), "", "Area in words"),
        _field("polygon", pa.string(), "", "Outline as WKT, WGS-84"),
        _field("issuer", pa.string(), "", "Who issued it"),
        _field(
            "quality",
            pa.string(),
            "",
            "Comma list: level_from_severity, no_level, expired, signature_unchecked ...: see the"
            " CAP page",
        ),
        _field("source", pa.string(), "", "Id of the source"),
    ]
)
"""A weather service's notice, as CAP 1.2 words it: one row an event, so that ``notice`` and
``kind`` together are the key."""

WEATHER_READING = pa.schema(
    [
        _field("station", pa.string(), "", "Station id", null=False),
        _field("time", TIME, "UTC", "Time of the reading", null=False),
        _field("received", TIME, "UTC", "Receive time", null=False),
        _field("lat", pa.float64(), "deg", "Latitude, WGS-84"),
        _field("lon", pa.float64(), "deg", "Longitude, WGS-84"),
        _field("visibility_m", pa.float32(), "m", "Meteorological optical range"),
        _field("rain_mm_h", pa.float32(), "mm/h", "Rain intensity"),
        _field("air_c", pa.float32(), "degC", "Air temperature"),
        _field("road_c", pa.float32(), "degC", "Road surface temperature"),
        _field("wind_ms", pa.float32(), "m/s", "Wind speed"),
        _field("road_state", pa.string(), "", "dry, damp, wet, snow, ice"),
        _field("source", pa.string(), "", "Id of the source"),
    ]
)
"""A road weather station's reading."""

REPORT = pa.schema(
    [
        _field("report", pa.string(), "", "Identifier", null=False),
        _field("time", TIME, "UTC", "When the reporter saw it", null=False),
        _field("received", TIME, "UTC", "Receive time", null=False),
        _field("lat", pa.float64(), "deg", "Latitude, WGS-84"),
        _field("lon", pa.float64(), "deg", "Longitude, WGS-84"),
        _field("address", pa.string(), "", "Place in the reporter's words"),
        _field("kind", pa.string(), "", "crash, hazard, obstruction, signal_fault, weather"),
        _field("text", pa.string(), "", "The reporter's words"),
        _field("images", pa.list_(pa.string()), "", "Names in the evidence store"),
        _field("channel", pa.string(), "", "citizen, road_staff, persuader"),
        _field("source", pa.string(), "", "Id of the source"),
    ]
)
"""A person reported something. Who it was stays in the database, not in the log."""

DROPPED_FILE = pa.schema(
    [
        _field("file", pa.string(), "", "SHA-256: name in the evidence store", null=False),
        _field("time", TIME, "UTC", "When it was imported", null=False),
        _field("received", TIME, "UTC", "The same", null=False),
        _field("name", pa.string(), "", "Name as the station left it"),
        _field("topic", pa.string(), "", "Topic of its rows", null=False),
        _field("rows", pa.int64(), "", "Rows under the heading", null=False),
        _field("refused", pa.int64(), "", "Rows of these that could not be used", null=False),
        _field("bytes", pa.int64(), "B", "Size", null=False),
        _field("source", pa.string(), "", "Id of the source"),
    ]
)
"""A file from a drop folder was imported; in the transaction that holds its rows."""

QUARANTINE = pa.schema(
    [
        _field("received", TIME, "UTC", "Receive time", null=False),
        _field("source", pa.string(), "", "Id of the source", null=False),
        _field("peer", pa.string(), "", "Phone if readable, else network address"),
        _field(
            "reason", pa.string(), "", "Reason code, see docs/reference/quarantine.md", null=False
        ),
        _field("detail", pa.string(), "", "What exactly was wrong"),
        _field("raw", pa.binary(), "bytes", "The bytes as they came", null=False),
    ]
)
"""Input that could not be used, kept whole so that it can be decoded after a fix."""

QUARANTINE_ORDER = pa.schema(
    [
        _field("order", pa.string(), "", "Id of the order", null=False),
        _field("time", TIME, "UTC", "When it was ordered", null=False),
        _field("log", pa.string(), "", "Whose quarantine: feeds, intake", null=False),
        _field("source", pa.string(), "", "Only of this source; null is of all"),
        _field("reason", pa.string(), "", "Only with this reason; null is any"),
        _field("since", TIME, "UTC", "Only received at or after this moment"),
        _field("until", TIME, "UTC", "Only received before this moment", null=False),
        _field("by", pa.string(), "", "Account of who ordered it", null=False),
    ]
)
"""An order to the writer of a log: read quarantine again, append what now decodes."""

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
        _field("fence", pa.int32(), "", "Number of the electronic fence it was judged by"),
    ]
)
"""What a rule concluded. One episode has one id; a later revision replaces an earlier one."""

ASSESSMENT = pa.schema(
    [
        _field("assessment", pa.string(), "", "Content id of model, site, span, made", null=False),
        _field("time", TIME, "UTC", "Start of the span it speaks of", null=False),
        _field("received", TIME, "UTC", "When it was made", null=False),
        _field("until", TIME, "UTC", "End of the span", null=False),
        _field("kind", pa.string(), "", "forecast", null=False),
        _field("site", pa.string(), "", "Road edge as u-v of its nodes, u < v", null=False),
        _field("lat", pa.float64(), "deg", "Middle of the site, WGS-84"),
        _field("lon", pa.float64(), "deg", "Middle of the site, WGS-84"),
        _field("road", pa.string(), "", "Name of the road"),
        _field("expected", pa.float64(), "crashes", "Expected in the span", null=False),
        _field("usual", pa.float64(), "crashes", "In the same hours of an average week"),
        _field("lower", pa.float64(), "crashes", "Lower bound of expected, 90 %"),
        _field("upper", pa.float64(), "crashes", "Upper bound of expected, 90 %"),
        _field("per_km_hour", pa.float64(), "crashes/km/h", "What spans are ranked by"),
        _field("share", pa.float64(), "", "Share of kilometre-hours ahead at least as bad"),
        _field(
            "reasons",
            pa.list_(pa.string()),
            "",
            "ratio to usual; weather.KIND hours; calendar.KIND name; flow",
        ),
        _field("model", pa.string(), "", "Model and version", null=False),
        _field("source", pa.string(), "", "Id of the source"),
    ]
)
"""What batch analysis concluded about a place and a span of time, with an interval and reasons. A
later one about the same site and span replaces it. Never about a person."""

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
        _field("plate_class", pa.string(), "GA/T 16.7", "Plate class code, e.g. 01 large vehicle"),
        _field("gross_kg", pa.float64(), "kg", "Permitted gross mass"),
        _field("payload_kg", pa.float64(), "kg", "Rated payload"),
        _field("towed_kg", pa.float64(), "kg", "Permitted mass of the trailer"),
        _field("seats", pa.uint8(), "count", "Rated seats, the driver's included"),
        _field("axles", pa.uint8(), "count", "Number of axles"),
        _field("inspection_until", pa.date32(), "date", "Last day of the inspection's validity"),
        _field("scrap_until", pa.date32(), "date", "Day by which it must be scrapped"),
        _field("service", pa.string(), "", "Service of a coach, see core.vehicles.SERVICES"),
    ]
)
"""The vehicle register: one row a terminal. Kept as ``register.parquet`` in the data folder; the
three masses are the three denominators of overloading and never one percentage."""

CRASH = pa.schema(
    [
        _field("source", pa.string(), "", "Who recorded it, as named at the import", null=False),
        _field("crash", pa.string(), "", "The source's own number, else content id", null=False),
        _field("time", TIME, "UTC", "When it happened", null=False),
        _field("hour_known", pa.bool_(), "", "False: only the day is known", null=False),
        _field("lat", pa.float64(), "deg", "Latitude, WGS-84"),
        _field("lon", pa.float64(), "deg", "Longitude, WGS-84"),
        _field("road", pa.string(), "", "Road reference, e.g. G5"),
        _field("stake_m", pa.float64(), "m", "Linear reference along the road"),
        _field("direction", pa.string(), "", "Carriageway, e.g. 下行"),
        _field("place", pa.string(), "", "The place in words"),
        _field("area", pa.string(), "", "County or district code of the place"),
        _field("severity_2007", pa.string(), "", "Grade by Order 493, core.severity.grades_2007"),
        _field("severity_1991", pa.string(), "", "Class of 1991, core.severity.classes_1991"),
        _field("procedure", pa.string(), "", "fatal, injury, property_damage"),
        _field("dead", pa.int16(), "count", "Dead within seven days"),
        _field("injured", pa.int16(), "count", "Injured, the seriously injured included"),
        _field("serious", pa.int16(), "count", "Seriously injured"),
        _field("loss_cny", pa.float64(), "CNY", "Direct loss of property"),
        _field("parties", pa.list_(pa.string()), "", "Kinds of road users: car, truck, pedestrian"),
        _field("collision", pa.string(), "", "head_on, rear_end, side, rollover ..."),
        _field("weather", pa.string(), "", "clear, cloudy, rain, snow, fog, wind, dust, hail"),
        _field(
            "light_condition", pa.string(), "", "day, dawn, dusk, night, night_lit, night_unlit"
        ),
        _field("surface", pa.string(), "", "dry, wet, snow, ice, muddy"),
        _field("cause", pa.string(), "", "Cause code or words, as the source has it"),
        _field("hit_and_run", pa.bool_(), "", "Somebody left the scene"),
        _field("description", pa.string(), "", "What happened, without personal data"),
        _field("batch", pa.int64(), "", "Import that brought it", null=False),
        _field("row", pa.int32(), "", "Its row in that file", null=False),
    ]
)
"""A recorded crash. Kept in the database; read with ``web.imports.crashes.read``."""

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
    "device_alarms": DEVICE_ALARM,
    "evidence": EVIDENCE,
    "terminal_messages": TERMINAL_MESSAGE,
    "platform_messages": PLATFORM_MESSAGE,
    "passages": PASSAGE,
    "weighings": WEIGHING,
    "roadside_checks": ROADSIDE_CHECK,
    "weather_notices": WEATHER_NOTICE,
    "weather_readings": WEATHER_READING,
    "reports": REPORT,
    "dropped_files": DROPPED_FILE,
    "quarantine": QUARANTINE,
    "quarantine_orders": QUARANTINE_ORDER,
    "commands": COMMAND,
    "command_results": COMMAND_RESULT,
    "platform_orders": PLATFORM_ORDER,
    "detections": DETECTION,
    "assessments": ASSESSMENT,
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
