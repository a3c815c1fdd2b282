"""The pages: entering with duplicates shown, filters, exports, the inspection round, notices."""

from __future__ import annotations

import io

from openpyxl import load_workbook

from sizao.web.hazards.models import Hazard, HazardNotice
from sizao.web.listings.documents.official import document_number

from ..conftest import EAST, World
from ..reports.conftest import png
from .conftest import ASSIGN, Found, Walk, days

GIVEN = {
    "kind": "barrier", "text": "护栏缺失", "place": "示意弯道",
    "lat": str(EAST[0]), "lon": str(EAST[1]),
}  # fmt: skip


def text(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_a_likely_twin_is_shown_before_it_is_entered(world: World, found: Found) -> None:
    first = found()
    client = world.client("off-dd1")
    answer = client.post("/hazards/new/", GIVEN)
    assert answer.status_code == 409
    assert first.number in answer.content.decode()
    assert Hazard.objects.count() == 1
    answer = client.post("/hazards/new/", {**GIVEN, "anyway": "1"})
    assert answer.status_code == 302
    assert Hazard.objects.count() == 2


def test_four_taps_on_a_phone(world: World) -> None:
    """The item, the camera, the picture, the button: the rest is filled in."""
    client = world.client("off-dd1")
    page = text(client, "/hazards/inspect/?junction=示意路口")
    assert page.count('data-kind="') == 13
    form = text(client, "/hazards/new/?inspection=1&kind=sight&text=视距不良&junction=示意路口")
    assert 'capture="environment"' in form
    sent = {"inspection": "1", "kind": "sight", "text": "视距不良", "junction": "示意路口"}
    photo = io.BytesIO(png())
    photo.name = "a.png"
    answer = client.post("/hazards/new/", {**sent, "photos": photo}, follow=True)
    made = Hazard.objects.get()
    assert f'data-made="{made.number}"' in answer.content.decode()
    assert (made.junction, made.photos.count(), made.local_unit.code) == ("示意路口", 1, "dd1")


def test_the_ledger_narrows_and_exports_without_phones(
    world: World, found: Found, take: Walk
) -> None:
    late = take(found(text="电话13800000000，护栏缺失"), "assign", values=ASSIGN)
    world.clock.advance(days(30))
    found(kind="signs", text="标志遮挡")
    client = world.client("lead-dd")
    assert late.number in text(client, "/hazards/list/?only=late")
    assert late.number not in text(client, "/hazards/list/?kind=signs")
    assert late.number not in text(world.client("lead-xd"), "/hazards/list/")
    rows = text(client, "/hazards/list/?format=csv")
    assert late.number in rows
    assert "13800000000" not in rows
    book = load_workbook(io.BytesIO(client.get("/hazards/list/?format=xlsx").content))
    assert book.active.max_row == 3


def test_the_board_says_what_is_late_bare_and_where(world: World, found: Found, take: Walk) -> None:
    client = world.client("lead-dd")
    page = text(client, "/hazards/")
    assert "台账还没有隐患" in page
    assert "已清零" not in page, "nothing was ever cleared"
    take(found(junction="示意路口"), "assign", values=ASSIGN)
    world.clock.advance(days(30))
    page = text(client, "/hazards/")
    assert "在账 1 处，逾期 1 处" in page
    assert "虚构养护段" in page
    assert "示意路口" in page
    assert 'data-verdict="never"' in page  # one came, none went
    points = client.get("/hazards/points.geojson").json()["features"]
    assert points[0]["properties"]["late"] is True
    assert set(points[0]["properties"]) == {"number", "late", "bare", "listed"}


def test_a_notice_is_read_by_whom_it_concerns(world: World, found: Found, take: Walk) -> None:
    hazard = take(found(), "assign", values=ASSIGN)
    notice = HazardNotice.objects.get(party="虚构养护段")
    address = f"/hazards/notices/{notice.pk}/read/"
    assert world.client("lead-xd").post(address).status_code == 404
    # Passed on by the unit in command: an ordinary one is the squadron's.
    assert world.client("off-dd1").post(address).status_code == 302
    notice.refresh_from_db()
    assert notice.read_by == "off-dd1"
    assert hazard.unit.code == "dd1"


def test_a_step_from_a_page_that_is_out_of_date_is_refused(world: World, found: Found) -> None:
    hazard = found()
    client = world.client("lead-dd")
    step = {"action": "note", "version": "1", "reason": "看过"}
    assert client.post(f"/hazards/{hazard.number}/act/", step).status_code == 302
    answer = client.post(f"/hazards/{hazard.number}/act/", step)
    assert answer.status_code == 409
    assert "您看到的页面已过时" in answer.content.decode()


def test_numbers_are_written_as_the_standard_has_them() -> None:
    assert document_number("示交安办督", 2026, 12) == "示交安办督〔2026〕12号"
