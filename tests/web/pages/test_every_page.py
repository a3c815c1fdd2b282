"""What holds on every page, for every account: it opens, its markup is safe, English is English."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html.parser import HTMLParser

import pyarrow as pa
import pytest

from sizao.core.schemas import QUARANTINE
from sizao.web.drills.models import Drill
from sizao.web.junctions import files as films
from sizao.web.junctions import timings
from sizao.web.junctions.models import Junction, Timing
from sizao.web.measures.models import ControlMeasure
from sizao.web.measures.places import locate
from sizao.web.measures.services import order
from sizao.web.rules.catalogue import rules
from sizao.web.units.models import PatrolUnit
from tests.web.conftest import PASSWORD, PEOPLE, TRUCK, World
from tests.web.enterprises.conftest import one_review
from tests.web.fences.test_fences import SCHOOL
from tests.web.junctions.conftest import audited, counted, registered
from tests.web.reports.conftest import png
from tests.web.test_permissions import one_notice

ADDRESSES = (
    "/",
    "/?part=live",
    "/inbox/",
    "/inbox/?part=rows",
    "/inbox/?level=red",
    "/cases/",
    "/cases/?sort=level&q=G353",
    "/cases/{case}/",
    "/cases/{case}/?part=live",
    "/cases/{case}/?part=units",
    "/calls/",
    "/calls/?part=rows",
    "/calls/new/",
    "/calls/{call}/",
    "/calls/{joined}/",
    "/roster/?unit=dd",
    "/roster/?unit=dd&view=month",
    "/handovers/",
    "/handovers/{handover}/",
    "/briefings/",
    "/briefings/{briefing}/",
    "/calendar/",
    "/treatments/",
    "/risk/forecasts/",
    "/risk/enterprises/",
    "/risk/enterprises/?duty=speeding&sort=name&only=ranked",
    "/risk/enterprises/e1/",
    "/reports/",
    "/reports/?part=rows",
    "/reports/{report}/",
    "/hazards/",
    "/hazards/list/",
    "/hazards/list/?part=rows&only=late",
    "/hazards/new/",
    "/hazards/new/?report={report}",
    "/hazards/inspect/?junction=a",
    "/hazards/{hazard}/",
    "/hazards/{assigned}/",
    "/listings/",
    "/listings/public/",
    "/cases/{reported}/",
    "/report/",
    "/report/sent/{token}/",
    "/units/",
    "/units/?part=tree",
    "/units/?kind=patrol_car&skill=patrol",
    "/units/patrols/{patrol}/",
    "/indicators/",
    "/rules/",
    "/partner/",
    "/partner/{notice}/",
    "/deliveries/",
    "/rules/speeding/",
    "/hotlist/",
    "/hotlist/?state=all&q=A",
    "/cases/{case}/review/",
    "/board/",
    "/board/?at=2026-11-23T12:00:00&part=board",
    "/drills/",
    "/drills/{drill}/",
    "/fences/",
    "/fences/?kind=limit",
    "/fences/new/",
    "/fences/{fence}/",
    "/fences/{fence}/edit/",
    "/responses/",
    "/responses/landslide/",
    "/cases/{case}/plans/",
    "/cases/{case}/plans/chain_crash_fire/?asked=1&fact=fire",
    "/tasks/",
    "/tasks/?state=all&part=list",
    "/tables/",
    "/tables/detections/",
    "/tables/places/?edition=2026-01-01",
    "/warnings/new/",
    "/outcomes/",
    "/indicators/?period=7d",
    "/wall/",
    "/wall/?part=live",
    "/vehicles/",
    "/vehicles/?state=active&sort=-over&q=G353&part=rows",
    "/vehicles/{vehicle}/",
    "/vehicles/{vehicle}/?panel=1",
    "/vehicles/{vehicle}/playback/",
    "/measures/",
    "/measures/?state=all",
    "/measures/new/",
    "/measures/new/?case={case}",
    "/measures/{measure}/",
    "/field/",
    "/field/tasks.json",
    "/detections/",
    "/detections/?kind=speeding&level=red&day=2026-11-23&road=g353",
    "/detections/{detection}/",
    "/presence/",
    "/junctions/",
    "/junctions/?state=hazard&q=x",
    "/junctions/new/",
    "/junctions/{junction}/",
    "/junctions/{junction}/edit/",
    "/junctions/{junction}/audit/?arm=N",
    "/junctions/{junction}/counts/",
    "/junctions/{junction}/timing/",
    "/junctions/{junction}/timing/?part=run&timing={timing}",
    "/search/?q=K120",
    "/help/",
    "/audit/",
    "/sources/",
    "/sources/jt808/",
    "/sources/jt808/?period=30d",
    "/quarantine/?check=1",
    "/quarantine/feeds-1-0/",
    "/imports/",
    "/imports/{mapping}/",
    "/imports/{checked}/",
    "/imports/{checked}/?lot=note",
    "/imports/{done}/",
    "/imports/{failed}/",
    "/imports/{busy}/",
)

CJK = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")


class Markup(HTMLParser):
    """Collects what a content security policy and a screen reader care about."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.texts: list[str] = []
        self.ids: list[str] = []
        self._form: dict[str, str | None] | None = None
        self._token = False
        self._hidden = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name, value in attrs:
            if name.startswith("on"):
                self.faults.append(f"<{tag} {name}>: an inline handler")
            if name == "style":
                self.faults.append(f"<{tag} style>: an inline style")
            if name in ("src", "href", "action") and (value or "").startswith(("http:", "https:")):
                self.faults.append(f"<{tag} {name}={value}>: another host")
            if name in ("title", "aria-label", "placeholder", "alt", "data-title", "data-word"):
                self.texts.append(value or "")
        if tag in ("script", "style"):
            self._hidden = tag
            if tag == "style" or ("src" not in given and given.get("type") != "application/json"):
                self.faults.append(f"<{tag}> inline")
        if "id" in given:
            self.ids.append(given["id"] or "")
        if tag == "form":
            self._form, self._token = given, False
        if tag == "input" and given.get("name") == "csrfmiddlewaretoken":
            self._token = True

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""
        if tag == "form" and self._form is not None:
            if (self._form.get("method") or "").lower() == "post" and not self._token:
                self.faults.append(f"form {self._form.get('action')} without CSRF token")
            self._form = None

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.texts.append(data)


