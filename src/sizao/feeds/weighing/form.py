"""The fields of a weighing, with what is believable of each.

The bounds say "this cannot be a road vehicle", not "this is allowed": limits of mass are rules.
"""

from __future__ import annotations

from sizao.feeds.forms import Field, Form
from sizao.feeds.plates import COLOURS, plate

METHODS: dict[str, str] = {
    **dict.fromkeys(("static", "静态", "静态检测"), "static"),
    **dict.fromkeys(("low_speed", "低速", "低速动态"), "low_speed"),
    **dict.fromkeys(("high_speed", "高速", "高速动态", "不停车"), "high_speed"),
}

MAX_AXLES = 32
"""Modular trailers for indivisible loads have some twenty lines of axles."""

FORM = Form(
    (
        Field(
            "id",
            "text",
            doc="The station's number of this weighing; without it the content names it",
            high=64,
            headings=("weighing", "检测单号", "流水号"),
        ),
        Field(
            "station",
            "text",
            doc="Code of the station; default: the source's",
            high=64,
            headings=("站点编号", "检测站"),
        ),
        Field(
            "time",
            "time",
            doc="When it was weighed; without an offset China's civil time",
            required=True,
            headings=("检测时间", "称重时间"),
        ),
        Field(
            "method",
            "text",
            doc="static, low_speed or high_speed (in motion)",
            words=METHODS,
            headings=("检测方式",),
        ),
        Field(
            "plate",
            "text",
            doc="Plate; 无牌 and the like count as none",
            convert=plate,
            headings=("车牌号", "车牌号码"),
        ),
        Field(
            "plate_colour",
            "text",
            "JT/T 697.7",
            "Colour: code, or 蓝 黄 黑 白 绿",
            words=COLOURS,
            headings=("车牌颜色",),
        ),
        Field("lane", "integer", doc="Lane", low=0, high=99, headings=("车道", "车道号")),
        Field(
            "speed_kmh",
            "number",
            "km/h",
            "Speed while weighed",
            low=0,
            high=250,
            headings=("车速", "速度(km/h)"),
        ),
        Field(
            "axles",
            "integer",
            doc="Number of axles; default: of the axle loads",
            low=2,
            high=MAX_AXLES,
            essential=True,
            headings=("轴数",),
        ),
        Field(
            "drive_axles",
            "integer",
            doc="Number of driven axles",
            low=1,
            high=6,
            headings=("驱动轴数",),
        ),
        Field(
            "combination",
            "flag",
            doc="Tractor or truck with a trailer",
            headings=("汽车列车",),
        ),
        Field(
            "gross_kg",
            "number",
            "kg",
            "Gross mass; default: the sum of the axle loads",
            low=300,
            high=500_000,
            essential=True,
            headings=("总重", "总重(kg)", "车货总重(kg)"),
        ),
        Field(
            "axle_loads_kg",
            "numbers",
            "kg",
            "Load of each axle, front first; in CSV with ; between",
            low=0,
            high=60_000,
            essential=True,
            headings=("轴重", "轴重(kg)"),
        ),
        Field("length_m", "number", "m", "Length", low=1, high=120, headings=("车长(m)",)),
        Field("width_m", "number", "m", "Width", low=0.5, high=12, headings=("车宽(m)",)),
        Field("height_m", "number", "m", "Height", low=0.5, high=12, headings=("车高(m)",)),
    )
)
"""Fields of a weighing. A JSON object may have ``images`` beside them."""
