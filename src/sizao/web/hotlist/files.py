"""A list as a file: read with what is wrong in each row, and the example to fill in."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime

from sizao.core.errors import TransitionError
from sizao.feeds.tables import reading as tables
from sizao.feeds.tables.table import Refusal, shown
from sizao.web.hotlist.checking import Wanted, checked
from sizao.web.hotlist.services import duplicates

MOST = 500
LARGEST = 1 << 20

COLUMNS = {
    "号牌": "plate",
    "号牌颜色": "plate_colour",
    "事由类别": "reason",
    "具体事由": "details",
    "案件编号": "case_number",
    "开始": "since",
    "截止": "until",
    "处置要求": "handling",
    "处置说明": "instruction",
}
NEEDED = ("号牌", "事由类别", "具体事由", "案件编号", "截止", "处置要求")


@dataclass(frozen=True)
class Line:
    """One row: an entry, or why it is none."""

    number: int
    """As a spreadsheet counts: the header is row 1."""
    plate: str
    wanted: Wanted | None
    zh: str = ""
    en: str = ""
    duplicate: bool = False


def decoded(data: bytes) -> str:
    """A list as CSV text: a workbook's sheet, or CSV in UTF-8 or GB 18030.

    Raises TransitionError for what is neither.
    """
    if len(data) > LARGEST:
        raise TransitionError("文件不能大于 1 MB", "A file may not be larger than 1 MB.")
    if data.startswith(b"PK\x03\x04"):
        return _of_workbook(data)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise TransitionError("不是 CSV 或 xlsx 文件", "This is neither CSV nor .xlsx.")


def _of_workbook(data: bytes) -> str:
    """The sheet below its titles as CSV, a line a row, empty ones included: numbers stay right."""
    table = tables.read(data)
    if isinstance(table, Refusal):
        raise TransitionError(table.words.zh, table.words.en)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(table.header)
    at = table.header_row
    for row in table.rows:
        for _ in range(row.number - at - 1):
            out.write("\r\n")
        writer.writerow([shown(cell) for cell in row.cells])
        at = row.number
    return out.getvalue()


def read(text: str, now: datetime) -> list[Line]:
    """Every row in order. Raises TransitionError if the file as a whole cannot be read."""
    try:
        rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff")), strict=True))
    except csv.Error as error:
        raise TransitionError(f"不是 CSV 文件：{error}", f"This is no CSV: {error}") from error
    header = [name.strip() for name in rows[0]] if rows else []
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise TransitionError(
            f"缺少列：{'、'.join(missing)}", f"Missing columns: {', '.join(missing)}"
        )
    body = [(at, row) for at, row in enumerate(rows[1:], 2) if any(cell.strip() for cell in row)]
    if len(body) > MOST:
        raise TransitionError(f"一次最多导入 {MOST} 行", f"At most {MOST} rows at a time.")
    lines: list[Line] = []
    seen: dict[tuple[str, int | None], int] = {}
    for number, row in body:
        given = {
            COLUMNS[name]: cell for name, cell in zip(header, row, strict=False) if name in COLUMNS
        }
        line = _line(number, given, now)
        if line.wanted is not None:
            key = line.wanted.plate, line.wanted.plate_colour
            if key in seen:
                zh, en = f"与第 {seen[key]} 行重复", f"the same as row {seen[key]}"
                line = Line(number, line.plate, None, zh, en, duplicate=True)
            else:
                seen[key] = number
        lines.append(line)
    return lines


def _line(number: int, given: dict[str, str], now: datetime) -> Line:
    plate = given.get("plate", "").strip()
    try:
        wanted = checked(given, now)
    except TransitionError as error:
        return Line(number, plate, None, error.zh, error.en)
    known = duplicates(wanted.plate, wanted.plate_colour, now)
    if known:
        zh, en = f"已在控或待批准：{known[0].number}", f"stands or waits: {known[0].number}"
        return Line(number, plate, None, zh, en, duplicate=True)
    return Line(number, wanted.plate, wanted)