def read(html: str) -> Markup:
    markup = Markup()
    markup.feed(html)
    return markup


@pytest.fixture
def full(world: World) -> World:
    """A world with a case in hand, a text sent, and a conflict behind it."""
    from sizao.web.briefing import services as briefing
    from sizao.web.calls import services as calls
    from sizao.web.calls import upward
    from sizao.web.cases.services import act
    from sizao.web.drills import services as drills
    from sizao.web.handover import services as handover
    from sizao.web.reports import services as reports
    from sizao.web.reports.submit import Given, submit
    from sizao.web.roster import services as roster

    case = world.raise_case()
    world.raise_case(vehicle="19800000002", severity="ge70", measured=120.0)
    one_notice(world, case)
    leader = world.user("op-zd")
    drills.start(leader, drills.of_name("landslide"))
    drills.tick(world.now)
    case = act(leader, case.pk, "sign", case.version)
    case = act(leader, case.pk, "dispatch", case.version, units=["东一01"])
    act(leader, case.pk, "control", case.version)
    for number in (1, 2):
        given = Given("crash", "26.585", "101.716", text=str(number),
                      address="G353 K120+300", photos=[png(shade=number)],
                      phone="13800000000", attributes={"injured": ["some"]})  # fmt: skip
        report = submit(given, channel="citizen", source="reports")
    reports.act(leader, report.number, "raise", 1)
    where = locate("closure", road="G353", stake_from_m=1000.0)
    order(leader, "closure", where, reason="test", case=case)
    called = {"how": "map", "lat": "26.585", "lon": "101.716", "kind": "crash", "dead": "1",
              "injured": "3", "phone": "10000000000", "hazmat": "yes", "lanes": "all",
              "vehicles": "3", "goods": "UN1203"}  # fmt: skip
    call = calls.take(leader, called, ["coach", "truck"])
    calls.take(leader, called, [], join=f"call:{call.number}")
    call.refresh_from_db()
    upward.send(leader, call.number, call.notices.get().pk, {}, call.version)
    start = world.now - timedelta(hours=1)
    shift = roster.add(leader, world.unit("dd"), "commander", world.user("op-dd"), start,
                       start + timedelta(hours=30))  # fmt: skip
    later = roster.add(leader, world.unit("dd"), "operator", world.user("op-dd"), shift.end,
                       shift.end + timedelta(hours=4))  # fmt: skip
    roster.ask_swap(leader, later.pk, world.user("off-dd1"))
    handover.begin(world.user("op-dd"), world.unit("dd"))
    issued = briefing.issue(world.user("op-dd"), world.unit("dd"), "")
    briefing.issue(world.user("op-dd"), world.unit("dd"), "", corrects=issued.number, why="x")
    spoilt = {"received": world.now, "source": "jt808", "reason": "no_frame", "raw": b"x"}
    batch = pa.RecordBatch.from_pylist([spoilt], schema=QUARANTINE)
    world.feeds_log.append({"quarantine": batch})
    _imports(world)
    _hazards(world)
    _junction(world)
    one_review(world)
    return world


