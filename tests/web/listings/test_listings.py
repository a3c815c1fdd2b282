"""Listed supervision: two people, numbers without gaps, reports, a panel, lifting, documents."""

from __future__ import annotations

import io
import subprocess
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from django.db import connection, transaction

from sizao.core.errors import TransitionError
from sizao.govern.hazards.listing import Expert
from sizao.web.audit.models import AuditEntry
from sizao.web.audit.services import verify_chain
from sizao.web.hazards.intake import Finding, enter
from sizao.web.hazards.models import Hazard, HazardNotice
from sizao.web.hazards.services import act
from sizao.web.listings import numbers, services
from sizao.web.listings.documents.official import Official
from sizao.web.listings.documents.pdf import pdf
from sizao.web.listings.documents.word import word
from sizao.web.listings.models import Issued, Listing, Office, Series

from ..conftest import World
from ..hazards.conftest import ASSIGN, days
from ..reports.conftest import png
from .conftest import ASK, EXPERTS

Listed = Callable[..., Listing]


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(TransitionError) as caught:
        call()
    return caught.value.code


def test_from_the_asking_to_the_lifting(world: World, listed: Listed, take, walk) -> None:
    listing = listed()
    hazard = Hazard.objects.get()
    assert (listing.state, hazard.listed, listing.number) == (
        "in_force", "city", "交隐督〔2026〕1号",
    )  # fmt: skip
    assert f"{hazard.deadline:%Y-%m-%d}" == "2027-01-25"
    assert f"{hazard.promised:%Y-%m-%d}" == "2026-12-14"
    report = services.report(world.user("off-dd1"), listing.pk, "护栏已进场")
    assert (report.due.isoformat(), listing.interims.count()) == ("2026-12-08", 4)
    for action in ("protect", "plan", "rectify"):
        hazard = take(hazard, action, "off-dd1", values={"by": "虚构养护工"}, photos=[png()])
    # No shortcut past the panel, and no delisting before the lifting.
    assert refused(lambda: take(hazard, "accept", "op-dd")) == "panel"
    listing = services.accept(
        world.user("op-zd"), listing.pk, EXPERTS, "达到标准", world.now.date()
    )
    assert refused(lambda: take(Hazard.objects.get(), "delist", "lead-dd")) == "listed"
    assert refused(lambda: services.lift(world.user("op-zd"), listing.pk)) == "role"
    listing = services.lift(world.user("lead-zd"), listing.pk)
    hazard = take(Hazard.objects.get(), "delist", "lead-dd")
    assert (listing.state, hazard.listed, hazard.state) == ("lifted", "", "delisted")
    assert [one.number for one in Issued.objects.all()] == [
        "交隐督〔2026〕1号", "交隐督〔2026〕2号",
    ]  # fmt: skip
    assert verify_chain().intact


def test_who_asks_does_not_decide(world: World, found, walk) -> None:
    hazard = walk(found(), "assign")
    chief = world.user("lead-zd")
    asked = services.ask(chief, hazard.number, "city", **ASK)
    assert refused(lambda: services.decide(chief, asked.pk, True)) == "same_person"
    assert refused(lambda: services.decide(world.user("op-zd"), asked.pk, True)) == "role"
    assert refused(lambda: services.decide(world.user("lead-dd"), asked.pk, True)) == "role"
    assert Listing.objects.get().state == "asked"
    assert not Issued.objects.exists()


def test_control_without_the_rule_one_person_would_list(
    world: World, found, walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.rules, "may_decide", lambda *_: None)
    hazard = walk(found(), "assign")
    chief = world.user("lead-zd")
    asked = services.ask(chief, hazard.number, "city", **ASK)
    assert services.decide(chief, asked.pk, True).state == "in_force"


def test_what_cannot_be_listed(world: World, found, walk, take) -> None:
    new = found()
    user = world.user("op-zd")
    assert refused(lambda: services.ask(user, new.number, "city", **ASK)) == "state"
    hazard = walk(new, "assign")
    for change, code in (
        ({"reason": ""}, "missing_reason"),
        ({"deadline": world.now.date()}, "deadline"),
    ):
        assert (
            refused(lambda change=change: services.ask(user, hazard.number, "city", **ASK | change))
            == code
        )
    assert refused(lambda: services.ask(user, hazard.number, "province", **ASK)) == "missing_number"
    assert (
        refused(lambda: services.ask(world.user("op-dd"), hazard.number, "city", **ASK)) == "role"
    )
    asked = services.ask(world.user("op-dd"), hazard.number, "county", **ASK)
    assert refused(lambda: services.ask(user, hazard.number, "city", **ASK)) == "listed"
    services.decide(world.user("lead-dd"), asked.pk, False, "不够突出")
    provincial = services.ask(
        user, hazard.number, "province", **ASK, outside_number="示省安督〔2026〕9号"
    )
    assert (
        services.decide(world.user("lead-zd"), provincial.pk, True).number == "示省安督〔2026〕9号"
    )
    assert Issued.objects.get().number == "交隐督〔2026〕1号"  # ours, that passes it on


