"""A roster from a table: good rows are planned, bad ones named."""

from __future__ import annotations

from io import BytesIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sizao.core.errors import TransitionError
from sizao.web.roster.importing import plan_table
from sizao.web.roster.models import Shift
from tests.web.conftest import World

ROWS = [
    ("岗位", "人员", "上班", "下班"),
    ("值班长", "op-dd", "2026-11-24 08:00", "2026-11-24 16:00"),
    ("operator", "off-dd1", "2026/11/24 08:00", "2026/11/24 16:00"),
    ("值班长", "lead-xd", "2026-11-24 08:00", "2026-11-24 16:00"),
    ("值班长", "op-dd", "明天", "2026-11-24 16:00"),
    ("门卫", "op-dd", "2026-11-24 08:00", "2026-11-24 16:00"),
]


def csv(rows: list[tuple[str, ...]]) -> bytes:
    return "\n".join(",".join(row) for row in rows).encode()


def workbook(rows: list[tuple[str, ...]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


@pytest.mark.parametrize("made", [csv, workbook])
def test_good_rows_are_planned_and_bad_ones_named(world: World, made) -> None:
    found = plan_table(world.user("lead-dd"), world.unit("dd"), made(ROWS))
    assert found.added == Shift.objects.count() == 2
    assert [number for number, _ in found.problems] == [4, 5, 6]
    again = plan_table(world.user("lead-dd"), world.unit("dd"), made(ROWS))
    assert (again.added, Shift.objects.count()) == (2, 2), "the same file twice is once"


def test_a_file_without_the_columns_plans_nothing(world: World) -> None:
    with pytest.raises(TransitionError, match="表头缺：下班"):
        plan_table(world.user("lead-dd"), world.unit("dd"), csv([row[:3] for row in ROWS]))
    with pytest.raises(TransitionError):
        plan_table(world.user("lead-dd"), world.unit("dd"), b"%PDF-1.7")
    assert not Shift.objects.exists()


def test_the_page_says_what_became_of_it(world: World) -> None:
    def post(who: str, code: str):
        file = SimpleUploadedFile("a.csv", csv(ROWS))
        given = {"action": "import", "unit": code, "file": file}
        return world.client(who).post("/roster/act/", given)

    page = post("lead-dd", "dd").content.decode()
    assert "已排入 2 个班次" in page
    assert "第 4 行" in page
    assert post("off-dd1", "dd1").status_code == 403
    assert post("lead-dd", "xd").status_code == 403
    assert Shift.objects.count() == 2