def _junction(world: World) -> None:
    """Audited twice with something left to do, counted, timed, simulated."""
    junction = registered(world, name="a")
    for defects in ({}, {("N", "lighting"): "x"}):
        audited(world, junction, defects)
    timing = timings.compute(
        world.user("op-dd"), junction, counted(world, junction), same_phases=True
    )
    outcome = {"seeds": [1, 2], "before_s": 40.0, "after_s": 31.0, "saved_s": 9.0, "lower_s": 8.0,
               "upper_s": 10.0, "share": 0.2, "sure": True,
               "runs": [{"seed": 1, "vehicles": 9, "before_s": 40.0, "after_s": 31.0,
                         "stops_before": 1.0, "stops_after": 0.8}]}  # fmt: skip
    Timing.objects.filter(pk=timing.pk).update(run="done", outcome=outcome)
    films.folder(timing).mkdir(parents=True)
    for which in films.FILMS:
        films.film(timing, which).write_bytes(b"SZJ1")
    _fence(world)
    return world


def _fence(world: World) -> None:
    """One in force, with a change that waits."""
    from sizao.web.fences import services

    asker, other = world.user("op-zd"), world.user("lead-zd")
    school = {**SCHOOL["properties"], "name": "P1", "legal_basis": "No. 2"}
    for limit in (30, 20):
        wanted = {**SCHOOL, "properties": {**school, "limit_kmh": limit}}
        change = services.ask(asker, 1 if limit == 20 else None, wanted, "test")
        if limit == 30:
            services.decide(other, change, True)


def _hazards(world: World) -> None:
    """One just found, and its likely twin that somebody was given."""
    from sizao.web.hazards import services
    from sizao.web.hazards.intake import Finding, enter
    from sizao.web.listings import services as listings

    user, leader = world.user("off-dd1"), world.user("lead-dd")
    given = {"kind": "sight", "text": "x", "lat": 26.585, "lon": 101.716, "photos": [png()]}
    enter(user, Finding(**given, junction="a"))
    other = enter(user, Finding(**given))
    values = {"grade": "major", "duty_kind": "agency", "duty_name": "x"}
    services.act(leader, other.number, "assign", 1, values=values)
    asked = listings.ask(
        world.user("op-zd"), other.number, "city", reason="x", requirements="x",
        deadline=date(2027, 1, 25),
    )  # fmt: skip
    listings.decide(world.user("lead-zd"), asked.pk, True)


