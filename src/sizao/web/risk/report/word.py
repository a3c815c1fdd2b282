"""The report as a Word document. Fonts are named, not embedded: every Chinese office has them."""

from __future__ import annotations

import io

from docx import Document as new_document
from docx.document import Document as Word
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table as Grid
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from sizao.web.risk.report.document import Chart, Document, Table
from sizao.web.risk.report.pdf import png
from sizao.web.wordtables import set_widths

SONG, FANG, HEI = "方正小标宋简体", "仿宋", "黑体"
NUMBERS = "一二三四五六七八九十"
TEXT_MM = 210 - 28 - 26


def word(document: Document) -> bytes:
    """The document as .docx, laid out after GB/T 9704-2012."""
    made = new_document()
    _page(made)
    _style(made)
    _line(made, document.title, SONG, 22, WD_ALIGN_PARAGRAPH.CENTER)
    _line(made, document.subtitle, FANG, 16, WD_ALIGN_PARAGRAPH.CENTER, after=14)
    for index, section in enumerate(document.sections):
        heading = made.add_heading(level=1)
        _run(heading, f"{NUMBERS[index]}、{section.title}", HEI, 16)
        for block in section.blocks:
            if isinstance(block, Table):
                _table(made, block)
            elif isinstance(block, Chart):
                _chart(made, block)
            else:
                _text(made, block)
    # The signature does not stand alone on a page: the last paragraph goes with it.
    closing = len(made.paragraphs) - 1
    for note in document.notes:
        _line(made, note, FANG, 12, WD_ALIGN_PARAGRAPH.LEFT, indent=True, before=12)
    _line(made, document.unit, FANG, 16, WD_ALIGN_PARAGRAPH.RIGHT, before=30, right_em=4)
    for line in made.paragraphs[closing:]:
        line.paragraph_format.keep_with_next = line.paragraph_format.keep_together = True
    _line(made, document.date, FANG, 16, WD_ALIGN_PARAGRAPH.RIGHT, right_em=4)
    made.core_properties.title = document.title + document.subtitle
    made.core_properties.author = document.unit
    made.core_properties.language = "zh-CN"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _page(made: Word) -> None:
    section = made.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    made.settings.odd_and_even_pages_header_footer = True
    for footer, side in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        line = footer.paragraphs[0]
        line.alignment = side
        _run(line, "— ", FANG, 14)
        _field(line, "PAGE")
        _run(line, " —", FANG, 14)


def _field(line: Paragraph, code: str) -> None:
    """A field that Word fills in, such as the page number."""
    run = _run(line, "", FANG, 14)
    for kind in ("begin", None, "end"):
        if kind is None:
            text = OxmlElement("w:instrText")
            text.set(qn("xml:space"), "preserve")
            text.text = code
            run._r.append(text)
        else:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)


def _style(made: Word) -> None:
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size = "Times New Roman", Pt(16)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), FANG)
    form = normal.paragraph_format
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(28.9)
    form.space_before = form.space_after = Pt(0)
    heading = made.styles["Heading 1"]
    heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(6), Pt(0)
    heading.paragraph_format.first_line_indent = Pt(32)
    heading.paragraph_format.keep_with_next = True


def _run(line: Paragraph, text: str, font: str, size: float):
    run = line.add_run(text)
    run.font.size, run.font.bold = Pt(size), False
    run.font.name = "Times New Roman"
    run.font.color.rgb = None
    fonts = run._r.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), font)
    # Theme fonts of the heading style would win over the name.
    for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{name}"), None)
    colour = OxmlElement("w:color")
    colour.set(qn("w:val"), "000000")
    run._r.get_or_add_rPr().append(colour)
    return run


def _text(made: Word, text: str) -> None:
    line = made.add_paragraph()
    line.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    line.paragraph_format.first_line_indent = Pt(32)
    _run(line, text, FANG, 16)


def _line(
    made: Word,
    text: str,
    font: str,
    size: float,
    side: WD_ALIGN_PARAGRAPH,
    *,
    before: float = 0,
    after: float = 0,
    indent: bool = False,
    right_em: float = 0,
) -> None:
    line = made.add_paragraph()
    line.alignment = side
    form = line.paragraph_format
    form.space_before, form.space_after = Pt(before), Pt(after)
    if size > 16:
        form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(36)
    if indent:
        form.first_line_indent = Pt(2 * size)
    if right_em:
        form.right_indent = Pt(right_em * size)
    _run(line, text, font, size)


def _table(made: Word, table: Table) -> None:
    caption = made.add_paragraph()
    caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
    caption.paragraph_format.keep_with_next = True
    _run(caption, table.caption, HEI, 12)
    grid = made.add_table(rows=1, cols=len(table.header), style="Table Grid")
    grid.alignment = WD_TABLE_ALIGNMENT.CENTER
    widths = [Mm(TEXT_MM * one / sum(table.widths)) for one in table.widths]
    for cell, text in zip(grid.rows[0].cells, table.header, strict=True):
        _cell(cell, text, HEI, WD_ALIGN_PARAGRAPH.CENTER, keep=True)
    again = OxmlElement("w:tblHeader")
    again.set(qn("w:val"), "true")
    grid.rows[0]._tr.get_or_add_trPr().append(again)
    for number, row in enumerate(table.rows):
        line = grid.add_row()
        whole = OxmlElement("w:cantSplit")
        line._tr.get_or_add_trPr().append(whole)
        for cell, text, right in zip(line.cells, row, table.right, strict=True):
            side = WD_ALIGN_PARAGRAPH.RIGHT if right else WD_ALIGN_PARAGRAPH.LEFT
            short = len(table.rows) <= 7 and number < len(table.rows) - 1
            _cell(cell, text, FANG, side, keep=short)
    set_widths(grid, widths)
    _narrow_margins(grid)
    below = made.add_paragraph()
    below.paragraph_format.line_spacing = Pt(13 if table.note else 10)
    if table.note:
        below.paragraph_format.space_after = Pt(8)
        _run(below, table.note, FANG, 9)


def _narrow_margins(grid: Grid) -> None:
    """One millimetre beside the text of a cell: Word's own two would break numbers in two."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        one = OxmlElement(f"w:{side}")
        one.set(qn("w:w"), "57")
        one.set(qn("w:type"), "dxa")
        margins.append(one)
    layout = grid._tbl.tblPr.find(qn("w:tblLook"))
    if layout is not None:
        layout.addprevious(margins)
    else:
        grid._tbl.tblPr.append(margins)


def _cell(cell: _Cell, text: str, font: str, side: WD_ALIGN_PARAGRAPH, *, keep: bool) -> None:
    line = cell.paragraphs[0]
    line.alignment = side
    form = line.paragraph_format
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.AT_LEAST, Pt(15)
    form.keep_with_next = keep
    _run(line, text, font, 10.5)


def _chart(made: Word, chart: Chart) -> None:
    line = made.add_paragraph()
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    # An exact line height would cut the picture to a line.
    line.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    line.paragraph_format.keep_with_next = True
    shape = line.add_run().add_picture(io.BytesIO(png(chart)), width=Mm(TEXT_MM))
    shape._inline.docPr.set("descr", f"{chart.caption}：{chart.about}"[:1000])
    caption = made.add_paragraph()
    caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(caption, chart.caption, HEI, 12)
