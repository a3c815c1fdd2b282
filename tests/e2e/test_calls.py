"""A crash at night, called in by its stake: the second caller, the grade, the case, the clocks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .conftest import press

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]


def test_from_the_call_to_the_report_upward(demo, sit_down) -> None:
    desk = sit_down("detachment")
    page = desk.page
    desk.open("/calls/new/")
    # Keyboard only: the cursor stands in the stake.
    expect(page.locator("[name=stake]")).to_be_focused()
    page.keyboard.type("G5 2650公里200米 下行")
    expect(page.locator("[data-resolved]")).to_have_text("G5 K2650+200 下行")
    page.locator("h1").first.click()
    page.keyboard.press("1")
    expect(page.locator("[data-triage]")).to_have_attribute("data-triage", "yellow")
    page.fill("[name=injured]", "2")
    page.select_option("[name=lanes]", "part")
    expect(page.locator("[data-triage]")).to_have_attribute("data-triage", "orange")
    page.fill("[name=phone]", "10000000099")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/calls/J\d+-\d+/"))
    first = page.url.rstrip("/").rpartition("/")[2]
    expect(page.locator("[data-masked]")).to_have_text("100****0099")

    # Another caller, a few hundred metres off and with worse news: joined with one key.
    desk.open("/calls/new/")
    page.fill("[name=stake]", "G5 K2650+700 下行")
    page.check("[name=kind][value=crash]", force=True)
    expect(page.locator(f"[data-like='call:{first}']")).to_contain_text("沿路相距 500 米")
    page.fill("[name=dead]", "1")
    expect(page.locator("[data-triage]")).to_have_attribute("data-triage", "red")
    desk.shot("call-duplicate-dark")
    page.keyboard.press("Alt+1")
    page.wait_for_url(f"**/calls/{first}/")

    # The first call is graded anew, and has to be reported: a clock runs.
    expect(page.locator(".sz-case-head")).to_have_attribute("data-level", "red")
    report = page.locator("[data-notice-step='1-1']")
    expect(report.locator(".sz-clock")).to_be_visible()
    press(page, "d")
    expect(page.locator(".sz-case-head a[href*='/cases/']")).to_be_visible()
    desk.shot("call-dark")
    press(page, "t")
    expect(report.locator("[name=by]")).to_be_visible()
    report.locator("[name=by]").fill("市应急局值班员")
    report.get_by_role("button", name="已签收").click()
    expect(report).to_contain_text("市应急局值班员")

    page.locator(".sz-case-head a[href*='/cases/']").click()
    expect(page.locator("#sz-case")).to_contain_text(first)

    # At the end of the shift it stands in the note.
    desk.open("/handovers/")
    page.get_by_role("button", name="生成交接班记录").click()
    page.wait_for_url(re.compile(r"/handovers/H"))
    expect(page.locator("[data-group=case]")).to_contain_text("G5 K2650+200")
    desk.shot("handover-dark")
    desk.open("/briefings/")
    expect(page.locator("[data-section=crashes]")).to_contain_text("死亡 1 人")
    desk.shot("briefing-dark")
    desk.open("/roster/")
    expect(page.locator(".sz-roster-shift").first).to_be_visible()
    desk.shot("roster-dark")