TABLE = b"""crash id,crash time,latitude,longitude,killed,severity,weather,driver name
1,2024-01-05 10:00,26.58,101.71,0,injury,rain,x
2,2024-02-30 10:00,26.58,101.71,0,injury,rain,x
3,2024-01-06 10:00,26.58,101.71,one,injury,rain,x
1,2024-01-05 10:00,26.58,101.71,0,injury,rain,x
4,2024-01-07,26.58,101.71,0,injury,frogs,x
"""


def _imports(world: World) -> None:
    """A table of English columns in every state of an import."""
    from sizao.web.imports import services
    from sizao.web.imports.models import Batch

    for state in ("mapping", "checked", "done", "failed", "busy"):
        data = b"%PDF" if state == "failed" else TABLE
        batch = services.open_batch(
            world.user("op-zd"), kind="crash", source=state, file_name="a.csv", data=data
        )
        steps = {"mapping": 1, "failed": 1, "checked": 2, "done": 3, "busy": 1}[state]
        for step in (services.run_read, services.run_check, services.run_store)[:steps]:
            step(batch.pk)
        if state == "busy":
            Batch.objects.filter(pk=batch.pk).update(state="checking", progress=0.4)


def addresses(world: World) -> list[str]:
    from sizao.web.briefing.models import Briefing
    from sizao.web.calls.models import Call
    from sizao.web.cases.models import Case
    from sizao.web.channels.models import Notice
    from sizao.web.handover.models import Handover
    from sizao.web.imports.models import Batch
    from sizao.web.reports.models import Report

    case = Case.objects.get(vehicle=TRUCK)
    call, joined = Call.objects.order_by("pk")
    report = Report.objects.get(case=None)
    found = {
        "case": case.pk,
        "vehicle": TRUCK,
        "report": report.number,
        "token": report.token,
        "notice": Notice.objects.order_by("pk").first().pk,
        "junction": Junction.objects.get().pk,
        "timing": Timing.objects.get().pk,
        "reported": Case.objects.get(vehicle="").pk,
        "fence": 1,
        "hazard": "YH2026-00001",
        "assigned": "YH2026-00002",
        "measure": ControlMeasure.objects.get().pk,
        "patrol": PatrolUnit.objects.get(call_sign="东一01").pk,
        "detection": case.warnings.first().detection,
        "drill": Drill.objects.get().pk,
        "call": call.number,
        "handover": Handover.objects.get().number,
        "briefing": Briefing.objects.latest("pk").number,
        "joined": joined.number,
        **{one.source: one.pk for one in Batch.objects.all()},
    }
    return [one.format(**found) for one in ADDRESSES]


@pytest.mark.parametrize("name", ["op-zd", "op-dd", "off-dd1", "audit", "lead-xd", "nobody"])
def test_opens_with_safe_markup_for(full: World, name: str) -> None:
    client = full.client(name)
    opened = 0
    for address in addresses(full):
        answer = client.get(address)
        assert answer.status_code in (200, 403, 404), (name, address)
        if answer.status_code != 200:
            continue
        opened += 1
        markup = read(answer.content.decode())
        assert markup.faults == [], (name, address)
        assert len(markup.ids) == len(set(markup.ids)), (name, address, "an id twice")
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert opened >= (13 if name in ("lead-xd", "nobody") else 20), "pages were refused"


