"""The monthly report: no bare percentages, and PDF and Word that can be read."""

from __future__ import annotations

import io
import re
import zlib

import pytest
from docx import Document

from sizao.web.audit.models import AuditEntry
from sizao.web.risk.models import Assessment
from sizao.web.risk.report import charts
from sizao.web.risk.report.content import build
from sizao.web.risk.report.document import Chart, Table
from sizao.web.risk.report.period import Month
from tests.web.conftest import World
from tests.web.enterprises.conftest import one_review


@pytest.fixture
def document(world: World, run: Assessment):
    return build(world.user("lead-zd"), Month(2025, 10), run)


def test_a_month_knows_its_neighbours() -> None:
    assert str(Month(2026, 1).back(1)) == "2025-12"
    assert str(Month(2025, 12).back(-1)) == "2026-01"
    assert Month.parse("2024-02").days == 29
    assert Month(2024, 2).zh == "2024年2月"


def test_the_sections_are_all_there(document) -> None:
    titles = [section.title for section in document.sections]
    assert titles == [
        "本月要情", "总体情况", "时间分布", "空间分布与事故形态", "重点点段", "变化", "已做工作",
        "下步建议", "数据质量与方法说明",
    ]  # fmt: skip
    assert document.title == "市交警支队道路交通事故研判报告"
    assert document.date == "2026年11月23日"


def section(document, title: str):
    return next(one.blocks for one in document.sections if one.title == title)


def test_captions_are_numbered_in_order_and_tables_say_where_from(document) -> None:
    blocks = [block for one in document.sections for block in one.blocks]
    for kind, word in ((Table, "表"), (Chart, "图")):
        found = [block.caption for block in blocks if isinstance(block, kind)]
        assert [one.split("　")[0] for one in found] == [
            f"{word}{n}" for n in range(1, len(found) + 1)
        ]
    assert all("来源" in block.note for block in section(document, "总体情况")
               if isinstance(block, Table))  # fmt: skip


def test_traffic_is_told_as_the_run_had_it(world: World, run: Assessment) -> None:
    said = " ".join(
        section(build(world.user("lead-zd"), Month(2025, 10), run), "数据质量与方法说明")
    )
    assert "没有可用的交通量" in said
    run.summary["traffic"] = {"counted": 12, "from_fleet": 9}
    said = " ".join(
        section(build(world.user("lead-zd"), Month(2025, 10), run), "数据质量与方法说明")
    )
    assert "12 个路段有数（其中 9 个由营运车辆定位推算）" in said


def test_enterprises_are_in_it_once_they_were_reviewed(world: World, run: Assessment) -> None:
    one_review(world)
    document = build(world.user("lead-zd"), Month(2025, 10), run)
    told, table = section(document, "运输企业主体责任")
    assert "评估 1 家企业" in told
    assert table.rows[0][1] == "虚构货运一公司"
    west = build(world.user("lead-xd"), Month(2025, 10), run)
    assert "运输企业主体责任" not in [one.title for one in west.sections]


def test_small_numbers_get_no_percentage(document) -> None:
    first = section(document, "总体情况")[0]
    assert "起数少，不计百分比" in first or "95%区间" in first
    assert "在随机波动范围内" in first or "超出随机波动" in first


def test_places_are_numbered_on_the_map_as_in_the_tables(document) -> None:
    places = section(document, "重点点段")
    numbers = [row[0] for block in places if isinstance(block, Table) for row in block.rows]
    drawing = next(block for block in places if isinstance(block, Chart)).svg
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    for number in numbers:
        assert f">{number}</text>" in drawing


def test_pdf_has_embedded_chinese_and_is_written_down(world: World, run: Assessment) -> None:
    answer = world.client("lead-zd").get("/risk/report/2025-10.pdf")
    data = answer.content
    assert data.startswith(b"%PDF-")
    fonts = set(re.findall(rb"/BaseFont ?/[A-Z]{6}\+([A-Za-z]+)", b"".join(_streams(data)) + data))
    assert {b"NotoSerifSC", b"NotoSansSC"} <= fonts, "subsets of both, and of nothing else"
    assert all(name.startswith(b"Noto") for name in fonts)
    assert AuditEntry.objects.filter(action="export", object_type="risk-report").count() == 1


def _streams(data: bytes) -> list[bytes]:
    found = []
    for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.S):
        try:
            found.append(zlib.decompress(part))
        except zlib.error:
            continue
    return found


def test_word_has_the_same_text_tables_and_pictures(
    world: World, run: Assessment, document
) -> None:
    answer = world.client("lead-zd").get("/risk/report/2025-10.docx")
    made = Document(io.BytesIO(answer.content))
    said = "\n".join(line.text for line in made.paragraphs)
    for section in document.sections:
        assert section.title in said
        for block in section.blocks:
            if isinstance(block, str):
                assert block in said
    tables = [block for one in document.sections for block in one.blocks
              if isinstance(block, Table)]  # fmt: skip
    assert len(made.tables) == len(tables)
    for table, wanted in zip(made.tables, tables, strict=True):
        cells = [[cell.text for cell in row.cells] for row in table.rows]
        assert cells == [wanted.header, *wanted.rows]
    pictures = sum(isinstance(block, Chart) for one in document.sections for block in one.blocks)
    assert len(made.inline_shapes) == pictures
    assert made.paragraphs[-1].text == document.date
    fonts = {value for line in made.paragraphs for run_ in line.runs
             if run_.text for value in [run_._r.rPr.rFonts.get(_EAST)]}  # fmt: skip
    assert fonts <= {"方正小标宋简体", "仿宋", "黑体"}


_EAST = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}eastAsia"


def test_a_brigade_gets_its_own_county(world: World, run: Assessment) -> None:
    east = build(world.user("lead-dd"), Month(2025, 10), run)
    west = build(world.user("lead-xd"), Month(2025, 10), run)
    assert east.title.startswith("东区大队")
    assert "记录道路交通事故 0 起" not in section(east, "总体情况")[0]
    assert "记录道路交通事故 0 起" in section(west, "总体情况")[0], "all crashes are in the east"


def test_bad_months_and_formats_are_not_found(world: World, run: Assessment) -> None:
    client = world.client("lead-zd")
    for name in ("2025-13.pdf", "2025-10.exe", "x.docx"):
        assert client.get(f"/risk/report/{name}").status_code == 404


def test_bars_start_at_zero_and_are_as_high_as_their_values() -> None:
    drawing = charts.bars(["a", "b"], [10, 20])
    heights = [float(value) for value in re.findall(r'height="([\d.]+)" fill', drawing)]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.2)
