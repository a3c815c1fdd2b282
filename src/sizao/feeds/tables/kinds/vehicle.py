"""The register of supervised vehicles (重点车辆台账): schema ``core.schemas.REGISTER``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sizao.feeds.tables.fields import Field, Kind
from sizao.feeds.tables.known import Known
from sizao.feeds.tables.reasons import Problem
from sizao.feeds.tables.table import Words
from sizao.feeds.tables.values.numbers import Number
from sizao.feeds.tables.values.times import Day
from sizao.feeds.tables.values.vehicles import KIND_WORDS, Colour, Plate, Terminal
from sizao.feeds.tables.values.words import Choice, Code, Text

PLATE_CLASSES: dict[str, tuple[str, ...]] = {
    "01": ("大型汽车", "large vehicle", "大型汽车号牌", "1"),
    "02": ("小型汽车", "small vehicle", "小型汽车号牌", "2"),
    "15": ("挂车", "trailer", "挂车号牌"),
    "16": ("教练汽车", "driving school", "教练汽车号牌"),
    "23": ("警用汽车", "police vehicle", "警用汽车号牌"),
    "51": ("大型新能源汽车", "large new energy", "新能源大型汽车", "大型新能源汽车号牌"),
    "52": ("小型新能源汽车", "small new energy", "新能源小型汽车", "小型新能源汽车号牌"),
    "13": ("低速车", "low-speed vehicle", "农用运输车", "低速车号牌"),
    "07": ("普通摩托车", "motorcycle", "普通摩托车号牌", "7"),
    "14": ("拖拉机", "tractor", "拖拉机号牌"),
    "99": ("其他", "other", "其他号牌", "其它"),
}
"""GA/T 16.7 as recalled, for the classes that supervised vehicles carry."""

SERVICE_WORDS: dict[str, tuple[str, ...]] = {
    "long_distance": ("长途客运", "long distance", "长途", "长途班线", "长途包车", "省际班线"),
    "short_line": ("短途班线", "short line", "短途", "单程100公里以下"),
    "airport_fixed_line": ("机场固定班线", "airport line", "机场专线", "机场大巴"),
    "high_speed_rail_express": ("高铁快线", "rail express", "高铁专线"),
    "relay_short_leg": ("接驳运输短途驳载", "relay leg", "短途驳载", "接驳短途"),
}
"""Words for ``core.vehicles.SERVICES``."""

FIELDS = (
    Field("vehicle", "终端号", "Terminal", Terminal(),
          ("终端手机号", "终端SIM卡号", "SIM卡号", "终端号码", "车载终端号", "终端编号", "设备号",
           "终端ID", "卫星定位终端号", "terminal phone", "sim", "phone"), telephone=True,
          doc="Terminal number; may be missing where the plate is registered"),
    Field("plate", "号牌号码", "Plate", Plate(),
          ("车牌号", "车牌号码", "号牌", "车牌", "车号", "HPHM", "plate no", "plate number"),
          doc="Plate, kept without a dot"),
    Field("plate_colour", "号牌颜色", "Plate colour", Colour(),
          ("车牌颜色", "牌照颜色", "HPYS", "颜色"), unit="JT/T 697.7",
          doc="1 blue, 2 yellow, 3 black, 4 white, 5 green, 9 other"),
    Field("plate_class", "号牌种类", "Plate class", Choice(PLATE_CLASSES),
          ("车牌种类", "HPZL"), unit="GA/T 16.7", soft=True, doc="Plate class code"),
    Field("kind", "车辆类型", "Vehicle kind", Choice(KIND_WORDS, inside=True),
          ("车辆种类", "车型", "行业类别", "运输类型", "运营类型", "重点车辆类型", "CLLX",
           "vehicle type"), soft=True, doc="Vehicle kind, see core.vehicles.KINDS"),
    Field("enterprise", "企业编号", "Enterprise id", Code(r"\S{1,32}"),
          ("企业代码", "业户编号", "统一社会信用代码", "社会信用代码", "经营许可证号", "业户代码"),
          doc="Enterprise id; found by name where only the name is given"),
    Field("enterprise_name", "企业名称", "Enterprise", Text(96),
          ("所属企业", "单位名称", "业户名称", "所属单位", "运输企业", "公司名称", "企业",
           "所属公司", "业户", "enterprise name", "company"), doc="Enterprise name"),
    Field("area", "籍属区县", "Home county", Code(r"\d{6,12}", Words(
        "六位行政区划代码", "a division code of six digits")),
          ("区划代码", "行政区划代码", "行政区划", "所属区县代码", "XZQH"), soft=True,
          doc="County or district code of the home brigade"),
    Field("gross_kg", "总质量", "Gross mass", Number("kg", 300, 500_000),
          ("最大允许总质量", "核定总质量", "ZZL", "gross mass", "gvm"), unit="kg",
          doc="Permitted gross mass (overload points are counted against it)"),
    Field("payload_kg", "核定载质量", "Rated payload", Number("kg", 0, 400_000),
          ("核定载重", "载质量", "核载质量", "核定载重量", "吨位", "HDZZL", "payload"), unit="kg",
          doc="Rated payload (fines by article 92 are counted against it)"),
    Field("towed_kg", "准牵引总质量", "Towed mass", Number("kg", 0, 500_000),
          ("牵引总质量", "准牵引质量", "ZQYZL"), unit="kg", doc="Permitted mass of the trailer"),
    Field("seats", "核定载客", "Seats", Number("count", 1, 200, whole=True),
          ("核定载客人数", "座位数", "核载人数", "核定载人数", "座位", "HDZK"), unit="count",
          doc="Rated seats, the driver's included"),
    Field("axles", "轴数", "Axles", Number("count", 2, 20, whole=True), ("车轴数", "ZS"),
          unit="count", doc="Number of axles"),
    Field("inspection_until", "检验有效期止", "Inspected until", Day(),
          ("检验有效期", "检验有效期至", "年检有效期", "年审有效期", "YXQZ", "检验有效期止日期"),
          unit="date", doc="Last day of the inspection's validity"),
    Field("scrap_until", "强制报废期止", "Scrapped by", Day(),
          ("报废期止", "强制报废日期", "报废日期", "QZBFQZ"), unit="date",
          doc="Day by which the vehicle must be scrapped"),
    Field("service", "客运服务类型", "Coach service", Choice(SERVICE_WORDS),
          ("服务类型", "班线类型", "客运类型", "运营方式", "service"), soft=True,
          doc="Service of a coach, see core.vehicles.SERVICES; decides who is exempt at night"),
)  # fmt: skip


def finish(row: dict[str, Any], number: int, known: Known) -> Iterator[Problem]:
    """Terminal by plate, enterprise by name, and masses that cannot be."""
    plate, vehicle = row.get("plate"), row.get("vehicle")
    registered = known.plates.get(plate, "") if plate else ""
    if not vehicle:
        if registered:
            row["vehicle"] = registered
        else:
            yield Problem(number, "vehicle", "no_terminal", plate or "")
    elif registered and registered != vehicle:
        yield Problem(number, "plate", "other_terminal", plate or "", {"vehicle": registered})
    yield from _enterprise(row, number, known)
    gross, payload = row.get("gross_kg"), row.get("payload_kg")
    if gross is not None and payload is not None and payload > gross:
        yield Problem(number, "payload_kg", "payload_over_gross", f"{payload:g} kg > {gross:g} kg")


def _enterprise(row: dict[str, Any], number: int, known: Known) -> Iterator[Problem]:
    key, name = row.get("enterprise"), row.get("enterprise_name")
    if key:
        if key in known.enterprises:
            row["enterprise_name"] = name or known.enterprises[key]
        elif not name:
            yield Problem(number, "enterprise", "unknown_enterprise", key)
    elif name:
        found = known.enterprises_named(name)
        if len(found) == 1:
            row["enterprise"] = found[0]
        else:
            code = "same_name" if found else "unknown_enterprise"
            yield Problem(number, "enterprise_name", code, name)


VEHICLE = Kind(
    "vehicle",
    Words("车辆登记", "vehicles"),
    FIELDS,
    finish,
    groups=(("vehicle", "plate"),),
    existing="update",
)
