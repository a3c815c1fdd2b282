"""Crash records (交通事故): where, when, how bad, under what circumstances. No persons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from sizao.core.ids import content_id
from sizao.core.severity import class_1991, grade_2007, grades_2007
from sizao.feeds.tables.fields import Field, Kind
from sizao.feeds.tables.kinds import _words as words
from sizao.feeds.tables.known import Known
from sizao.feeds.tables.reasons import Problem
from sizao.feeds.tables.table import Words
from sizao.feeds.tables.values.numbers import Number, StakeText
from sizao.feeds.tables.values.times import Clock, Moment
from sizao.feeds.tables.values.words import Choice, Code, Several, Text, YesNo

FIRST_YEAR = 1980

_PEOPLE = Number("count", 0, 1000, whole=True)
_AREA = Code(r"\d{6,12}", Words("六位行政区划代码", "a division code of six digits"))
_NUMBERS = Code(r"\S{1,64}", Words("事故编号", "an identifier"))

FIELDS = (
    Field("id", "事故编号", "Crash id", _NUMBERS,
          ("事故编码", "事故序号", "案件编号", "警情编号", "接警编号", "编号", "SGBH", "crash id",
           "collision id", "case id", "caseid", "accident no"),
          doc="The sender's own number; without one it is made from time and place"),
    Field("time", "事故时间", "Time", Moment(),
          ("事故发生时间", "发生时间", "案发时间", "出险时间", "发案时间", "SGFSSJ",
           "datetime", "crash time", "collision time", "crash datetime"),
          doc="Date and time in one column"),
    Field("date", "事故日期", "Date", Moment(),
          ("发生日期", "日期", "案发日期", "crash date", "collision date"), helper=True,
          doc="Date, where the time of day has a column of its own"),
    Field("time_of_day", "时刻", "Time of day", Clock(),
          ("发生时刻", "具体时间", "time of crash"), helper=True,
          doc="Time of day beside `date` or a date in `time`"),
    Field("year", "年", "Year", Number("", 1900, 2200, whole=True), ("年份",), helper=True,
          doc="Time in parts: year"),
    Field("month", "月", "Month", Number("", 1, 12, whole=True), ("月份",), helper=True,
          doc="Time in parts: month"),
    Field("day", "日", "Day", Number("", 1, 31, whole=True), ("日期（日）",), helper=True,
          doc="Time in parts: day"),
    Field("hour", "时", "Hour", Number("", 0, 23, whole=True), ("小时", "几时"), helper=True,
          doc="Time in parts: hour"),
    Field("minute", "分", "Minute", Number("", 0, 59, whole=True), ("分钟",), helper=True,
          doc="Time in parts: minute"),
    Field("lat", "纬度", "Latitude", Number("deg", -180, 180),
          ("lat", "latitude", "y", "纬度坐标", "WD", "GPS纬度", "y坐标"), unit="deg",
          doc="Latitude; stored as WGS-84"),
    Field("lon", "经度", "Longitude", Number("deg", -180, 180),
          ("lon", "lng", "long", "longitude", "x", "经度坐标", "JD", "GPS经度", "x坐标"),
          unit="deg", doc="Longitude; stored as WGS-84"),
    Field("road", "道路编号", "Road", Text(32),
          ("路号", "道路代码", "道路", "线路编号", "路线编号", "公路编号", "DLDM", "road ref"),
          doc="Road reference, e.g. G5"),
    Field("stake_m", "桩号", "Stake", StakeText(),
          ("公里桩号", "里程桩号", "公里数", "事故桩号", "里程", "stake"), unit="m",
          doc="Stake in metres"),
    Field("direction", "行驶方向", "Direction", Text(16), ("方向", "上下行", "车道方向"),
          doc="Carriageway as the road network names it, e.g. 下行"),
    Field("place", "事故地点", "Place", Text(200),
          ("地点", "事发地点", "案发地点", "发生地点", "路名", "SGDD", "location", "address"),
          doc="The place in words"),
    Field("area", "行政区划", "Area", _AREA,
          ("区划代码", "行政区划代码", "区县代码", "XZQH"), soft=True,
          doc="County or district code of the place"),
    Field("severity_2007", "事故等级（493号令）", "Grade (Order 493)", Choice(words.GRADES),
          ("事故等级", "事故级别", "等级", "严重程度"), soft=True,
          doc="Grade by Order 493 of 2007; from casualties where no column says it"),
    Field("severity_1991", "事故分类（1991）", "Class of 1991", Choice(words.CLASSES),
          ("事故等级", "事故级别", "等级", "严重程度", "事故分类"), soft=True,
          doc="Class of 1991; another scale with the same words"),
    Field("procedure", "事故类型", "Procedure class", Choice(words.PROCEDURES),
          ("处理类别", "事故类别", "伤亡情况", "SGLX", "severity"), soft=True,
          doc="Fatal, injury or property damage (procedure rules of 2017)"),
    Field("dead", "死亡人数", "Dead", _PEOPLE,
          ("死亡", "亡人数", "死亡数", "7日死亡人数", "SWRS", "killed", "deaths", "fatalities"),
          unit="count", doc="Dead within seven days, as road statistics count"),
    Field("injured", "受伤人数", "Injured", _PEOPLE,
          ("受伤", "伤人数", "伤亡人数（伤）", "SSRS", "injuries"), unit="count",
          doc="Injured, the seriously injured included"),
    Field("serious", "重伤人数", "Seriously injured", _PEOPLE,
          ("重伤", "ZSRS", "serious", "serious injuries"), unit="count",
          doc="Seriously injured"),
    Field("light", "轻伤人数", "Slightly injured", _PEOPLE, ("轻伤", "QSRS"), unit="count",
          helper=True, doc="Slightly injured; added to the serious where `injured` has no column"),
    Field("loss_cny", "直接财产损失", "Direct loss", Number("CNY", 0, 1e11),
          ("财产损失", "经济损失", "直接经济损失", "损失金额", "ZJCCSS", "loss"), unit="CNY",
          doc="Direct loss of property"),
    Field("parties", "当事方类型", "Parties", Several(Choice(words.PARTIES, inside=True)),
          ("涉事车型", "交通方式", "涉及车辆类型", "车辆类型", "当事人交通方式", "party types"),
          soft=True, doc="Kinds of road users involved, no persons"),
    Field("collision", "事故形态", "Collision", Choice(words.COLLISIONS, inside=True),
          ("碰撞形态", "碰撞类型", "形态", "SGXT", "collision type"), soft=True,
          doc="How they met"),
    Field("weather", "天气", "Weather", Choice(words.WEATHER, inside=True),
          ("天气情况", "天气状况", "TQ"), soft=True, doc="Weather"),
    Field("light_condition", "照明条件", "Light", Choice(words.LIGHT, inside=True),
          ("照明", "光线", "ZMTJ", "lighting"), soft=True, doc="Daylight or night, lit or not"),
    Field("surface", "路面情况", "Surface", Choice(words.SURFACE, inside=True),
          ("路面状况", "路表情况", "LBQK", "road surface"), soft=True, doc="Road surface"),
    Field("cause", "事故原因", "Cause", Text(64),
          ("事故认定原因", "主要原因", "违法行为", "原因", "原因代码", "违法代码", "RDYYFL"),
          doc="Cause code or words, as the source has it"),
    Field("hit_and_run", "是否逃逸", "Hit and run", YesNo(), ("逃逸", "肇事逃逸", "hit and run"),
          soft=True, doc="Somebody left the scene"),
    Field("description", "简要案情", "Description", Text(1000),
          ("案情", "事故经过", "事故描述", "简要经过", "情况描述", "description"),
          doc="What happened; identity and phone numbers are taken out"),
)  # fmt: skip


def finish(row: dict[str, Any], number: int, known: Known) -> Iterator[Problem]:
    """Time from its parts, casualties, severity, identity. Places are checked for the whole file.

    Uses ``known.now`` and ``known.zone``.
    """
    yield from _time(row, number, known)
    yield from _casualties(row, number)
    yield from _place(row, number)
    if not row.get("id") and row.get("time") is not None:
        place = [row.get(name) for name in ("lat", "lon", "road", "stake_m", "place")]
        row["id"] = content_id(row["time"].isoformat(), *place)[:16]


def _time(row: dict[str, Any], number: int, known: Known) -> Iterator[Problem]:
    stamp, clock = row.pop("time", None) or row.get("date"), row.get("time_of_day")
    parts = [row.get(name) for name in ("year", "month", "day", "hour", "minute")]
    if stamp is not None:
        at, has_clock = stamp
    elif parts[0] is not None and parts[1] is not None and parts[2] is not None:
        try:
            day = dt.date(parts[0], parts[1], parts[2])
        except ValueError:
            yield Problem(number, "day", "impossible_date", "-".join(map(str, parts[:3])))
            return
        at, has_clock = dt.datetime.combine(day, dt.time()), False
        if parts[3] is not None:
            at, has_clock = at.replace(hour=parts[3], minute=parts[4] or 0), True
    else:
        yield Problem(number, "time", "missing")
        return
    if clock is not None and not has_clock:
        at, has_clock = dt.datetime.combine(at.date(), clock, at.tzinfo), True
    try:
        at = (at if at.tzinfo else at.replace(tzinfo=known.zone)).astimezone(dt.UTC)
    except (OverflowError, ValueError):
        yield Problem(number, "time", "impossible_date")
        return
    if at.year < FIRST_YEAR:
        yield Problem(number, "time", "too_old", str(at.date()), {"year": FIRST_YEAR})
    elif at > known.now:
        yield Problem(number, "time", "future", f"{at.astimezone(known.zone):%Y-%m-%d %H:%M}")
    elif not has_clock:
        yield Problem(number, "time", "hour_unknown", str(at.astimezone(known.zone).date()))
    row["time"], row["hour_known"] = at, has_clock


def _casualties(row: dict[str, Any], number: int) -> Iterator[Problem]:
    dead, injured, serious, light = (
        row.get(name) for name in ("dead", "injured", "serious", "light")
    )
    if injured is None and (serious is not None or light is not None):
        injured = row["injured"] = (serious or 0) + (light or 0)
    if serious is not None and injured is not None and serious > injured:
        yield Problem(number, "serious", "serious_over_injured", f"{serious} > {injured}")
    loss = row.get("loss_cny")
    if light is None and injured is not None and serious is not None:
        light = injured - serious
    computed = grade_2007(dead=dead, serious=serious, loss_cny=loss)
    stated = row.get("severity_2007")
    order = list(grades_2007())
    # What is known can only make the grade worse: a stated grade below it is wrong.
    if stated and computed and order.index(stated) < order.index(computed):
        names = words.GRADES[computed]
        yield Problem(
            number, "severity_2007", "severity_contradicts", words.GRADES[stated][0],
            {"computed": [names[0], names[1]]},
        )  # fmt: skip
    row["severity_2007"] = stated or computed
    row["severity_1991"] = row.get("severity_1991") or class_1991(
        dead=dead, serious=serious, light=light, loss_cny=loss
    )
    if row.get("procedure") is None and dead is not None:
        row["procedure"] = (
            "fatal"
            if dead
            else "injury"
            if injured
            else "property_damage"
            if injured == 0
            else None
        )


def _place(row: dict[str, Any], number: int) -> Iterator[Problem]:
    lat, lon = row.get("lat"), row.get("lon")
    if (lat is None) != (lon is None):
        yield Problem(number, "lat" if lat is None else "lon", "half_place")
    elif lat is None and not (row.get("road") and row.get("stake_m") is not None):
        yield Problem(number, "lat", "no_place")


CRASH = Kind(
    "crash",
    Words("交通事故", "crashes"),
    FIELDS,
    finish,
    groups=(("time", "date", "year"), ("lat", "stake_m")),
    existing="skip",
    places=True,
)
