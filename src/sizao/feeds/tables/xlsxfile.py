"""Excel workbooks (.xlsx, .xlsm), streamed; nothing in them is executed or fetched."""

from __future__ import annotations

import io
import warnings
import zipfile
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from sizao.feeds.tables._sheet import LAST_ROW, SheetReader, TooLong, TooWide
from sizao.feeds.tables.csvfile import too_long, too_wide
from sizao.feeds.tables.table import (
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_STRINGS,
    MAX_UNPACKED,
    Cell,
    Grid,
    Refusal,
    Row,
    Words,
)

_DAMAGED = Refusal(
    "damaged",
    Words(
        "这个 Excel 文件已损坏，或不是 .xlsx。请用 Excel 或 WPS 打开后另存为 .xlsx。",
        "This Excel file is damaged or no .xlsx. Open it in Excel or WPS and save it as .xlsx.",
    ),
)


def read_xlsx(data: bytes, sheet: str = "") -> Grid | Refusal:
    """All rows with content of ``sheet``, or of the first visible one that has any.

    Formulas are read as the values that were stored with them.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if refusal := _check(archive):
                return refusal
        with warnings.catch_warnings():
            # openpyxl warns of drawings, validations and styles that it leaves out.
            warnings.simplefilter("ignore")
            return _read(data, sheet)
    except Exception:
        # Parsers raise whatever they do on files that break the format: KeyError, ValueError,
        # IndexError, BadZipFile, ExpatError, our own Entities.
        return _DAMAGED


def _check(archive: zipfile.ZipFile) -> Refusal | None:
    parts = archive.infolist()
    if not any(part.filename.startswith("xl/") for part in parts):
        return Refusal(
            "not_a_workbook",
            Words(
                "这是压缩包或其他文档，不是 Excel 表格。请先解压，或另存为 .xlsx。",
                "This is an archive or another kind of document, not a workbook. Unpack it, or "
                "save it as .xlsx.",
            ),
        )
    # zipfile reads no more of a part than its entry declares, so the declared sizes bound it.
    unpacked = sum(part.file_size for part in parts)
    strings = sum(part.file_size for part in parts if "sharedStrings" in part.filename)
    if unpacked > MAX_UNPACKED or strings > MAX_STRINGS or len(parts) > 10_000:
        return Refusal(
            "unpacks_too_large",
            Words(
                f"解压后有 {unpacked >> 20:,} MiB，超过上限 {MAX_UNPACKED >> 20} MiB，"
                "没有读取。请拆分文件或改存为 CSV。",
                f"Unpacked it would be {unpacked >> 20:,} MiB, more than the limit of "
                f"{MAX_UNPACKED >> 20} MiB, so it was not read. Split it or save it as CSV.",
            ),
        )
    # openpyxl reads with lxml where that is installed, which takes a document type without a word.
    declared = (part for part in parts if part.filename.endswith((".xml", ".rels")))
    if any(_declares_a_type(archive, part) for part in declared):
        return _DAMAGED
    return None


def _declares_a_type(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a part has a DOCTYPE, which no spreadsheet has and where entities are declared.

    It stands before the first element, so no more than that is read. Raises ExpatError for what is
    no XML.
    """
    found: list[str] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_: found.append("doctype")
    parser.StartElementHandler = lambda *_: found.append("element")
    with archive.open(part) as file:
        while not found and (chunk := file.read(4096)):
            parser.Parse(chunk)
    return found[:1] == ["doctype"]


def _read(data: bytes, wanted: str) -> Grid | Refusal:
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        sheets = [one for one in book.worksheets if one.sheet_state == "visible"]
        names = tuple(one.title for one in sheets)
        chosen = [one for one in sheets if one.title == wanted] if wanted else sheets
        if not chosen:
            return Refusal(
                "no_sheet",
                Words(
                    f"没有名为「{wanted}」的可见工作表；有：{'、'.join(names)}。",
                    f"There is no visible sheet {wanted!r}; there are: {', '.join(names)}.",
                ),
            )
        for one in chosen:
            sheet = SheetReader(
                one._shared_strings,
                frozenset(book._date_formats),
                frozenset(book._timedelta_formats),
                book.epoch,
            )
            try:
                with book._archive.open(one._worksheet_path) as part:
                    sheet.read(part)
            except TooWide as wide:
                return too_wide(*wide.args)
            except TooLong:
                return too_long()
            if sheet.rows or one is chosen[-1]:
                return Grid(
                    _fill(sheet.rows, sheet.merges),
                    "xlsx",
                    one.title,
                    names,
                    book.epoch == CALENDAR_MAC_1904,
                    sheet.uncalculated,
                )
    finally:
        book.close()
    return _DAMAGED


def _fill(rows: list[Row], merges: list[tuple[int, int, int]]) -> list[Row]:
    """Give each row of a vertically merged cell the value that only its first row holds."""
    if not merges:
        return rows
    at = {row.number: index for index, row in enumerate(rows)}
    budget = MAX_ROWS
    for column, top, bottom in merges:
        first = at.get(top)
        if first is None or column >= min(len(rows[first].cells), MAX_COLUMNS):
            continue
        value: Cell = rows[first].cells[column]
        for number in range(top + 1, min(bottom, LAST_ROW) + 1):
            budget -= 1
            if budget < 0:
                return rows
            index = at.get(number)
            if index is None:
                continue
            cells = list(rows[index].cells)
            cells += [None] * (column + 1 - len(cells))
            if cells[column] is None:
                cells[column] = value
                rows[index] = Row(number, tuple(cells))
    return rows
