"""The fields of a reading, with what is believable of each.

Bounds are those of instruments and of the earth's weather with some room; a value outside is a
broken sensor and is left out, because the other sensors of the station still count.
"""

from __future__ import annotations

from sizao.feeds.forms import Field, Form

MISSING = frozenset({999_999.0, 999_998.0, 999_990.0, 99_999.0, 9_999.0, -9_999.0, -999.0})
"""What stations write when an instrument gave nothing (999999 and 999990 are the weather
service's own marks; recalled)."""

ROAD_STATES: dict[str, str] = {
    **dict.fromkeys(("dry", "干燥", "干"), "dry"),
    **dict.fromkeys(("damp", "moist", "潮湿", "潮"), "damp"),
    **dict.fromkeys(("wet", "湿滑", "积水", "湿"), "wet"),
    **dict.fromkeys(("snow", "积雪", "雪"), "snow"),
    **dict.fromkeys(("ice", "icy", "结冰", "冰", "凝冰"), "ice"),
}
"""State of the road surface in words, to the code."""

MEASURED = ("visibility_m", "rain_mm_h", "air_c", "road_c", "wind_ms", "road_state")
"""A reading has at least one of these."""

FORM = Form(
    (
        Field(
            "station",
            "text",
            doc="Code of the station; default: the source's",
            high=64,
            headings=("站号", "站点编号"),
        ),
        Field(
            "time",
            "time",
            doc="Time of the reading; without an offset China's civil time",
            required=True,
            headings=("观测时间", "时间"),
        ),
        Field("lat", "number", "deg", "Latitude, WGS-84", low=-90, high=90, headings=("纬度",)),
        Field("lon", "number", "deg", "Longitude, WGS-84", low=-180, high=180, headings=("经度",)),
        Field(
            "visibility_m",
            "number",
            "m",
            "Meteorological optical range",
            low=0,
            high=100_000,
            headings=("能见度", "能见度(m)"),
            missing=MISSING - {9_999.0, 99_999.0},
        ),
        Field(
            "rain_mm_h",
            "number",
            "mm/h",
            "Rain intensity",
            low=0,
            high=500,
            headings=("降水强度", "雨强(mm/h)"),
            missing=MISSING,
        ),
        Field(
            "air_c",
            "number",
            "degC",
            "Air temperature",
            low=-60,
            high=60,
            headings=("气温", "气温(℃)"),
            missing=MISSING,
        ),
        Field(
            "road_c",
            "number",
            "degC",
            "Road surface temperature",
            low=-60,
            high=90,
            headings=("路面温度", "路面温度(℃)"),
            missing=MISSING,
        ),
        Field(
            "wind_ms",
            "number",
            "m/s",
            "Wind speed",
            low=0,
            high=90,
            headings=("风速", "风速(m/s)"),
            missing=MISSING,
        ),
        Field(
            "road_state",
            "text",
            doc="dry, damp, wet, snow, ice",
            words=ROAD_STATES,
            headings=("路面状况",),
        ),
    )
)
"""Fields of a reading."""