def test_numbers_have_no_gap_and_no_twin(threaded: World) -> None:
    """Three leaders decide at once; one decision in between fails and takes no number with it."""
    waiting = []
    for _ in range(6):
        finding = Finding(kind="sight", text="树挡视线", place="示意路口")
        hazard = enter(threaded.user("off-dd1"), finding)
        act(threaded.user("lead-dd"), hazard.number, "assign", 1, values=ASSIGN)
        waiting.append(services.ask(threaded.user("op-zd"), hazard.number, "city", **ASK).pk)

    def decide(pks: list[int]) -> None:
        chief = threaded.user("lead-zd")
        for pk in pks:
            try:
                with transaction.atomic():
                    numbers.take_number(Office.objects.get(), threaded.now.date())
                    raise OSError("the paper jams")
            except OSError:
                pass
            services.decide(chief, pk, True)
        connection.close()

    numbers.office_of(threaded.unit("zd"))
    threads = [threading.Thread(target=decide, args=[waiting[at::3]]) for at in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    given = sorted(int(one.number[9:-1]) for one in Issued.objects.all())
    assert given == [1, 2, 3, 4, 5, 6]
    assert Series.objects.get().last == 6


def test_two_people_decide_once(world: World, found, walk) -> None:
    hazard = walk(found(), "assign")
    asked = services.ask(world.user("op-zd"), hazard.number, "county", **ASK)
    services.decide(world.user("lead-dd"), asked.pk, True)
    assert refused(lambda: services.decide(world.user("lead-zd"), asked.pk, False)) == "state"
    assert Issued.objects.count() == 1


def test_a_panel_of_those_who_did_it_is_refused(world: World, listed: Listed, take) -> None:
    listing = listed()
    hazard = Hazard.objects.get()
    take(hazard, "rectify", "off-dd1", values={"by": "虚构养护工"}, photos=[png()])
    user = world.user("op-zd")
    today = world.now.date()

    def record(experts: list[Expert], who=user):
        return services.accept(who, listing.pk, experts, "合格", today)

    assert refused(lambda: record(EXPERTS[:2])) == "panel"
    assert refused(lambda: record([*EXPERTS[:2], Expert("虚构养护工", "", True)])) == "panel"
    assert refused(lambda: record([*EXPERTS[:2], Expert("off-dd1", "", True)])) == "panel"
    assert refused(lambda: record(EXPERTS, world.user("off-dd1"))) == "same_person"
    assert Hazard.objects.get().state == "rectified"
    assert record(EXPERTS).panel["experts"][0]["name"] == "专家甲"


def test_a_report_that_does_not_come_is_asked_for_once(world: World, listed: Listed) -> None:
    listing = listed()  # the first is due on 8 December
    world.clock.advance(days(15))
    world.round()
    assert not HazardNotice.objects.filter(action="interim").exists()
    world.clock.advance(days(1))
    world.round()
    world.round()
    assert HazardNotice.objects.filter(action="interim").count() == 1
    assert listing.interims.exclude(reminded_at=None).count() == 1


def test_the_document_is_as_it_was_issued(world: World, listed: Listed) -> None:
    listing = listed()
    issued = Issued.objects.get()
    Hazard.objects.update(text="另一种说法", place="别处")
    Listing.objects.update(reason="另一个理由")
    made = Official.from_dict(issued.content)
    assert made == Official.from_dict(Issued.objects.get().content)
    assert made.title == "关于对示意县道弯道护栏缺失或损坏隐患实行市级挂牌督办的通知"
    told = "".join(text for _, text in made.body)
    assert "临崖一侧护栏缺失约十米。" in told
    assert "2027年1月25日前完成整改" in told
    assert "目前没有临时防护" in told
    assert [text[:2] for level, text in made.body if level == 1] == ["一、", "二、", "三、", "四、"]
    text = zipfile.ZipFile(io.BytesIO(word(made))).read("word/document.xml").decode()
    assert "〔2026〕1号" in text
    assert "方正小标宋简体" in text
    assert listing.pk


def test_the_pdf_reads_as_an_official_document(
    world: World, listed: Listed, tmp_path: Path
) -> None:
    if which("pdftotext") is None:
        pytest.skip("needs pdftotext")
    listed()
    made = Official.from_dict(Issued.objects.get().content)
    (tmp_path / "a.pdf").write_bytes(pdf(made))
    done = subprocess.run(
        ["pdftotext", "-layout", "a.pdf", "-"], cwd=tmp_path, capture_output=True, check=True
    )
    pages = done.stdout.decode().split("\f")
    assert "市交警支队文件" in pages[0]
    assert "签发人：张某某" in pages[0]
    last = pages[-2]
    assert "抄送：市应急管理局。" in last
    assert "印发" in last
    assert "隐患基本情况表" in last


def test_the_public_page_names_nobody(world: World, listed: Listed, client) -> None:
    listed(place="示意县道弯道，联系13800000000")
    page = client.get("/listings/public/").content.decode()
    assert "护栏缺失或损坏" in page
    assert "虚构养护段" in page
    for private in ("13800000000", "张某某", "off-dd1", "lead-zd", "临崖"):
        assert private not in page


def test_the_pages_carry_it_and_every_look_is_kept(world: World, listed: Listed) -> None:
    listing = listed()
    client = world.client("op-dd")
    page = client.get(f"/hazards/{listing.hazard.number}/").content.decode()
    assert listing.number in page
    assert client.get(f"/listings/{listing.pk}/notice.pdf").content.startswith(b"%PDF")
    assert client.get(f"/listings/{listing.pk}/notice.docx").content.startswith(b"PK")
    assert client.get(f"/listings/{listing.pk}/lifting.pdf").status_code == 404
    assert client.get(f"/listings/{listing.pk}/notice.exe").status_code == 404
    assert world.client("lead-xd").get(f"/listings/{listing.pk}/notice.pdf").status_code == 404
    assert AuditEntry.objects.filter(action="listing.document_read").count() == 2
