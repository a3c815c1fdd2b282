"""The fields of a roadside check, with what is believable of each.

There is no field for a person: a check is known by its number, and who was checked stands in the
police's own records under it. Whatever else a sender adds is passed over and never kept.
"""

from __future__ import annotations

from datetime import date

from sizao.feeds.forms import Field, Form
from sizao.feeds.plates import COLOURS, plate

HOW: dict[str, str] = {
    **dict.fromkeys(("officer", "民警", "现场检查", "现场"), "officer"),
    **dict.fromkeys(("door_counter", "车门计数", "客流计数"), "door_counter"),
    **dict.fromkeys(("camera", "摄像头", "车内视频"), "camera"),
}
BLOOD: dict[str, str] = {
    **dict.fromkeys(("pending", "待检", "已抽血", "已送检"), "pending"),
    **dict.fromkeys(("result", "已出结果", "检验结果"), "result"),
}

MAX_MG = 700
"""mg/100 mL; nobody is alive above some 600."""


def day(value: str) -> str:
    """A day as ISO 8601. Raises ValueError.

    >>> day("20260501"), day("2026/05/01")
    ('2026-05-01', '2026-05-01')
    """
    return date.fromisoformat(str(value).strip().replace("/", "-")).isoformat()


FORM = Form(
    (
        Field(
            "id",
            "text",
            doc="Number of the check; without it the content names it",
            high=64,
            headings=("check", "检查编号", "文书编号"),
        ),
        Field(
            "station",
            "text",
            doc="Code of the post or device; default: the source's",
            high=64,
            headings=("站点编号", "执勤点"),
        ),
        Field("unit", "text", doc="Code of the officers' unit", high=32, headings=("执勤单位",)),
        Field(
            "time",
            "time",
            doc="When it was checked, or when the blood result came",
            required=True,
            headings=("检查时间",),
        ),
        Field(
            "refers_to",
            "text",
            doc="Number of the check that this one corrects: a blood result, an error",
            high=64,
            headings=("更正编号", "原检查编号"),
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
        Field(
            "how",
            "text",
            doc="officer, door_counter or camera; default: officer",
            words=HOW,
            headings=("检查方式",),
        ),
        Field(
            "breath_mg_100ml",
            "number",
            "mg/100mL",
            "Breath test, as blood alcohol",
            low=0,
            high=MAX_MG,
            essential=True,
            headings=("呼气结果", "呼气酒精含量"),
        ),
        Field("device", "text", doc="Breath tester's number", high=64, headings=("检测仪编号",)),
        Field(
            "calibrated",
            "text",
            "date",
            "Day of the tester's last verification",
            convert=day,
            headings=("检定日期",),
        ),
        Field("refused", "flag", doc="The test was refused", essential=True, headings=("拒检",)),
        Field(
            "blood",
            "text",
            doc="pending (a sample was taken) or result",
            words=BLOOD,
            headings=("血检",),
        ),
        Field(
            "blood_mg_100ml",
            "number",
            "mg/100mL",
            "Blood test",
            low=0,
            high=MAX_MG,
            essential=True,
            headings=("血检结果", "血液酒精含量"),
        ),
        Field(
            "persons",
            "integer",
            "count",
            "Persons on board, the driver included",
            low=0,
            high=300,
            essential=True,
            headings=("实载人数",),
        ),
        Field(
            "children_free",
            "integer",
            "count",
            "Of them children who travel free",
            low=0,
            high=300,
            essential=True,
            headings=("免票儿童",),
        ),
        Field("lat", "number", "deg", "Latitude, WGS-84", low=-90, high=90, headings=("纬度",)),
        Field("lon", "number", "deg", "Longitude, WGS-84", low=-180, high=180, headings=("经度",)),
        Field("road", "text", doc="Road, e.g. G5", high=32, headings=("道路",)),
        Field(
            "stake_m",
            "number",
            "m",
            "Place along the road",
            low=0,
            high=1e7,
            headings=("桩号(m)",),
        ),
    )
)
"""Fields of a check."""
