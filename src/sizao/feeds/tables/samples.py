"""Sample tables: the columns that are understood, and rows with made-up contents.

Plates begin 川DI (real ones never have an I), terminals 100, numbers of crashes YB.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from openpyxl import Workbook

from sizao.core.errors import ConfigError
from sizao.feeds.tables.kinds import kind_named

_ROWS: dict[str, Sequence[dict[str, str]]] = {
    "crash": (
        {"id": "YB-0001", "time": "2024-01-05 14:03", "lat": "26.58500", "lon": "101.71600",
         "place": "虚构大道与示例路口", "procedure": "伤人", "dead": "0", "injured": "1",
         "serious": "0", "loss_cny": "12000", "parties": "小型汽车、电动自行车",
         "collision": "侧面碰撞", "weather": "晴", "light_condition": "白天", "surface": "干燥",
         "hit_and_run": "否", "description": "两车在路口相撞"},
        {"id": "YB-0002", "time": "2024年2月10日 21时30分", "road": "G5", "stake_m": "K120+300",
         "direction": "下行", "dead": "1", "injured": "2", "serious": "1",
         "loss_cny": "8.5万元", "parties": "货车、小型汽车", "collision": "追尾", "weather": "雾",
         "light_condition": "夜间无路灯", "surface": "潮湿", "hit_and_run": "否"},
        {"id": "YB-0003", "time": "2024/3/1 7:45", "lat": "26.59000", "lon": "101.67000",
         "procedure": "财产损失", "dead": "0", "injured": "0", "serious": "0", "loss_cny": "3000",
         "parties": "货车", "collision": "撞固定物", "weather": "雨", "surface": "潮湿"},
    ),
    "vehicle": (
        {"vehicle": "10000000001", "plate": "川DI0001", "plate_colour": "黄",
         "plate_class": "大型汽车", "kind": "重型半挂牵引车", "enterprise": "YB-HY-1",
         "enterprise_name": "虚构货运一公司", "area": "510402", "gross_kg": "25000",
         "towed_kg": "40吨", "seats": "3", "axles": "3", "inspection_until": "2026-05-31",
         "scrap_until": "2035-05-31"},
        {"vehicle": "10000000002", "plate": "川DI0002", "plate_colour": "黄",
         "plate_class": "大型汽车", "kind": "班线客车", "enterprise": "YB-KY-1",
         "enterprise_name": "虚构客运公司", "area": "510403", "gross_kg": "18000", "seats": "45",
         "axles": "2", "inspection_until": "2026年3月31日", "scrap_until": "2033/3/31"},
    ),
    "enterprise": (
        {"id": "YB-HY-1", "name": "虚构货运一公司", "kind": "道路货运", "area": "510402",
         "duty_phone": "100-0001"},
        {"id": "YB-KY-1", "name": "虚构客运公司", "kind": "道路客运", "area": "510403",
         "duty_phone": "100-0002"},
    ),
}  # fmt: skip


def table(kind: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a sample; every field that is kept has its column.

    Raises ConfigError for an unknown kind.
    """
    fields = [one for one in kind_named(kind).fields if not one.helper]
    rows = [[row.get(one.name, "") for one in fields] for row in _ROWS[kind]]
    return [one.zh for one in fields], rows


def as_csv(kind: str) -> bytes:
    """The sample as CSV, UTF-8 with byte order mark."""
    header, rows = table(kind)
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return ("\ufeff" + text.getvalue()).encode()


def as_xlsx(kind: str) -> bytes:
    """The sample as a workbook; every cell is text, so that long numbers stay whole."""
    header, rows = table(kind)
    book = Workbook()
    sheet = book.active
    for cells in (header, *rows):
        sheet.append(cells)
    for column in sheet.columns:
        for cell in column:
            cell.number_format = "@"
        sheet.column_dimensions[column[0].column_letter].width = 18
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def for_name(kind: str, name: str) -> bytes:
    """The sample in the format of a file name. Raises ConfigError for any but .csv and .xlsx."""
    if name.lower().endswith(".csv"):
        return as_csv(kind)
    if name.lower().endswith(".xlsx"):
        return as_xlsx(kind)
    raise ConfigError(f"{name}: a sample is a .csv or .xlsx")
