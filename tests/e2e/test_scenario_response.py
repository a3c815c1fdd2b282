"""Two scenarios through their response plans: a chain crash with fire, a landslide on a county
road. Each party answers at its own desk or is telephoned; each ends with its review."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .conftest import press
from .stages import Scenario

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]


def reported(demo, desk, service: str, answers: dict[str, str], lat: float, lon: float) -> None:
    """Somebody reports it; the desk accepts it and raises the case, whose page is then open."""
    phone = desk.page.context.browser.new_context(viewport={"width": 390, "height": 844})
    page = phone.new_page()
    phone.grant_permissions(["geolocation"])
    phone.set_geolocation({"latitude": lat, "longitude": lon})
    page.goto(f"{demo.url}/report/", wait_until="domcontentloaded")
    page.get_by_role("radio", name=service).check(force=True)
    for label in answers.values():
        page.get_by_role("radio", name=label).or_(
            page.get_by_role("checkbox", name=label)
        ).first.check(force=True)
    page.click("[data-locate]")
    expect(page.locator("[name=lat]")).not_to_have_value("")
    page.click(".sz-report-send button")
    page.wait_for_url("**/report/sent/**")
    number = page.locator("dd.sz-mono").first.inner_text().strip()
    phone.close()
    desk.open(f"/reports/{number}/")
    press(desk.page, "s")
    expect(desk.page.locator("[data-state=accepted]")).to_be_visible()
    press(desk.page, "d")
    desk.page.wait_for_url("**/cases/*/")
    expect(desk.page.locator("#sz-case")).to_contain_text(number)


def sign(page) -> None:
    press(page, "s")
    expect(page.locator("#sz-case [data-state=signed]")).to_be_visible()


def start(page, *facts: str) -> None:
    """One key opens what will be ordered of whom; Enter orders it."""
    expect(page.locator("[data-key=p]")).to_be_visible()
    press(page, "p")
    page.wait_for_url("**/plans/**")
    for fact in facts:
        page.locator(f"input[type=checkbox][value={fact}]").check()
        expect(page.locator(f"form[method=post] input[type=hidden][value={fact}]")).to_be_attached()
    expect(page.locator("form[method=post].sz-next button")).to_be_visible()


def answer(page, task: str, action: str) -> None:
    """Answer a task on the case page and wait until it says so."""
    row = page.locator(f"[data-task={task}]")
    row.locator(f"button[value=task_{action}]").first.click()
    state = {"acknowledge": "acknowledged", "finish": "done"}[action]
    expect(page.locator(f"[data-task={task}][data-task-state={state}]")).to_be_visible()


def resolve(page, words: str, left: str) -> None:
    press(page, "c")
    page.select_option("#sz-do-control [name=measure]", "road_control")
    page.fill("#sz-do-control [name=text]", "双向管制")
    page.click("#sz-do-control [value=control]")
    expect(page.locator("#sz-case [data-state=controlled]")).to_be_visible()
    press(page, "r")
    page.fill("#sz-do-resolve textarea", words)
    page.click("#sz-do-resolve [value=resolve]")
    # Refused with what is open, until somebody says why it is not waited for.
    refusal = page.locator("[data-notice=refused]")
    expect(refusal).to_contain_text("没有结束")
    # The page renews itself whenever anything happens to the case: the refusal stays to be read.
    with page.expect_response(re.compile(r"/cases/\d+/\?part=live$")):
        page.evaluate(
            "document.body.dispatchEvent("
            "new CustomEvent(`sizao:case-${document.body.dataset.case}`))"
        )
    page.wait_for_timeout(300)
    expect(refusal).to_contain_text("没有结束")
    refusal.locator("[data-notice-close]").click()
    expect(refusal).to_have_count(0)
    press(page, "r")
    page.fill("#sz-do-resolve textarea", words)
    page.fill("#sz-do-resolve [name=left]", left)
    page.click("#sz-do-resolve [value=resolve]")
    expect(page.locator("#sz-case [data-state=resolved]")).to_be_visible()


def test_a_chain_crash_with_fire(demo, sit_down) -> None:
    told = Scenario("chain-crash-fire", "多车追尾起火", "Chain crash with fire")
    desk = sit_down("detachment")
    page = desk.page
    reported(
        demo, desk, "交通事故", {"injured": "有人被困", "blocked": "完全不能"}, 26.5620, 101.7420
    )
    told.stage("群众上报，受理并立案", "Reported, accepted, a case raised", desk)
    sign(page)
    told.stage("签收，本案提示对应预案", "Signed; the case proposes its plan")
    start(page, "fire")
    expect(page.locator("[data-task=fire]")).to_contain_text("消防")
    expect(page.locator("[data-task=ambulance]")).to_contain_text("120")
    told.stage("一键打开确认页：向谁下达什么、时限多少", "One key: what is ordered of whom", desk)
    page.locator("form[method=post].sz-next button").press("Enter")
    page.wait_for_url(re.compile(r"/cases/\d+/$"))
    expect(page.locator("[data-run=chain_crash_fire]")).to_be_visible()
    expect(page.locator("[data-task=fire] [role=timer]")).to_be_visible()
    told.stage("任务到达各方，时限开始走", "Tasks reach each party, clocks run", desk)
    answer(page, "fire", "acknowledge")
    answer(page, "fire", "finish")
    answer(page, "ambulance", "finish")
    expect(page.locator("#sz-case .sz-timeline")).to_contain_text("由指挥中心代记")
    told.stage("消防、120 办结，由指挥中心代记", "Fire and ambulance answer by telephone", desk)
    resolve(page, "火已扑灭，伤员送医，恢复通行。", "清障由养护单位继续")
    told.stage("未办任务写明原因后上报处置", "Resolved once it is said why tasks are left")
    page.goto(page.url + "review/")
    expect(page.locator("[data-task-score]").first).to_be_visible()
    expect(page.locator("[data-deviation]").first).to_contain_text("清障由养护单位继续")
    told.stage("复盘：谁在何时知道、何时行动", "The review: who knew what when", desk)
    told.done()


def test_a_landslide_on_a_county_road(demo, sit_down) -> None:
    told = Scenario("landslide-county-road", "县道塌方", "Landslide on a county road")
    desk = sit_down("detachment")
    page = desk.page
    reported(demo, desk, "道路障碍", {"blocked": "完全不能"}, 26.85395, 101.98753)
    told.stage("群众上报道路中断，立案", "A blocked road is reported, a case raised")
    sign(page)
    start(page)
    page.locator("form[method=post].sz-next button").press("Enter")
    page.wait_for_url(re.compile(r"/cases/\d+/$"))
    told.stage("启动塌方预案", "The landslide's plan is started", desk)
    expect(page.locator("[data-task=close][data-task-state=waiting]")).to_be_visible()
    answer(page, "guard", "finish")
    expect(page.locator("[data-task=close][data-task-state=ordered]")).to_be_visible()
    expect(page.locator("[data-task=close]")).to_contain_text("分流绕行")
    told.stage("两端警戒完成，封闭任务自动下达", "Guarded; the closure is ordered by itself", desk)
    case = page.url
    page.locator("[data-task=close] [data-proposal='0'] a").click()
    page.wait_for_url("**/measures/new/**")
    expect(page.locator("[name=reason]")).to_have_value(re.compile("封闭塌方路段"))
    told.stage("按预案填好的封闭单", "The closure as the plan has it", desk)
    page.check("[name=urgent]")
    page.click("main form button[type=submit]")
    page.wait_for_url(re.compile(r"/measures/\d+/$"))
    expect(page.locator("[data-measure=in_force]")).to_be_visible()
    closure = page.url
    told.stage("封闭实施，随后补批", "Closed; approved afterwards", desk)
    page.goto(case)
    answer(page, "close", "finish")
    expect(page.locator("[data-task=detour][data-task-state=ordered]")).to_be_visible()
    press(page, "d")
    expect(page.locator("#sz-do-dispatch")).to_contain_text("实施中的全幅封闭")
    expect(page.locator("#sz-do-dispatch [name=units]:not([disabled])").first).to_be_checked()
    told.stage("绕行路口设岗，派警绕开封闭路段", "Units are sent round the closure", desk)
    page.click("#sz-do-dispatch [value=dispatch]")
    expect(page.locator("[data-assignment]").first).to_be_visible()
    press(page, "a")
    expect(page.locator("#sz-case [data-state=on_scene]").first).to_be_visible()
    page.goto(closure)
    page.fill("[name=reason]", "塌方体清除，确认安全")
    page.click("button[name=action][value=lift]")
    expect(page.locator("[data-measure=lifted]")).to_be_visible()
    told.stage("确认安全，解除封闭", "Safe again; the closure is lifted")
    page.goto(case)
    resolve(page, "塌方体清除，道路恢复通行。", "养护单位继续清方")
    told.stage("上报处置", "Resolved")
    told.done()
