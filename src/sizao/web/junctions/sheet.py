"""The sheet for the works department: drawing, findings with photos, counts, timing, on one page.

Costs are left blank, because the police do not know them, and the sheet is in Chinese whatever
the reader's language: it goes to a Chinese office.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst
from django.utils import timezone, translation
from docx import Document as new_document
from docx.document import Document as Word
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from sizao.core.errors import EvidenceError
from sizao.plan.signals.junction import Junction as Shape
from sizao.plan.signals.junction import junction_of
from sizao.web.clock import feed_now
from sizao.web.evidence.answer import store
from sizao.web.evidence.thumbs import thumb
from sizao.web.junctions import audits, counting, drawing, words
from sizao.web.junctions.items import items
from sizao.web.junctions.models import Finding, Junction, Timing
from sizao.web.junctions.register import shape_of
from sizao.web.risk.report.fonts import folders
from sizao.web.wordtables import set_widths

SCALES = (1.0, 0.9, 0.82, 0.74)
"""Of all sizes on the sheet; at the smallest its text is 7 pt."""

_PAGE = b"/Type/Page/"

MOST_FINDINGS = 14
MOST_PHOTOS = 4
"""What fits on the page; the rest is named by number."""


@dataclass
class Sheet:
    """What stands on the sheet. ``files`` are drawings and photos by name."""

    data: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)


def content(junction: Junction) -> Sheet:
    """Gather the sheet of a junction, in Chinese."""
    with translation.override("zh-hans"):
        return _content(junction)


def _content(junction: Junction) -> Sheet:
    shape = shape_of(junction)
    audit = audits.latest(junction)
    bad = list(audit.findings.filter(answer=Finding.Answer.DEFECT)) if audit else []
    by_arm: dict[str, int] = {}
    for one in bad:
        by_arm[one.arm] = by_arm.get(one.arm, 0) + 1
    made = Sheet({}, {"plan.svg": drawing.plan(shape, by_arm, junction.name, print_=True).encode()})
    photos: list[dict[str, str]] = []
    rows = []
    for number, one in enumerate(bad[:MOST_FINDINGS], 1):
        mark = _photo(made, one, len(photos)) if one.photo and len(photos) < MOST_PHOTOS else ""
        if mark:
            photos.append(
                {"file": f"photo{mark}.jpg", "text": f"照片 {mark}（序号 {number}）：{one.note}"}
            )
        rows.append({"arm": _arm(shape, one.arm), "item": _item(one), "note": one.note,
                     "photo": mark, "mark": mark})  # fmt: skip
    timing = junction.timings.first()
    count = junction.counts.first()
    today = timezone.localtime(feed_now())
    walked = timezone.localtime(audit.finished_at) if audit else None
    made.data = {
        "title": f"{junction.name}整治与配时优化单",
        "subtitle": f"{words.state_word(junction.state)} · {junction.unit.name_zh} · "
        f"{junction.lat:.5f}，{junction.lon:.5f}（WGS-84）",
        "unit": junction.unit.name_zh,
        "contact": junction.contact,
        "date": f"{today.year}年{today.month}月{today.day}日",
        "foot": f"四早 Sizao · 编号 JX-{junction.pk:05d}",
        "arms": [_arm_row(arm) for arm in shape.arms],
        "audited": (
            f"{audit.by_name or audit.by} 于 {walked:%Y-%m-%d} 检查，"
            f"检查表 {audit.edition} 版，合格率 {audits.score(audit):.0%}。"
            if audit
            else "尚未完成检查。"
        ),
        "findings": rows,
        "more": max(0, len(bad) - MOST_FINDINGS),
        "photos": photos,
        "timing": _timing(made, timing) if timing else None,
        "counts": _counts(shape, count) if count else [],
        "counted": (
            f"{timezone.localtime(count.counted_at):%Y-%m-%d %H:%M}，"
            f"{count.data['minutes']:g} 分钟，{words.source_word(count.source)}。"
            if count
            else ""
        ),
    }
    return made


def _item(one: Finding) -> str:
    found = items().get(one.item)
    return found.zh if found else one.item


def _arm(shape: Shape, arm: str) -> str:
    return next((one.name for one in shape.arms if one.id == arm), arm)


def _arm_row(arm: Any) -> list[str]:
    names = {"L": "左", "T": "直", "R": "右"}
    lanes = "、".join("".join(names[t] for t in "LTR" if t in lane.turns) for lane in arm.lanes)
    return [
        arm.name, lanes or "—", f"{arm.exit_lanes}",
        f"{arm.crossing_m:g} m" + ("（岛）" if arm.refuge else "") if arm.crossing_m else "—",
    ]  # fmt: skip


def _photo(made: Sheet, one: Finding, before: int) -> str:
    """Put the small copy of a photo into the sheet; its mark, or "" if it is gone."""
    try:
        data = thumb(store(), one.photo)
    except EvidenceError:
        return ""
    if data is None:
        return ""
    mark = str(before + 1)
    made.files[f"photo{mark}.jpg"] = data
    return mark


def _timing(made: Sheet, timing: Timing) -> dict[str, Any]:
    shape = junction_of(timing.shape)
    longest = max(timing.before["cycle_s"], timing.after["cycle_s"])
    sides = []
    for which, title, data in (
        ("before", "现行方案", timing.before), ("after", "优化方案", timing.after),
    ):  # fmt: skip
        name = f"{which}.svg"
        made.files[name] = drawing.timeline(
            shape, data["plan"], longest, title, print_=True
        ).encode()
        greens = "、".join(f"{phase['green_s']}" for phase in data["plan"]["phases"])
        sides.append({
            "title": title, "file": name,
            "words": f"周期 {data['cycle_s']} 秒，绿灯 {greens} 秒；平均延误 {data['delay_s']:.1f} "
            f"秒/车，服务水平 {data['level']}，最大饱和度 {data['degree']:.2f}",
        })  # fmt: skip
    gained = timing.gain
    said = (
        f"按 HCM 2000 计算，每车少延误 {gained['saved_s']:.1f} 秒（{gained['share']:.0%}），"
        f"再数一次流量的 95% 区间 {gained['lower_s']:.1f} 至 {gained['upper_s']:.1f} 秒。"
    )
    if timing.run == Timing.Run.DONE:
        outcome = timing.outcome
        said += (
            f"SUMO 仿真 {len(outcome['seeds'])} 组：{outcome['before_s']:.1f} → "
            f"{outcome['after_s']:.1f} 秒/车，少 {outcome['saved_s']:.1f} 秒，95% 区间 "
            f"{outcome['lower_s']:.1f} 至 {outcome['upper_s']:.1f} 秒。"
        )
    return {"words": said, "sides": sides}


def _counts(shape: Shape, count: Any) -> list[list[str]]:
    counted = counting.counts(count)
    possible = shape.movements()
    rows = [["进口", "左转", "直行", "右转"]]
    for arm in shape.arms:
        if arm.lanes:
            rows.append(
                [arm.name]
                + [
                    f"{counted.flow(f'{arm.id}.{turn}'):.0f}"
                    if f"{arm.id}.{turn}" in possible
                    else "—"
                    for turn in "LTR"
                ]
            )
    return rows


def pdf(sheet: Sheet) -> bytes:
    """The sheet as PDF, one page. Nothing is fetched and no font of the machine is used."""
    return _fitting(sheet, "pdf")


def _fitting(sheet: Sheet, form: str, **more: Any) -> bytes:
    """Set at the largest scale at which it is one page; at the smallest, whatever it is."""
    for scale in SCALES[:-1]:
        if _set(sheet, "pdf", scale).count(_PAGE) == 1:
            return _set(sheet, form, scale, **more)
    return _set(sheet, form, SCALES[-1], **more)


def _set(sheet: Sheet, form: str, scale: float, **more: Any) -> bytes:
    with TemporaryDirectory() as name:
        folder = Path(name)
        template = resources.files("sizao.web.junctions") / "sheet.typ"
        (folder / "sheet.typ").write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
        told = json.dumps({**sheet.data, "scale": scale}, ensure_ascii=False)
        (folder / "data.json").write_text(told, encoding="utf-8")
        for file, data in sheet.files.items():
            (folder / file).write_bytes(data)
        made = typst.compile(
            str(folder / "sheet.typ"), root=name, font_paths=[str(one) for one in folders()],
            ignore_system_fonts=True, format=form, **more,
        )  # fmt: skip
    return bytes(made)


def word(sheet: Sheet) -> bytes:
    """The same as .docx, to be worked on: text, tables, drawings. Fonts are named, not embedded."""
    made = new_document()
    page = made.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(18)
    page.top_margin = page.bottom_margin = Mm(15)
    data = sheet.data
    _text(made, data["title"], 18, bold=True, centre=True)
    _text(made, data["subtitle"], centre=True)
    _text(made, "平面图", 13, bold=True)
    _picture(made, sheet.files["plan.svg"], 80)
    _text(made, "进口道", 13, bold=True)
    _grid(made, [["进口", "进口车道", "出口", "过街"], *data["arms"]], (40, 74, 30, 30))
    _text(made, f"检查发现（{len(data['findings'])} 项）", 13, bold=True)
    _text(made, data["audited"])
    if data["findings"]:
        rows = [
            [str(n), f["arm"], f"{f['note']}（要求：{f['item']}）", ""]
            for n, f in enumerate(data["findings"], 1)
        ]
        head = ["序号", "进口", "问题与要求", "费用（元）"]
        _grid(made, [head, *rows, ["", "", "合计", ""]], (14, 26, 108, 26))
    if data["photos"]:
        _text(made, "照片", 13, bold=True)
        _photos(made, sheet)
    if data["timing"]:
        _text(made, "信号配时", 13, bold=True)
        _text(made, data["timing"]["words"])
        for side in data["timing"]["sides"]:
            _text(made, f"{side['title']}：{side['words']}", keep=True)
            _picture(made, sheet.files[side["file"]], 120)
    if data["counts"]:
        _text(made, "高峰流量（辆/时）", 13, bold=True)
        _text(made, data["counted"])
        counts = data["counts"]
        _grid(made, counts, [174 / len(counts[0])] * len(counts[0]))
    _text(made, "")
    _text(made, f"填报单位：{data['unit']}　联系人：{data['contact']}　日期：{data['date']}")
    _text(made, "实施单位：　　　　　　负责人：　　　　　　完成日期：")
    made.core_properties.title, made.core_properties.author = data["title"], data["unit"]
    made.core_properties.language = "zh-CN"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _photos(made: Word, sheet: Sheet) -> None:
    """Two beside each other, each with its words below it."""
    photos = sheet.data["photos"]
    table = made.add_table(rows=0, cols=2)
    for start in range(0, len(photos), 2):
        cells = table.add_row().cells
        for cell, photo in zip(cells, photos[start : start + 2], strict=False):
            line = cell.paragraphs[0]
            line.add_run().add_picture(io.BytesIO(sheet.files[photo["file"]]), width=Mm(60))
            _words(cell.add_paragraph(), photo["text"], 9)
    set_widths(table, (Mm(87), Mm(87)))


def _text(
    made: Word,
    text: str,
    size: float = 10.5,
    *,
    bold: bool = False,
    centre: bool = False,
    keep: bool = False,
) -> None:
    line = made.add_paragraph()
    form = line.paragraph_format
    form.space_before, form.space_after = Pt(8 if bold else 0), Pt(4)
    form.keep_with_next = bold or keep
    if centre:
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _words(line, text, size, bold=bold)


def _words(line: Paragraph, text: str, size: float, *, bold: bool = False) -> None:
    run = line.add_run(text)
    run.font.size, run.font.bold, run.font.name = Pt(size), bold, "Times New Roman"
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "黑体" if bold else "仿宋")


def _grid(made: Word, rows: list[list[str]], widths_mm: Sequence[float]) -> None:
    table = made.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            run = cell.paragraphs[0].add_run(text)
            run.font.size, run.font.name = Pt(9), "Times New Roman"
            run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "仿宋")
    set_widths(table, [Mm(width) for width in widths_mm])


def _picture(made: Word, svg: bytes, width_mm: float) -> None:
    """Word shows no SVG of ours, so the drawing goes in as a picture."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "one.svg").write_bytes(svg)
        (folder / "one.typ").write_text(
            '#set page(width: auto, height: auto, margin: 2pt)\n#image("one.svg")\n',
            encoding="utf-8",
        )
        data = typst.compile(
            str(folder / "one.typ"), root=name, font_paths=[str(one) for one in folders()],
            ignore_system_fonts=True, format="png", ppi=200.0,
        )  # fmt: skip
    made.add_picture(io.BytesIO(bytes(data)), width=Mm(width_mm))
