"""The register of transport enterprises (运输企业名册)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sizao.feeds.tables.fields import Field, Kind
from sizao.feeds.tables.known import Known
from sizao.feeds.tables.reasons import Problem
from sizao.feeds.tables.table import Words
from sizao.feeds.tables.values.vehicles import Telephone
from sizao.feeds.tables.values.words import Choice, Code, Text

ENTERPRISE_KINDS: dict[str, tuple[str, ...]] = {
    "hazmat": ("危险货物运输", "dangerous goods", "危货", "危险品运输", "危运"),
    "passenger": ("道路客运", "passenger", "客运", "旅客运输", "旅游客运", "班线客运", "公路客运"),
    "freight": ("道路货运", "freight", "货运", "普货", "普通货运", "货物运输", "物流"),
    "school_bus": ("校车", "school bus", "校车服务"),
    "other": ("其他", "other", "其它"),
}
"""What an enterprise carries, the special before the general."""

FIELDS = (
    Field("id", "企业编号", "Enterprise id", Code(r"\S{1,32}"),
          ("企业代码", "业户编号", "统一社会信用代码", "社会信用代码", "经营许可证号", "业户代码",
           "编号", "enterprise id"), required=True, doc="Identifier used by the vehicle register"),
    Field("name", "企业名称", "Name", Text(96),
          ("单位名称", "业户名称", "公司名称", "名称", "企业", "company", "enterprise name"),
          required=True, doc="Registered name"),
    Field("kind", "企业类型", "Kind", Choice(ENTERPRISE_KINDS, inside=True),
          ("经营范围", "行业类别", "业户类型", "经营类型", "类型"), soft=True,
          doc="passenger, hazmat, freight, school_bus, other"),
    Field("area", "行政区划", "Area", Code(r"\d{6,12}", Words(
        "六位行政区划代码", "a division code of six digits")),
          ("区划代码", "行政区划代码", "所属区县代码", "区县代码", "XZQH"), soft=True,
          doc="County or district code"),
    Field("duty_phone", "值班电话", "Duty phone", Telephone(),
          ("监控值班电话", "24小时值班电话", "动态监控电话", "单位电话", "办公电话"),
          telephone=True, soft=True,
          doc="Telephone of the monitoring duty, not a person's own"),
)  # fmt: skip


def finish(row: dict[str, Any], number: int, known: Known) -> Iterator[Problem]:
    """Nothing follows from other fields."""
    return iter(())


ENTERPRISE = Kind(
    "enterprise",
    Words("企业名册", "enterprises"),
    FIELDS,
    finish,
    groups=(("id",), ("name",)),
    existing="update",
)
