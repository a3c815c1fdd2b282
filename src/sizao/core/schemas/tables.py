"""Records that are no topics of the log: the register, crashes, the live board."""

from __future__ import annotations

import pyarrow as pa

from sizao.core.schemas.fields import TIME, field

REGISTER = pa.schema(
    [
        field("vehicle", pa.string(), "", "Terminal phone without leading zeros", null=False),
        field("plate", pa.string(), "", "Plate"),
        field(
            "plate_colour", pa.uint8(), "JT/T 697.7", "1 blue, 2 yellow, 3 black, 4 white, 5 green"
        ),
        field("kind", pa.string(), "", "Vehicle kind, see core.vehicles.KINDS", null=False),
        field("enterprise", pa.string(), "", "Enterprise id"),
        field("enterprise_name", pa.string(), "", "Enterprise name"),
        field("area", pa.string(), "", "County or district code of the home brigade"),
        field("plate_class", pa.string(), "GA/T 16.7", "Plate class code, e.g. 01 large vehicle"),
        field("gross_kg", pa.float64(), "kg", "Permitted gross mass"),
        field("payload_kg", pa.float64(), "kg", "Rated payload"),
        field("towed_kg", pa.float64(), "kg", "Permitted mass of the trailer"),
        field("seats", pa.uint8(), "count", "Rated seats, the driver's included"),
        field("axles", pa.uint8(), "count", "Number of axles"),
        field("inspection_until", pa.date32(), "date", "Last day of the inspection's validity"),
        field("scrap_until", pa.date32(), "date", "Day by which it must be scrapped"),
        field("service", pa.string(), "", "Service of a coach, see core.vehicles.SERVICES"),
    ]
)
"""The vehicle register: one row a terminal. Kept as ``register.parquet`` in the data folder; the
three masses are the three denominators of overloading and never one percentage."""

CRASH = pa.schema(
    [
        field("source", pa.string(), "", "Who recorded it, as named at the import", null=False),
        field("crash", pa.string(), "", "The source's own number, else content id", null=False),
        field("time", TIME, "UTC", "When it happened", null=False),
        field("hour_known", pa.bool_(), "", "False: only the day is known", null=False),
        field("lat", pa.float64(), "deg", "Latitude, WGS-84"),
        field("lon", pa.float64(), "deg", "Longitude, WGS-84"),
        field("road", pa.string(), "", "Road reference, e.g. G5"),
        field("stake_m", pa.float64(), "m", "Linear reference along the road"),
        field("direction", pa.string(), "", "Carriageway, e.g. 下行"),
        field("place", pa.string(), "", "The place in words"),
        field("area", pa.string(), "", "County or district code of the place"),
        field("severity_2007", pa.string(), "", "Grade by Order 493, core.severity.grades_2007"),
        field("severity_1991", pa.string(), "", "Class of 1991, core.severity.classes_1991"),
        field("procedure", pa.string(), "", "fatal, injury, property_damage"),
        field("dead", pa.int16(), "count", "Dead within seven days"),
        field("injured", pa.int16(), "count", "Injured, the seriously injured included"),
        field("serious", pa.int16(), "count", "Seriously injured"),
        field("loss_cny", pa.float64(), "CNY", "Direct loss of property"),
        field("parties", pa.list_(pa.string()), "", "Kinds of road users: car, truck, pedestrian"),
        field("collision", pa.string(), "", "head_on, rear_end, side, rollover ..."),
        field("weather", pa.string(), "", "clear, cloudy, rain, snow, fog, wind, dust, hail"),
        field("light_condition", pa.string(), "", "day, dawn, dusk, night, night_lit, night_unlit"),
        field("surface", pa.string(), "", "dry, wet, snow, ice, muddy"),
        field("cause", pa.string(), "", "Cause code or words, as the source has it"),
        field("hit_and_run", pa.bool_(), "", "Somebody left the scene"),
        field("description", pa.string(), "", "What happened, without personal data"),
        field("batch", pa.int64(), "", "Import that brought it", null=False),
        field("row", pa.int32(), "", "Its row in that file", null=False),
    ]
)
"""A recorded crash. Kept in the database; read with ``web.imports.crashes.read``."""

LIVE = pa.schema(
    [
        field("vehicle", pa.string(), "", "Terminal phone", null=False),
        field("time", TIME, "UTC", "Event time of the last position", null=False),
        field("received", TIME, "UTC", "Its receive time", null=False),
        field("lat", pa.float64(), "deg", "Latitude"),
        field("lon", pa.float64(), "deg", "Longitude"),
        field("speed_kmh", pa.float32(), "km/h", "Speed"),
        field("heading_deg", pa.float32(), "deg", "Course"),
        field("limit_kmh", pa.float32(), "km/h", "Limit in force for this vehicle here"),
        field("road", pa.string(), "", "Road reference"),
        field("road_class", pa.string(), "", "Road class"),
        field("stake_m", pa.float64(), "m", "Linear reference along the road"),
        field("area", pa.string(), "", "County or district code of the place"),
        field("kind", pa.string(), "", "Vehicle kind"),
        field("active", pa.string(), "", "Comma list of rules with an open episode"),
    ]
)
"""The live board: the last state of every vehicle. Row order is stable: new vehicles append."""
