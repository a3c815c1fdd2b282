"""What became of observations: refused, detected, assessed."""

from __future__ import annotations

import pyarrow as pa

from sizao.core.schemas.fields import TIME, field

QUARANTINE = pa.schema(
    [
        field("received", TIME, "UTC", "Receive time", null=False),
        field("source", pa.string(), "", "Id of the source", null=False),
        field("peer", pa.string(), "", "Phone if readable, else network address"),
        field(
            "reason", pa.string(), "", "Reason code, see docs/reference/quarantine.md", null=False
        ),
        field("detail", pa.string(), "", "What exactly was wrong"),
        field("raw", pa.binary(), "bytes", "The bytes as they came", null=False),
    ]
)
"""Input that could not be used, kept whole so that it can be decoded after a fix."""

QUARANTINE_ORDER = pa.schema(
    [
        field("order", pa.string(), "", "Id of the order", null=False),
        field("time", TIME, "UTC", "When it was ordered", null=False),
        field("log", pa.string(), "", "Whose quarantine: feeds, intake", null=False),
        field("source", pa.string(), "", "Only of this source; null is of all"),
        field("reason", pa.string(), "", "Only with this reason; null is any"),
        field("since", TIME, "UTC", "Only received at or after this moment"),
        field("until", TIME, "UTC", "Only received before this moment", null=False),
        field("by", pa.string(), "", "Account of who ordered it", null=False),
    ]
)
"""An order to the writer of a log: read quarantine again, append what now decodes."""

DETECTION = pa.schema(
    [
        field(
            "id",
            pa.string(),
            "",
            "Episode: content id of rule, version, vehicle, start",
            null=False,
        ),
        field("revision", pa.int16(), "", "0 when it fires, 1 when it ends", null=False),
        field("rule", pa.string(), "", "Rule id", null=False),
        field("rule_version", pa.string(), "", "Version of rule and parameters", null=False),
        field("vehicle", pa.string(), "", "Subject", null=False),
        field("vehicle_kind", pa.string(), "", "Kind in the register"),
        field("driver", pa.string(), "", "Driver identity the rule used; null is unknown"),
        field("start", TIME, "UTC", "First observation of the episode", null=False),
        field("end", TIME, "UTC", "Last observation of it so far", null=False),
        field("fired", TIME, "UTC", "Event time at which the rule could first tell", null=False),
        field("received", TIME, "UTC", "Receive time of the observation that made it fire"),
        field("measured", pa.float64(), "measured_unit", "Worst value", null=False),
        field(
            "limit", pa.float64(), "measured_unit", "Limit in force at the worst value", null=False
        ),
        field("measured_unit", pa.string(), "", "km/h, min", null=False),
        field("severity", pa.string(), "", "Legal or reporting band, e.g. 20-50", null=False),
        field("lat", pa.float64(), "deg", "Place of the worst value"),
        field("lon", pa.float64(), "deg", "Place of the worst value"),
        field("road", pa.string(), "", "Road reference, e.g. G5"),
        field(
            "road_class",
            pa.string(),
            "",
            "expressway, national, provincial, county, village, urban",
        ),
        field("stake_m", pa.float64(), "m", "Linear reference along the road"),
        field("area", pa.string(), "", "County or district code of the place"),
        field("final", pa.bool_(), "", "The episode has ended", null=False),
        field(
            "evidence", pa.list_(pa.string()), "", "Observation ids: first, worst, last", null=False
        ),
        field(
            "quality",
            pa.string(),
            "",
            "Comma list: gps_only, gap, unmatched, limit_default, limit_doubtful",
        ),
        field("fence", pa.int32(), "", "Number of the electronic fence it was judged by"),
    ]
)
"""What a rule concluded. One episode has one id; a later revision replaces an earlier one."""

ASSESSMENT = pa.schema(
    [
        field("assessment", pa.string(), "", "Content id of model, site, span, made", null=False),
        field("time", TIME, "UTC", "Start of the span it speaks of", null=False),
        field("received", TIME, "UTC", "When it was made", null=False),
        field("until", TIME, "UTC", "End of the span", null=False),
        field("kind", pa.string(), "", "forecast", null=False),
        field("site", pa.string(), "", "Road edge as u-v of its nodes, u < v", null=False),
        field("lat", pa.float64(), "deg", "Middle of the site, WGS-84"),
        field("lon", pa.float64(), "deg", "Middle of the site, WGS-84"),
        field("road", pa.string(), "", "Name of the road"),
        field("expected", pa.float64(), "crashes", "Expected in the span", null=False),
        field("usual", pa.float64(), "crashes", "In the same hours of an average week"),
        field("lower", pa.float64(), "crashes", "Lower bound of expected, 90 %"),
        field("upper", pa.float64(), "crashes", "Upper bound of expected, 90 %"),
        field("per_km_hour", pa.float64(), "crashes/km/h", "What spans are ranked by"),
        field("share", pa.float64(), "", "Share of kilometre-hours ahead at least as bad"),
        field(
            "reasons",
            pa.list_(pa.string()),
            "",
            "ratio to usual; weather.KIND hours; calendar.KIND name; flow",
        ),
        field("model", pa.string(), "", "Model and version", null=False),
        field("source", pa.string(), "", "Id of the source"),
    ]
)
"""What batch analysis concluded about a place and a span of time, with an interval and reasons. A
later one about the same site and span replaces it. Never about a person."""
