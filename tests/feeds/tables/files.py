"""Dirty files of our own making: everything in them is made up."""
# ruff: noqa: E501, DTZ001 - a table is read as a table; workbooks hold no time zone

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

CRASH_HEADER = ("事故编号", "事故时间", "经度", "纬度", "道路编号", "桩号", "死亡人数", "受伤人数",
                "直接财产损失（万元）", "天气", "当事人姓名", "简要案情")  # fmt: skip

CRASHES: Sequence[tuple[str, ...]] = (
    ("S-001", "2024-01-05 14:03", "101.716", "26.585", "", "", "0", "1", "1.2", "晴", "某甲", ""),
    ("S-002", "2024年1月6日 8时5分", "１０１．７１７", "26.586", "", "", "1", "0", "", "小雨", "某乙",
     "与行人相撞，电话13800000000"),
    ("", "", "", "", "", "", "", "", "", "", "", ""),
    ("S-003", "2024-02-30 10:00", "101.7", "26.58", "", "", "0", "0", "", "晴", "", ""),
    ("S-004", "5/1/2024 10:00", "101.7", "26.58", "", "", "0", "0", "", "晴", "", ""),
    ("S-005", "2024-01-08 10:00", "26.58", "101.7", "", "", "0", "0", "", "晴", "", ""),
    ("S-001", "2024-01-05 14:03", "101.716", "26.585", "", "", "0", "1", "1.2", "晴", "某甲", ""),
    ("S-006", "45299.5", "101.7", "26.58", "", "", "0", "0", "", "下冰刀", "", ""),
    ("S-007", "2024-01-10 10:00", "", "", "G5", "K120+300", "0", "2人", "", "阴", "", ""),
    ("S-008", "2024-01-10 11:00", "", "", "G5", "", "0", "0", "", "阴", "", ""),
    ("S-009", "2024-01-10 11:00", "101.7", "", "", "", "0", "0", "", "阴", "", ""),
    ("S-010", "2024-01-11", "101.70", "26.57", "", "", "1.5", "0", "", "雾", "", ""),
    ("S-011", "2099-01-11 09:00", "101.70", "26.57", "", "", "0", "0", "", "雾", "", ""),
    ("S-012", "2024-01-12", "101.70", "26.57", "", "", "三", "0", "", "雾", "", ""),
    ("S-013", "2024-01-12", "101.70", "26.57", "", "", "0", "0", "-5", "雾", "", ""),
    ("S-014", "20240113091500", "101.71", "26.57", "", "", "3", "0", "", "", "", ""),
)  # fmt: skip
"""Rows 2 to 17 under the header; the report must name 5, 6, 7, 11, 12, 13, 14, 15, 16 as bad and
8 as repeated."""

CRASHES_BAD = {
    5: ["impossible_date"],
    6: ["date_order"],
    7: ["swapped"],
    11: ["no_place"],
    12: ["half_place"],
    13: ["not_whole"],
    14: ["future"],
    15: ["no_number"],
    16: ["out_of_range"],
}
CRASHES_GOOD = {2: "S-001", 3: "S-002", 9: "S-006", 10: "S-007", 17: "S-014"}
CRASHES_REPEATED = {8: "twice_in_file"}

VEHICLE_HEADER = ("号牌号码", "车牌颜色", "终端手机号", "车辆类型", "所属企业", "核定载质量（吨）",
                  "总质量(kg)", "核定载客", "检验有效期止", "驾驶员姓名", "身份证号")  # fmt: skip