@pytest.mark.parametrize("name", ["op-zd", "audit", "off-dd1"])
def test_english_has_no_chinese_left(full: World, name: str) -> None:
    """What remains in Chinese is data: plates, call signs, enterprises, stakes without a road."""
    client = full.client(name)
    user = full.user(name)
    user.language = "en"
    user.save()
    data = (
        "川D",
        "四早",
        "简体中文",
        "下行",
        "上行",
        "虚构货运一公司",
        "虚构危运公司",
        "东一",
        "东二",
        "西一",
        # The audit log keeps the unit's name as it was written.
        "市交警支队",
        "东区大队",
        "东区一中队",
        # Texts to drivers are spoken in Chinese whatever the operator reads.
        "您已超速，请立即减速，按限速行驶。",
        "前方交通管制，请减速慢行，注意避让。",
        # Reports upward are official papers.
        "死亡 1 人，受伤 3 人",
        # The number of an official document.
        "交隐督〔2026〕1号",
    )
    left = set()
    for address in addresses(full):
        answer = client.get(address)
        if answer.status_code != 200:
            continue
        for text in read(answer.content.decode()).texts:
            if text.strip() in {rule.definition for rule in rules().values()}:
                continue  # English, and quotes the law it goes by
            if text.startswith("id: landslide\n"):
                continue  # the editor of a plan: its text holds both languages
            rest = re.sub(r"《.*", "", text)  # titles and articles of Chinese law
            for word in (*data, *PEOPLE):
                rest = rest.replace(word, "")
            if CJK.search(rest):
                left.add((address, text.strip()[:120]))
    assert not left, sorted({text for _, text in left})


def test_strangers_are_sent_to_sign_in(world: World, client) -> None:
    for address in ("/", "/inbox/", "/wall/", "/audit/"):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/login/")


def test_chinese_is_the_default_whatever_the_browser_prefers(world: World, client) -> None:
    page = client.get("/login/", headers={"accept-language": "en-US,en"}).content.decode()
    assert "登录" in page
    assert 'lang="zh-CN"' in page
    signed_in = client.post("/login/", {"username": "off-dd1", "password": PASSWORD})
    assert signed_in.status_code == 302
    page = client.get("/inbox/", headers={"accept-language": "en-US,en"}).content.decode()
    assert "预警收件箱" in page
    client.post("/logout/")
    answer = client.post("/preferences/", {"language": "en", "next": "/login/"})
    assert answer.headers["Location"] == "/login/"
    page = client.get("/login/").content.decode()
    assert "Sign in" in page
    assert 'lang="en"' in page


def test_preferences_stay_with_the_account_and_never_lead_away(world: World) -> None:
    client = world.client("off-dd1")
    answer = client.post("/preferences/", {"theme": "dark", "next": "https://elsewhere.test/"})
    assert answer.headers["Location"] == "/"
    assert 'data-bs-theme="dark"' in client.get("/help/").content.decode()
    assert world.user("off-dd1").theme == "dark"


def test_operators_start_dark_and_others_light(world: World) -> None:
    assert 'data-bs-theme="dark"' in world.client("op-zd").get("/help/").content.decode()
    assert 'data-bs-theme="light"' in world.client("off-dd1").get("/help/").content.decode()


def test_the_wall_shows_no_personal_data(full: World) -> None:
    client = full.client("op-zd")
    for address in ("/wall/", "/wall/?part=live"):
        page = client.get(address).content.decode()
        assert "G353" in page
        for secret in ("A0001", "A0002", TRUCK, "op-zd", "虚构货运一公司"):
            assert secret not in page, (address, secret)


def test_wrong_addresses_get_a_page_of_ours(world: World) -> None:
    client = world.client("off-dd1")
    answer = client.get("/no-such-page/")
    assert answer.status_code == 404
    assert "没有这个页面" in answer.content.decode()
    answer = client.get("/audit/")
    assert answer.status_code == 403
    assert "没有权限" in answer.content.decode()


def test_too_many_failed_sign_ins_pause_in_plain_words(world: World, client, settings) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = client.post("/login/", {"username": "off-dd1", "password": "wrong"})
    assert answer.status_code == 429
    assert "登录已暂停" in answer.content.decode()
    # The right password does not help while the pause lasts, and others are not locked out.
    answer = client.post("/login/", {"username": "off-dd1", "password": PASSWORD})
    assert answer.status_code == 429
    answer = client.post("/login/", {"username": "off-dd2", "password": PASSWORD})
    assert answer.status_code == 302
