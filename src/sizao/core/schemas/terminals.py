"""What terminals and platforms say of vehicles."""

from __future__ import annotations

import pyarrow as pa

from sizao.core.schemas.fields import TIME, field

POSITION = pa.schema(
    [
        field("vehicle", pa.string(), "", "Terminal phone without leading zeros", null=False),
        field("time", TIME, "UTC", "Event time, as the terminal stamped it", null=False),
        field("received", TIME, "UTC", "When the gateway had the whole frame", null=False),
        field("lat", pa.float64(), "deg", "Latitude, WGS-84, south negative"),
        field("lon", pa.float64(), "deg", "Longitude, WGS-84, west negative"),
        field("speed_kmh", pa.float32(), "km/h", "Speed by satellite"),
        field("heading_deg", pa.float32(), "deg", "Course, clockwise from north"),
        field("altitude_m", pa.float32(), "m", "Altitude"),
        field("recorder_speed_kmh", pa.float32(), "km/h", "Speed by the recorder (item 0x03)"),
        field("mileage_km", pa.float64(), "km", "Odometer (item 0x01)"),
        field("alarm", pa.uint32(), "bits", "JT/T 808 alarm word: a level, not an edge"),
        field("status", pa.uint32(), "bits", "JT/T 808 status word"),
        field("positioned", pa.bool_(), "", "The terminal had a satellite fix"),
        field("catch_up", pa.bool_(), "", "Sent later from the terminal's store (0x0704)"),
        field("driver", pa.string(), "", "Licence number of the card in the reader, if known"),
        field(
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
        field("vehicle", pa.string(), "", "Terminal phone", null=False),
        field("time", TIME, "UTC", "When the card went in or out", null=False),
        field("received", TIME, "UTC", "Receive time", null=False),
        field("inserted", pa.bool_(), "", "In (true) or out (false)", null=False),
        field("driver", pa.string(), "", "Licence number; null on removal or failed reading"),
        field("name", pa.string(), "", "Driver's name on the card"),
        field("source", pa.string(), "", "Id of the source"),
    ]
)
"""A driver card was put in or taken out (JT/T 808 0x0702)."""

DEVICE_ALARM = pa.schema(
    [
        field("vehicle", pa.string(), "", "Terminal phone", null=False),
        field("time", TIME, "UTC", "When the device saw it", null=False),
        field("received", TIME, "UTC", "Receive time", null=False),
        field(
            "kind",
            pa.string(),
            "",
            "Family and type, e.g. dsm.fatigue, adas.lane_departure",
            null=False,
        ),
        field("level", pa.uint8(), "", "1 or 2, as the device graded it"),
        field("state", pa.uint8(), "", "0 a moment, 1 start, 2 end", null=False),
        field("lat", pa.float64(), "deg", "Latitude, WGS-84"),
        field("lon", pa.float64(), "deg", "Longitude, WGS-84"),
        field("speed_kmh", pa.float32(), "km/h", "Speed the device reports with it"),
        field("degree", pa.uint8(), "", "Fatigue degree 1 to 10, where the type has one"),
        field("alarm_key", pa.string(), "", "The 16 or 40 identity bytes as hex: asks for files"),
        field("source", pa.string(), "", "Id of the source"),
    ]
)
"""An active-safety device saw something (T/JSATL 12 items 0x64 to 0x67). Deduplicate by
``alarm_key`` and ``state``: the time in the item may differ from the report's."""

EVIDENCE = pa.schema(
    [
        field("evidence", pa.string(), "", "SHA-256: name in the evidence store", null=False),
        field("time", TIME, "UTC", "When it was taken", null=False),
        field("received", TIME, "UTC", "When it was whole", null=False),
        field("subject", pa.string(), "", "Terminal phone, checkpoint, station or report"),
        field("refers_to", pa.string(), "", "alarm_key, passage, weighing or report it belongs to"),
        field("kind", pa.string(), "", "image, audio, video, text, other", null=False),
        field("format", pa.string(), "", "jpg, png, wav, mp4 ...: as sent"),
        field("name", pa.string(), "", "File name or media id as sent"),
        field("bytes", pa.int64(), "B", "Size", null=False),
        field("channel", pa.uint8(), "", "Camera channel"),
        field("source", pa.string(), "", "Id of the source"),
    ]
)
"""A piece of evidence has been stored."""

TERMINAL_MESSAGE = pa.schema(
    [
        field("vehicle", pa.string(), "", "Terminal phone", null=False),
        field("time", TIME, "UTC", "Receive time: these messages carry none", null=False),
        field("received", TIME, "UTC", "Receive time", null=False),
        field("kind", pa.string(), "", "Message id, e.g. 0x0104", null=False),
        field("refers_to", pa.string(), "", "Serial of the order it answers"),
        field("body", pa.string(), "", "Decoded fields as JSON", null=False),
        field("source", pa.string(), "", "Id of the source"),
    ]
)
"""What a terminal said beside where it is: parameters, attributes, answers of the driver, recorder
data, waybills, CAN frames, bytes of other devices (JT/T 808)."""

PLATFORM_MESSAGE = pa.schema(
    [
        field("message", pa.string(), "", "Content id", null=False),
        field("time", TIME, "UTC", "When it was sent", null=False),
        field("received", TIME, "UTC", "Receive time", null=False),
        field("link", pa.string(), "", "Which platform link, by its name", null=False),
        field("direction", pa.string(), "", "in or out", null=False),
        field(
            "kind", pa.string(), "", "Message and sub-message id, e.g. 0x9400/0x9401", null=False
        ),
        field("vehicle", pa.string(), "", "Terminal phone where the register knows the plate"),
        field("plate", pa.string(), "", "Plate"),
        field("plate_colour", pa.uint8(), "JT/T 697.7", "Plate colour"),
        field("refers_to", pa.string(), "", "Supervision, alarm or question id it answers or sets"),
        field(
            "state",
            pa.string(),
            "",
            "received, sent, refused, expired, ended; of a duty check: answered, late, missed",
        ),
        field("body", pa.string(), "", "Decoded fields as JSON", null=False),
        field("source", pa.string(), "", "Id of the source"),
    ]
)
"""What two platforms told each other beside positions (JT/T 809 0x1300, 0x1400, 0x9300, 0x9400,
0x1600 families): duty checks, alarms, supervision orders and their answers, static data. Logins
and ends of links are here too. A message of ours has the id of the order that asked for it."""

PLATFORM_ORDER = pa.schema(
    [
        field("order", pa.string(), "", "Id of the order", null=False),
        field("time", TIME, "UTC", "When it was ordered", null=False),
        field("link", pa.string(), "", "Which platform link, by its name", null=False),
        field("kind", pa.string(), "", "Message to send, e.g. 0x9401, 0x1301", null=False),
        field("plate", pa.string(), "", "Plate, where it concerns a vehicle"),
        field("plate_colour", pa.uint8(), "JT/T 697.7", "Plate colour"),
        field("body", pa.string(), "", "Fields of the message as JSON", null=False),
        field("expires", TIME, "UTC", "Not sent any more after this moment"),
    ]
)
"""A message to a platform: a supervision order, a duty check, an answer to one. What became of
it is a row of ``platform_messages`` with the same id."""

COMMAND = pa.schema(
    [
        field("command", pa.string(), "", "Id of the order", null=False),
        field("time", TIME, "UTC", "When it was ordered", null=False),
        field("vehicle", pa.string(), "", "Terminal phone", null=False),
        field("kind", pa.string(), "", "text (0x8300)", null=False),
        field("text", pa.string(), "", "Words to speak and show"),
        field("expires", TIME, "UTC", "Not sent any more after this moment"),
    ]
)
"""An order to a terminal."""

COMMAND_RESULT = pa.schema(
    [
        field("command", pa.string(), "", "Id of the order", null=False),
        field("time", TIME, "UTC", "When this was known", null=False),
        field("vehicle", pa.string(), "", "Terminal phone", null=False),
        field(
            "state", pa.string(), "", "sent, acknowledged, refused, offline, expired", null=False
        ),
        field("detail", pa.string(), "", "Terminal's result code or why not"),
    ]
)
"""What became of an order; several rows an order, in time order."""
