"""Treatments in service: entered once, proposed by hazards, shown with what was due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sizao.core.errors import TransitionError
from sizao.risk import treatments as files
from sizao.web.audit.models import AuditEntry
from sizao.web.hazards.models import Hazard
from sizao.web.risk import compute
from sizao.web.risk import files as risk_files
from sizao.web.risk import services as risk
from sizao.web.risk.models import Assessment
from sizao.web.treatments import services
from sizao.web.treatments.models import Treatment
from tests.risk.test_treatments import hot_road
from tests.web.conftest import World
from tests.web.risk.conftest import register

FORM = {"kind": "other", "name": "弯道照明", "lat": "26.568", "lon": "101.718",
        "first": "2024-03-01", "last": "2024-05-20", "cost": "180000", "source": "合同 1 号",
        "selected": "2022-2023"}  # fmt: skip


def entered(world: World, recorded: date | None = None, **over) -> Treatment:
    lat, lon = hot_road()
    given = {
        "kind": "other", "name": "弯道照明", "lat": lat, "lon": lon, "first": date(2024, 3, 1),
        "last": date(2024, 5, 20), "source": "合同 1 号",
    }  # fmt: skip
    made = services.enter(world.user("op-zd"), files.Treatment(**{**given, **over}))
    if recorded is not None:
        moment = world.now.replace(year=recorded.year, month=recorded.month, day=recorded.day)
        Treatment.objects.filter(pk=made.pk).update(recorded_at=moment)
    return made


@pytest.fixture
def roads(world: World) -> Iterator[World]:
    risk_files.forget()
    register(world, range(2022, 2026), 240)
    yield world
    risk_files.forget()


def assess() -> Assessment:
    opened = risk.open_run(None, years=range(2023, 2026))
    found = risk.run(opened.pk, compute.compute)
    assert found.state == "done", found.error
    return found


def test_entered_once_by_who_may_and_audited(world: World) -> None:
    client = world.client("op-zd")
    assert client.post("/treatments/new/", FORM).status_code == 302
    again = client.post("/treatments/new/", FORM)
    assert again.status_code == 422
    assert "已经录入过" in again.content.decode()
    made = Treatment.objects.get()
    assert (made.selected_from, made.selected_to, made.cost) == (2022, 2023, 180000)
    assert AuditEntry.objects.get(action="treatment.enter").actor == "op-zd"
    for who in ("op-dd", "off-dd1", "audit"):
        assert world.client(who).get("/treatments/").status_code == 200
        assert world.client(who).get("/treatments/new/").status_code == 403
        with pytest.raises(TransitionError):
            services.withdraw(world.user(who), made, "x")
    assert world.client("pa-gs").get("/treatments/").status_code == 403


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"last": "2024-01-01"}, "完工不能早于开工"),
        ({"last": "2027-01-01"}, "完工后再录入"),
        ({"lat": "x"}, "写成数"),
        ({"selected": "ever"}, "选点年份"),
        ({"source": ""}, "写明措施和来源"),
        ({"first": "soon"}, "日期写成"),
    ],
)
def test_what_cannot_be_is_refused(world: World, over, said: str) -> None:
    answer = world.client("op-zd").post("/treatments/new/", {**FORM, **over})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Treatment.objects.exists()


def test_a_withdrawn_one_stays_with_its_reason_and_counts_nowhere(world: World) -> None:
    made = entered(world)
    client = world.client("lead-zd")
    assert client.post(f"/treatments/{made.pk}/withdraw/", {"reason": ""}).status_code == 409
    assert client.post(f"/treatments/{made.pk}/withdraw/", {"reason": "录错"}).status_code == 302
    assert client.post(f"/treatments/{made.pk}/withdraw/", {"reason": "再"}).status_code == 409
    assert services.for_assessment() == []
    assert "另有 1 条已撤回" in client.get("/treatments/").content.decode()
    assert AuditEntry.objects.get(action="treatment.withdraw").data == {"why": "录错"}
    entered(world)


def test_a_file_is_entered_once_and_comes_out_again(world: World) -> None:
    client = world.client("op-zd")
    text = (
        "kind,name,lat,lon,from,to,cost,source,selected\n"
        "other,照明,26.568,101.718,2024-03-01,2024-05-20,1000,合同,2022-2023\n"
        "other,坏行,26.568,101.718,2024-05-20,2024-03-01,,,\n"
    )
    for new, known in ((1, 0), (0, 1)):
        file = SimpleUploadedFile("治理.csv", text.encode())
        page = client.post("/treatments/import/", {"file": file}).content.decode()
        assert f"新录入 {new} 条，已有 {known} 条，1 条有误" in page
    out = client.get("/treatments/?format=csv").content.decode()
    assert out.splitlines()[0].startswith("kind,lat,lon,from,to")
    assert "2022-2023" in out
    bad = client.post("/treatments/import/", {"file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n")})
    assert bad.status_code == 422
    assert "文件读不了，请改正。程序给出的原因：a.csv" in bad.content.decode()


def test_the_page_of_a_site_shows_the_effect_or_why_not(roads: World) -> None:
    entered(roads, date(2024, 6, 1))
    late = entered(roads, first=date(2023, 3, 1), last=date(2023, 5, 20))
    run = assess()
    results = risk_files.results(run)
    told = results.treatments[late.pk]
    site = results.rows[told["row"]]["site"]
    page = roads.client("off-dd1").get(f"/risk/sites/{site}/").content.decode()
    assert "治理前 2022–2023 年" in page
    assert "不治理预计" in page
    assert "分不清是成效还是偶然" in page, "nothing was done to made-up crashes"
    assert "不作成效结论" in page
    assert "2026 年才录入" in page
    refused = results.treatments[late.pk]
    assert "ratio" not in refused, "no number where no claim is made"
    newer = entered(roads, first=date(2025, 1, 5), last=date(2025, 1, 9))
    page = roads.client("off-dd1").get(f"/risk/sites/{site}/").content.decode()
    assert "下一次评估时计算成效" in page
    assert newer.pk not in results.treatments


def test_finished_hazards_are_proposed_and_entered_once(world: World) -> None:
    lat, lon = hot_road()
    unit = world.unit("dd1")
    hazard = Hazard.objects.create(
        number="YH2026-00009", state="delisted", kind="other", origin="patrol", text="弯道无照明",
        place="虚构路", lat=lat, lon=lon, local_unit=unit, unit=unit, command_level=1,
        reach=unit.path, found_at=world.now - timedelta(days=90),
        rectified_at=world.now - timedelta(days=10), changed_at=world.now,
    )  # fmt: skip
    client = world.client("op-zd")
    assert 'data-proposal="YH2026-00009"' in client.get("/treatments/").content.decode()
    form = client.get("/treatments/new/?hazard=YH2026-00009").content.decode()
    assert "弯道无照明" in form
    given = {**FORM, "hazard": hazard.number, "lat": str(lat), "lon": str(lon),
             "first": "2026-09-01", "last": "2026-11-13"}  # fmt: skip
    assert client.post("/treatments/new/", given).status_code == 302
    made = Treatment.objects.get()
    assert (made.hazard, made.origin) == (hazard, "hazard")
    assert services.proposals(world.user("op-zd")) == []
    services.withdraw(world.user("lead-zd"), made, "录错")
    assert services.proposals(world.user("op-zd")) == [hazard]