VEHICLES: Sequence[tuple[Any, ...]] = (
    ("川DI0001", "黄", 10000000001, "重型半挂牵引车", "虚构货运一公司", None, 25000, 3,
     dt.datetime(2026, 5, 31), "某甲", "11010519491231002X"),
    ("川Ｄ·I0002", "黄牌", "010000000002", "重型自卸货车", None, 12.5, 25000, 3, 46173, None, None),
    ("川D12", "黄", "10000000003", "重型货车", "虚构货运一公司", None, None, None, None, None, None),
    ("川DI0004", "粉色", "10000000004", "旅游包车", "虚构货运一公司", None, None, 45,
     "2026年5月", None, None),
    ("川DI0005", 2, "10000000005", "旅游包车", "没有登记的公司", None, None, 45, None, None, None),
    ("川DI0006", 2, None, "旅游包车", "虚构客运公司", None, None, 45, None, None, None),
    ("川DI0007", "绿", "1.0E+10", "班线客车", "虚构客运公司", None, None, 45, None, None, None),
    ("川DI0008", "渐变绿", "10000000008", "危险货物运输车", "虚构客运公司", 30, 25000, 2, None, None,
     None),
    ("川DI0009", "黄", "10000000001", "班线客车", "虚构客运公司", None, None, 45, None, None, None),
    ("川DI0010", "黄", "10000000010", "观光小火车", "虚构客运公司", None, None, 45, "#N/A", None,
     None),
    ("川DI0011", "黄", "10000000011", "观光小火车", "虚构客运公司", None, None, 45, None, None, None),
)  # fmt: skip
"""Rows 4 to 14: a title, a note and the header stand above."""

VEHICLES_BAD = {
    6: ["bad_plate"],
    7: ["unknown_word", "no_time"],
    8: ["unknown_enterprise"],
    9: ["no_terminal"],
    10: ["rounded"],
    11: ["payload_over_gross"],
    13: ["spreadsheet_error"],
}
VEHICLES_GOOD = {4: "10000000001", 5: "10000000002", 14: "10000000011"}
VEHICLES_REPEATED = {12: "twice_in_file"}

ENTERPRISE_HEADER = ("企业编号", "企业名称", "经营范围", "行政区划代码", "值班电话", "法人姓名")
ENTERPRISES: Sequence[tuple[str, ...]] = (
    ("f1", "虚构货运一公司", "道路普通货物运输", "510402", "100-0001", "某甲"),
    ("f2", "虚构客运公司", "道路旅客运输", "东区", "100-0002", ""),
    ("", "没有编号的公司", "普货", "510402", "", ""),
    ("f4", "", "普货", "510402", "", ""),
    ("f1", "虚构货运一公司", "普货", "510402", "", ""),
    ("f6", "虚构危运公司", "危险货物运输", "510403", "没有", ""),
)
ENTERPRISES_BAD = {4: ["missing"], 5: ["missing"]}
ENTERPRISES_GOOD = {2: "f1", 3: "f2", 7: "f6"}
ENTERPRISES_REPEATED = {6: "twice_in_file"}


def csv_bytes(
    header: Sequence[Any], rows: Sequence[Sequence[Any]], encoding: str = "utf-8", by: str = ","
) -> bytes:
    lines = [by.join("" if cell is None else str(cell) for cell in row) for row in (header, *rows)]
    return ("\r\n".join(lines) + "\r\n").encode(encoding)


def crash_csv(encoding: str = "gb18030") -> bytes:
    return csv_bytes(CRASH_HEADER, CRASHES, encoding)


def enterprise_csv(encoding: str = "utf-8-sig") -> bytes:
    return csv_bytes(ENTERPRISE_HEADER, ENTERPRISES, encoding)


def vehicle_xlsx(*, merged: bool = True) -> bytes:
    """A title over all columns, a note, the header, the rows; one enterprise merged over two."""
    book = Workbook()
    sheet = book.active
    sheet.title = "台账"
    sheet.append(["重点车辆台账（虚构）"])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(VEHICLE_HEADER))
    sheet.append(["填报单位：虚构单位", None, "填报日期：2024年1月"])
    sheet.append(list(VEHICLE_HEADER))
    for row in VEHICLES:
        sheet.append(list(row))
    if merged:
        sheet.merge_cells(start_row=4, start_column=5, end_row=5, end_column=5)
    return saved(book)


def saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
