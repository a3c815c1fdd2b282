"""The school gate, in a real browser: from a citizen's report to the delisting.

The clock is settable, so that the deadline can pass: the hazard is late, goes up a level, and is
accepted by another than who recorded it done; then the citizen's page says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sizao.web.hazards.models import Hazard
from sizao.web.reports.models import Report

from ...e2e.conftest import ARGUMENTS, Desk, chromium
from ...e2e.stages import Scenario
from ..conftest import EAST, PASSWORD, World
from ..reports.conftest import png
from .conftest import days

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]


@pytest.fixture(scope="module")
def chrome() -> Iterator[Any]:
    """A browser for this module alone: its event loop runs in this thread, and Django is told."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium found; name one in SIZAO_CHROMIUM")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=20_000)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        started = playwright.chromium.launch(executable_path=path, headless=True, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def sit(chrome: Any, threaded: World, live_server: Any) -> Iterator[Callable[..., Any]]:
    """Somebody at a screen; without a name, a stranger with a phone."""
    contexts = []

    def seated(who: str = "", width: int = 1366, height: int = 768) -> Any:
        context = chrome.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", base_url=live_server.url
        )
        contexts.append(context)
        # Django's test server has no streams: unanswered, the page waits and does not complain.
        context.route("**/stream/**", lambda route: None)
        page = context.new_page()
        if who:
            page.goto("/login/?next=/hazards/")
            page.fill("[name=username]", who)
            page.fill("[name=password]", PASSWORD)
            page.click("#sz-login button")
            page.wait_for_url("**/hazards/")
        return page

    yield seated
    for context in contexts:
        context.close()


def step(page: Any, action: str, **fields: str) -> None:
    """Take a step through its dialog."""
    page.click(f"[data-dialog=sz-do-{action}]")
    dialog = page.locator(f"#sz-do-{action}")
    for name, value in fields.items():
        box = dialog.locator(f"[name={name}]")
        if name == "photos":
            box.set_input_files(value)
        elif box.evaluate("element => element.tagName") == "SELECT":
            box.select_option(value)
        else:
            box.fill(value)
    dialog.locator("footer button[name=action]").click()
    page.wait_for_load_state()


def test_the_school_gate_from_a_report_to_its_end(
    threaded: World, sit: Callable[..., Any], tmp_path: Path
) -> None:
    from playwright.sync_api import expect

    told = Scenario("school-gate", "校门口没有斑马线", "No crossing at a school gate")
    photo = tmp_path / "photo.png"
    photo.write_bytes(png())
    citizen = sit("", 390, 844)
    citizen.goto("/report/")
    citizen.locator("[name=service][value=hazard]").check(force=True)
    for name, value in zip(("lat", "lon"), EAST, strict=True):
        citizen.locator(f"[name={name}]").evaluate(f"box => box.value = '{value}'")
    citizen.fill("[name=text]", "小学门口没有斑马线，放学时很危险")
    citizen.click(".sz-report-send button")
    citizen.wait_for_url("**/report/sent/**")
    report = Report.objects.get()
    told.stage("群众上报，手机上留下查询页", "A citizen reports it and keeps a page to look", Desk(
        citizen, "", []))  # fmt: skip

    officer = sit("off-dd1")
    officer.goto(f"/reports/{report.number}/")
    officer.get_by_role("link", name="转隐患台账").click()
    officer.wait_for_url("**/hazards/new/**")
    officer.select_option("[name=kind]", "school_gate")
    officer.fill("[name=junction]", "示意小学门口")
    officer.click(".sz-hazard-send button")
    officer.wait_for_url("**/hazards/YH*/")
    number = Hazard.objects.get().number
    told.stage("民警核实，转入隐患台账", "An officer enters it in the ledger")
    bare = officer.locator("[data-protection=none]")
    expect(bare).to_be_visible()
    step(officer, "protect", by="东区一中队", reason="上下学时段派员值守，锥桶隔离")
    expect(bare).to_have_count(0)
    told.stage("上下学时段派员值守，临时防护到位", "The gate is guarded until the work is done")

    leader = sit("lead-dd")
    leader.goto(f"/hazards/{number}/")
    step(leader, "assign", grade="ordinary", duty_kind="agency", duty_name="虚构市政工程管理处")
    expect(leader.locator("[data-deadline-line]")).to_contain_text("还有 15 个工作日")
    told.stage(
        "领导交办，限 15 个工作日", "A leader assigns it: fifteen working days",
        Desk(leader, "", []),
    )  # fmt: skip

    # Three weeks and a day later nobody has done anything, and the next level has it.
    threaded.clock.advance(days(22))
    threaded.round()
    leader.goto("/hazards/")
    expect(leader.locator("h1")).to_contain_text("逾期 1 处")
    leader.goto(f"/hazards/{number}/")
    expect(leader.locator("[data-deadline-line]")).to_contain_text("已升级 1 次")
    expect(leader.locator("[data-told=escalate]").first).to_be_visible()
    told.stage(
        "22 天后逾期，升一级督办，各方收到告知（时钟拨快）",
        "22 days later (the clock is set on) it is late and goes up a level",
        Desk(leader, "", []),
    )  # fmt: skip

    officer.goto(f"/hazards/{number}/")
    step(officer, "rectify", by="虚构施工队", reason="已施划斑马线、安装信号灯", photos=str(photo))
    expect(officer.locator("[data-state=rectified]")).to_be_visible()
    expect(officer.locator("[data-dialog=sz-do-accept]")).to_have_count(0)  # never by oneself
    told.stage(
        "标线、信号灯完工，附照片；报完工的人不能验收",
        "The crossing is there, with a photo; who reported it done may not accept it",
    )
    leader.reload()
    step(leader, "accept", reason="现场查看，标线、信号灯齐全")
    step(leader, "delist")
    expect(leader.locator("[data-state=delisted]")).to_be_visible()
    told.stage("另一人验收合格，销号", "Accepted by another, delisted", Desk(leader, "", []))

    citizen.reload()
    expect(citizen.locator("dl")).to_contain_text("已整改并经验收合格")
    told.stage("群众的查询页看到答复", "The citizen's page has the answer", Desk(citizen, "", []))
    leader.goto("/hazards/")
    expect(leader.locator("h1")).to_contain_text("隐患已清零")
    told.done()
