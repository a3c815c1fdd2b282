"""The hot list: two people, a term, files with bad rows, hits, no step on a mere likeness."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sizao.core.errors import TransitionError
from sizao.log import roadside
from sizao.runtime.sources import Sources
from sizao.web.audit.models import AuditEntry
from sizao.web.cases.models import Case
from sizao.web.cases.services import act
from sizao.web.hotlist import files, hits, services
from sizao.web.hotlist.checking import checked
from sizao.web.hotlist.models import Confirmation, Edition, Entry, Hit, Request
from sizao.web.hotlist.reasons import reasons
from tests.web.conftest import World

PLATE = "川DI0001"


def given(world: World, **over: str) -> dict[str, str]:
    until = world.now + timedelta(days=7)
    return {
        "plate": "川d·I0001", "plate_colour": "2", "reason": "hit_and_run",
        "details": "11月20日G353逃逸", "case_number": "A-1", "until": until.isoformat(),
        "handling": "check", **over,
    }  # fmt: skip


def asked(world: World, who: str = "op-zd", **over: str) -> Request:
    return services.ask(world.user(who), [checked(given(world, **over), world.now)])


def approved(world: World, **over: str) -> Entry:
    request = asked(world, **over)
    services.decide(world.user("lead-zd"), request, True)
    return Entry.objects.get(request=request)


def passed(world: World, entry: Entry, *, probable: bool = False, **over: Any) -> dict[str, Any]:
    return world.detection(
        rule="hot_list", severity="probable" if probable else "exact",
        measured=1.0 if probable else 0.0, limit=1.0, measured_unit="count", final=True,
        vehicle="川DI0001#2",
        evidence=["passages:p1", f"hot_list:{entry.number}", "hot_list_version:abcd1234"], **over,
    )  # fmt: skip


def test_it_takes_another_person_and_then_the_pipeline_has_it(world: World) -> None:
    sources = Sources(world.data)
    request = asked(world)
    assert not world.data.hot_list.exists(), "asked for is not approved"
    with pytest.raises(TransitionError, match="支队领导"):
        services.decide(world.user("op-dd"), request, True)
    services.decide(world.user("lead-zd"), request, True)
    entry = roadside.hot_list(world.data.hot_list)[0]
    assert (entry["plate"], entry["plate_colour"]) == (PLATE, 2)
    assert entry["version"] == Edition.objects.get().version
    # The running pipeline takes it without a restart.
    sources._looked = -10.0
    sources()
    assert [one["plate"] for one in sources.records().facts.hot_list] == [PLATE]
    assert [one.action for one in AuditEntry.objects.filter(object_type="hotlist")][:2]


def test_nobody_approves_the_own_request(world: World) -> None:
    request = asked(world, "lead-zd")
    with pytest.raises(TransitionError, match="不能批准自己"):
        services.decide(world.user("lead-zd"), request, True)
    services.decide(world.user("lead-zd"), request, False)
    request.refresh_from_db()
    assert request.state == "withdrawn"
    with pytest.raises(TransitionError, match="已经有了决定"):
        services.decide(world.user("lead-zd"), request, False)


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"plate": "X1"}, "无法识别"),
        ({"plate_colour": "粉"}, "颜色"),
        ({"reason": "because"}, "事由类别"),
        ({"details": " "}, "具体事由"),
        ({"case_number": ""}, "案件编号"),
        ({"until": ""}, "必须有期限"),
        ({"until": "2026-11-01"}, "晚于"),
        ({"until": "2027-11-01"}, "最长 30 天"),
        ({"handling": "shoot"}, "处置要求"),
    ],
)
def test_an_entry_says_everything(world: World, over: dict[str, str], says: str) -> None:
    with pytest.raises(TransitionError, match=says):
        checked(given(world, **over), world.now)


def test_every_reason_has_a_basis_and_a_term() -> None:
    assert len(reasons()) == 5
    for one in reasons().values():
        assert one.source.citation()
        assert one.days > 0


def test_it_expires_and_a_renewal_is_a_new_decision(world: World) -> None:
    entry = approved(world)
    request = services.renew(
        world.user("op-zd"), entry, entry.until + timedelta(days=10), "仍未到案"
    )
    with pytest.raises(TransitionError, match="等待批准"):
        services.renew(world.user("op-zd"), entry, entry.until + timedelta(days=10), "仍未到案")
    world.clock.advance(8 * 86400.0)
    services.publish(world.data)
    assert roadside.hot_list(world.data.hot_list) == (), "over, and the renewal is not approved"
    services.decide(world.user("lead-zd"), request, True)
    entries = roadside.hot_list(world.data.hot_list)
    assert [one["entry"] for one in entries] == [request.entries.get().number]
    assert request.entries.get().since == entry.until, "without a gap"


def test_removal_is_at_once_with_a_reason(world: World) -> None:
    entry = approved(world)
    with pytest.raises(TransitionError, match="撤控原因"):
        services.remove(world.user("op-zd"), entry, " ")
    services.remove(world.user("op-zd"), entry, "已到案")
    assert roadside.hot_list(world.data.hot_list) == ()
    with pytest.raises(TransitionError, match="不在控"):
        services.remove(world.user("lead-zd"), entry, "已到案")


def test_what_stood_in_the_file_stays_until_it_is_over(world: World) -> None:
    world.data.hot_list.write_text(
        "- {entry: H1, plate: 川DI0009, purpose: 肇事, case: C-1, requested_by: a, approved_by: b,"
        " from: 2026-11-20T00:00:00+08:00, until: 2026-11-25T00:00:00+08:00}\n",
        encoding="utf-8",
    )
    approved(world)
    assert {one["entry"] for one in roadside.hot_list(world.data.hot_list)} >= {"H1"}
    assert "1 条不是在这里批准的" in world.client("op-zd").get("/hotlist/").content.decode()
    world.clock.advance(3 * 86400.0)
    services.publish(world.data)
    assert "H1" not in {one["entry"] for one in roadside.hot_list(world.data.hot_list)}


def test_a_file_that_somebody_broke_is_kept_and_said(world: World) -> None:
    """Control: mended, the same decision is taken and what was written by hand is still there."""
    entry = approved(world)
    request = asked(world, plate="川DI0777")
    good = (
        "- {entry: H1, plate: 川DI0009, purpose: 肇事, case: C-1, requested_by: a, approved_by: b,"
        " from: 2026-11-20T00:00:00+08:00, until: 2026-11-25T00:00:00+08:00}\n"
    )
    world.data.hot_list.write_text(good + "- {entry: H2, plate\n", encoding="utf-8")
    before = world.data.hot_list.read_bytes()
    with pytest.raises(TransitionError, match=r"hot-list.yaml 有错误"):
        services.decide(world.user("lead-zd"), request, True)
    with pytest.raises(TransitionError, match=r"hot-list.yaml 有错误"):
        services.remove(world.user("op-zd"), entry, "已到案")
    assert services.publish(world.data) is False
    assert world.data.hot_list.read_bytes() == before
    request.refresh_from_db()
    assert request.state == Request.State.ASKED
    assert "有错误" in world.client("lead-zd").get("/hotlist/").content.decode()
    world.data.hot_list.write_text(good, encoding="utf-8")
    services.decide(world.user("lead-zd"), request, True)
    assert {one["plate"] for one in roadside.hot_list(world.data.hot_list)} >= {
        "川DI0009",
        "川DI0777",
    }


def test_a_workbook_is_read_as_a_csv_is(world: World) -> None:
    approved(world)
    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(SHEET)):
        book.active.append(row)
    book.active["F2"] = datetime(2026, 12, 1)  # noqa: DTZ001  # spreadsheets know no zone
    out = io.BytesIO()
    book.save(out)
    upload = SimpleUploadedFile("名单.xlsx", out.getvalue())
    page = world.client("op-zd").post("/hotlist/file/", {"file": upload}).content.decode()
    assert "可提交 <b>2</b> 行，重复 <b>2</b> 行，有误 <b>2</b> 行" in page
    upload = SimpleUploadedFile("名单.xlsx", b"PK\x03\x04 no workbook")
    answer = world.client("op-zd").post("/hotlist/file/", {"file": upload})
    assert answer.status_code == 422


SHEET = """号牌,号牌颜色,事由类别,具体事由,案件编号,截止,处置要求
川DI0101,黄,交通肇事逃逸,G353 逃逸,A-2,2026-12-01,就近拦查
川DI0102,,套牌、假牌,疑似套牌,A-3,2026-12-01,只记录轨迹，不拦截
川DI0101,黄,交通肇事逃逸,又一次,A-2,2026-12-01,就近拦查
川DI0001,黄,交通肇事逃逸,已经在控,A-2,2026-12-01,就近拦查
坏牌,黄,交通肇事逃逸,写错,A-2,2026-12-01,就近拦查
川DI0103,黄,交通肇事逃逸,没有期限,A-2,,就近拦查
"""


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_file_is_looked_at_before_it_is_asked_for(world: World, encoding: str) -> None:
    approved(world)
    client = world.client("op-zd")
    upload = SimpleUploadedFile("名单.csv", SHEET.encode(encoding))
    page = client.post("/hotlist/file/", {"file": upload}).content.decode()
    assert "可提交 <b>2</b> 行，重复 <b>2</b> 行，有误 <b>2</b> 行" in page
    assert "与第 2 行重复" in page
    assert "已在控或待批准" in page
    assert Request.objects.count() == 1, "looking asks for nothing"
    given = {"step": "ask", "text": SHEET, "name": "名单.csv", "reason": "专项"}
    assert client.post("/hotlist/file/", given).status_code == 302
    request = Request.objects.get(kind="file")
    assert request.entries.count() == 2
    services.decide(world.user("lead-zd"), request, True)
    assert len(roadside.hot_list(world.data.hot_list)) == 3


@pytest.mark.parametrize("text", ["", "号牌\n川DI0001\n", "\0", 'a,"b\n'])
def test_what_is_no_list_is_refused_in_words(world: World, text: str) -> None:
    with pytest.raises(TransitionError):
        files.read(files.decoded(text.encode()), world.now)


def test_a_hit_is_kept_once_with_the_list_version_and_audited(world: World) -> None:
    entry = approved(world)
    row = passed(world, entry)
    world.append(row)
    world.append(row)
    world.round()
    hit = Hit.objects.get()
    assert (hit.entry, hit.probable, hit.version) == (entry, False, "abcd1234")
    assert AuditEntry.objects.filter(action="hotlist.hit").count() == 1
    page = world.client("op-zd").get(f"/cases/{Case.objects.get().pk}/").content.decode()
    assert "就近拦查" in page
    assert (
        f'data-hit="{hit.pk}"'
        in world.client("op-zd").get(f"/hotlist/{entry.number}/").content.decode()
    )


def likely(world: World) -> tuple[Case, Hit]:
    world.append(passed(world, approved(world), probable=True))
    world.round()
    case = Case.objects.get()
    act(world.user("op-zd"), case.pk, "sign", case.version)
    case.refresh_from_db()
    return case, Hit.objects.get()


def test_nobody_acts_on_a_likeness_until_somebody_has_looked(world: World) -> None:
    case, hit = likely(world)
    with pytest.raises(TransitionError) as refused:
        act(world.user("op-zd"), case.pk, "dispatch", case.version, units=["东一01"])
    assert refused.value.code == "unconfirmed"
    client = world.client("op-zd")
    assert "疑似" in client.get(f"/cases/{case.pk}/").content.decode()
    answer = client.post(f"/hotlist/hits/{hit.pk}/", {"same": "yes", "remark": "照片一致"})
    assert answer.status_code == 302
    act(world.user("op-zd"), case.pk, "dispatch", case.version, units=["东一01"])
    answer = world.client("lead-zd").post(
        f"/hotlist/hits/{hit.pk}/", {"same": "no", "remark": "不"}
    )
    assert answer.status_code == 409
    assert Confirmation.objects.get().same


def test_no_is_an_answer_on_which_nobody_acts_either(world: World) -> None:
    case, hit = likely(world)
    services.confirm(world.user("op-zd"), hit, False, "车型不符")
    with pytest.raises(TransitionError):
        act(world.user("op-zd"), case.pk, "dispatch", case.version, units=["东一01"])
    act(world.user("op-zd"), case.pk, "dismiss", case.version, reason="车型不符")


def test_without_the_check_units_are_sent_on_a_likeness(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr("sizao.web.cases.services.refuse_unsure", lambda *given: None)
    case, _hit = likely(world)
    act(world.user("op-zd"), case.pk, "dispatch", case.version, units=["东一01"])


def test_an_exact_hit_needs_no_confirmation(world: World) -> None:
    world.append(passed(world, approved(world)))
    world.round()
    case = Case.objects.get()
    assert hits.refuse_unsure(case, "dispatch") is None


@pytest.mark.parametrize(
    ("who", "status"),
    [("op-zd", 200), ("lead-dd", 200), ("off-dd1", 403), ("admin", 403), ("nobody", 403),
     ("audit", 200)],
)  # fmt: skip
def test_who_sees_the_list(world: World, who: str, status: int) -> None:
    approved(world)
    answer = world.client(who).get("/hotlist/")
    assert answer.status_code == status
    page = answer.content.decode()
    assert (PLATE in page or "I0001" in page) == (who == "op-zd"), "own units' and in plain"
    read = AuditEntry.objects.filter(action="hotlist.read").count()
    assert read == (status == 200)


def test_partners_see_nothing(world: World) -> None:
    entry = approved(world)
    for address in ("/hotlist/", f"/hotlist/{entry.number}/", "/hotlist/?format=csv"):
        assert world.client("pa-gs").get(address).status_code in (302, 403, 404)


def test_an_export_is_audited_and_a_brigade_exports_its_own(world: World) -> None:
    approved(world)
    csv = world.client("op-zd").get("/hotlist/?format=csv").content.decode()
    assert PLATE in csv
    assert PLATE not in world.client("lead-dd").get("/hotlist/?format=csv").content.decode()
    assert AuditEntry.objects.filter(action="export").count() == 2


def test_a_refused_form_keeps_what_was_chosen(world: World) -> None:
    """The colour went back to "any", by which every vehicle of the number is stopped."""
    form = given(world, plate="abc", plate_colour="2")
    page = world.client("op-zd").post("/hotlist/ask/", form).content.decode()
    assert re.search(r'<option value="2"\s+selected>', page)
    assert not re.search(r'<option value="1"\s+selected>', page)
