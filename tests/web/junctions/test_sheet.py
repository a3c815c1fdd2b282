"""The sheet for the works department, as PDF and Word."""

from __future__ import annotations

import io

from docx import Document

from sizao.web.audit.models import AuditEntry
from sizao.web.junctions import audits, sheet, timings
from sizao.web.junctions.items import items
from sizao.web.junctions.models import Junction
from sizao.web.junctions.register import shape_of
from tests.web.conftest import World
from tests.web.reports.conftest import png

from .conftest import counted


def test_the_sheet_is_one_page_with_everything_on_it(world: World, junction: Junction) -> None:
    user = world.user("off-dd1")
    audit = audits.begin(user, junction)
    for arm in shape_of(junction).arms:
        said = [
            audits.Said(item, "defect", "磨光看不清", png())
            if item in ("stop_line", "crossing", "lighting")
            else audits.Said(item, "good")
            for item in items()
        ]
        audits.answer(user, audit.pk, arm.id, said)
    audits.finish(user, audit.pk)
    timings.compute(world.user("op-dd"), junction, counted(world, junction), same_phases=True)
    made = sheet.content(junction)
    assert len(made.data["findings"]) == 12
    assert len(made.data["photos"]) == sheet.MOST_PHOTOS
    data = sheet.pdf(made)
    assert data.startswith(b"%PDF")
    assert data.count(b"/Type/Page/") == 1
    text = Document(io.BytesIO(sheet.word(made)))
    words = "\n".join(p.text for p in text.paragraphs)
    assert "试验路口整治与配时优化单" in words
    assert "HCM 2000" in words


def test_a_bare_junction_has_a_sheet_too(world: World, junction: Junction) -> None:
    client = world.client("off-dd1")
    answer = client.get(f"/junctions/{junction.pk}/sheet.pdf")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert AuditEntry.objects.latest("seq").action == "export"
    assert client.get(f"/junctions/{junction.pk}/sheet.docx").status_code == 200
    assert client.get(f"/junctions/{junction.pk}/sheet.exe").status_code == 404
