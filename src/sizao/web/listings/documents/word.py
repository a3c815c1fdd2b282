"""An official document as .docx, in the same layout. Fonts are named, not embedded."""

from __future__ import annotations

import io

from docx import Document as new_document
from docx.document import Document as Word
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from sizao.web.listings.documents.official import Official, Sheet, title_lines
from sizao.web.wordtables import set_widths

SONG, FANG, KAI, HEI = "方正小标宋简体", "仿宋_GB2312", "楷体_GB2312", "黑体"
INK = RGBColor(0xD7, 0x00, 0x0F)
PITCH = 28.99
CENTRE, LEFT, RIGHT = (
    WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.RIGHT,
)  # fmt: skip


def word(document: Official) -> bytes:
    """The document."""
    made = new_document()
    _page(made)
    mark = f"{document.office}文件"
    size = min(46.0, 150 / 25.4 * 72 / len(mark))
    _line(made, mark, SONG, size, CENTRE, before=33 / 25.4 * 72, colour=INK)
    _head(made, document)
    lines = title_lines(document)
    for number, text in enumerate(lines):
        _line(
            made, text, SONG, 22, CENTRE, before=0 if number else PITCH * 1.5,
            after=PITCH / 2 if number == len(lines) - 1 else 0,
        )  # fmt: skip
    _line(made, f"{document.addressee}：", FANG, 16, LEFT)
    for level, text in document.body:
        font = {1: HEI, 2: FANG}.get(level, FANG)
        line = _line(made, "", font, 16, WD_ALIGN_PARAGRAPH.JUSTIFY, indent=True)
        head = text[: _head_end(text)] if level == 2 else ""
        if head:
            _run(line, head, KAI, 16)
        _run(line, text[len(head) :], font, 16)
        line.paragraph_format.keep_with_next = level == 1
    for index, sheet in enumerate(document.sheets):
        mark = "附件：" if index == 0 else "　　　"
        number = f"{index + 1}. " if len(document.sheets) > 1 else ""
        _line(made, f"{mark}{number}{sheet.title}", FANG, 16, LEFT, indent=True,
              before=0 if index else PITCH)  # fmt: skip
    seal = _line(made, "（印章）", FANG, 12, RIGHT, before=PITCH, right_em=6)
    seal.paragraph_format.keep_with_next = True
    unit = _line(made, document.unit, FANG, 16, RIGHT, right_em=4)
    unit.paragraph_format.keep_with_next = True
    _line(made, document.date, FANG, 16, RIGHT, right_em=4)
    for index, sheet in enumerate(document.sheets):
        _sheet(made, sheet, f"附件{index + 1}" if len(document.sheets) > 1 else "附件")
    _closing(made, document)
    made.core_properties.title = document.title
    made.core_properties.author = document.office
    made.core_properties.language = "zh-CN"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _head_end(text: str) -> int:
    """Where the heading of a second-level paragraph ends, 0 if it has none that is short."""
    ends = [text.find(mark) + 1 for mark in "：。" if mark in text]
    end = min(ends, default=0)
    return end if end <= 12 else 0


def _page(made: Word) -> None:
    section = made.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(22)
    made.settings.odd_and_even_pages_header_footer = True
    for footer, side in ((section.footer, RIGHT), (section.even_page_footer, LEFT)):
        line = footer.paragraphs[0]
        line.alignment = side
        _run(line, "— ", FANG, 14)
        _page_number(line)
        _run(line, " —", FANG, 14)
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size = "Times New Roman", Pt(16)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), FANG)
    form = normal.paragraph_format
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(PITCH)
    form.space_before = form.space_after = Pt(0)


def _head(made: Word, document: Official) -> None:
    """Number, and the signer at the right where there is one, over the red line."""
    line = _line(made, "", FANG, 16, LEFT if document.signer else CENTRE, before=PITCH, after=11)
    if document.signer:
        line.paragraph_format.tab_stops.add_tab_stop(Mm(152), WD_TAB_ALIGNMENT.RIGHT)
        _run(line, f"　{document.number}\t签发人：", FANG, 16)
        _run(line, document.signer, KAI, 16)
    else:
        _run(line, document.number, FANG, 16)
    _rule(line, "bottom", 12, "D7000F")


def _sheet(made: Word, sheet: Sheet, mark: str) -> None:
    line = _line(made, mark, HEI, 16, LEFT)
    line.paragraph_format.page_break_before = True
    _line(made, sheet.title, SONG, 22, CENTRE, before=PITCH, after=PITCH / 2)
    grid = made.add_table(rows=0, cols=2, style="Table Grid")
    for name, value in sheet.rows:
        cells = grid.add_row().cells
        for cell, text, font, side in (
            (cells[0], name, HEI, CENTRE), (cells[1], value, FANG, LEFT),
        ):  # fmt: skip
            inside = cell.paragraphs[0]
            inside.alignment = side
            form = inside.paragraph_format
            form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.AT_LEAST, Pt(24)
            _run(inside, text, font, 14)
    set_widths(grid, (Mm(44), Mm(112)))


def _closing(made: Word, document: Official) -> None:
    """版记: Word sets it after the rest; an office moves it to the foot of the last page."""
    if document.copies:
        line = _line(made, f"　抄送：{document.copies}。", FANG, 14, LEFT, before=PITCH)
        _rule(line, "top", 8, "000000")
        _rule(line, "bottom", 6, "000000")
    last = _line(made, "", FANG, 14, LEFT, before=0 if document.copies else PITCH)
    last.paragraph_format.tab_stops.add_tab_stop(Mm(152), WD_TAB_ALIGNMENT.RIGHT)
    _run(last, f"　{document.unit}\t{document.printed}印发", FANG, 14)
    if not document.copies:
        _rule(last, "top", 8, "000000")
    _rule(last, "bottom", 8, "000000")


def _rule(line: Paragraph, side: str, eighths: int, colour: str) -> None:
    """A line above or below a paragraph, its width in eighths of a point."""
    properties = line._p.get_or_add_pPr()
    borders = properties.find(qn("w:pBdr"))
    if borders is None:
        borders = OxmlElement("w:pBdr")
        properties.append(borders)
    rule = OxmlElement(f"w:{side}")
    for name, value in (("val", "single"), ("sz", str(eighths)), ("space", "4"),
                        ("color", colour)):  # fmt: skip
        rule.set(qn(f"w:{name}"), value)
    borders.append(rule)


def _page_number(line: Paragraph) -> None:
    for kind in ("begin", None, "end"):
        run = _run(line, "", FANG, 14)
        if kind is None:
            code = OxmlElement("w:instrText")
            code.set(qn("xml:space"), "preserve")
            code.text = "PAGE"
            run._r.append(code)
        else:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)


def _run(line: Paragraph, text: str, font: str, size: float, colour: RGBColor | None = None):
    run = line.add_run(text)
    run.font.size, run.font.name, run.font.bold = Pt(size), "Times New Roman", False
    run.font.color.rgb = colour or RGBColor(0, 0, 0)
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    return run


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
    colour: RGBColor | None = None,
) -> Paragraph:
    line = made.add_paragraph()
    line.alignment = side
    form = line.paragraph_format
    form.space_before, form.space_after = Pt(before), Pt(after)
    if size > 16:
        form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(size * 1.6)
    if indent:
        form.first_line_indent = Pt(2 * size)
    if right_em:
        form.right_indent = Pt(right_em * size)
    if text:
        _run(line, text, font, size, colour)
    return line
