"""The risk pages in a real browser, over the demonstration's made-up crash history."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]


@pytest.fixture(scope="module")
def first_run(demo) -> dict[str, Any]:
    """The assessment that the demonstration makes by itself."""
    token = demo.token("detachment")

    def done() -> Any:
        runs = demo.get("/api/v1/risk/runs", token)["items"]
        assert not runs or runs[0]["state"] != "failed", runs
        return next((one for one in runs if one["state"] == "done"), None)

    found: dict[str, Any] = wait_until(done, 240, "the first assessment")
    wait_until(
        lambda: demo.get("/healthz")["forecast"]["status"] == "ok", 120, "the first forecast"
    )
    return found


def test_the_map_from_layer_to_hour_to_site(demo, sit_down, first_run) -> None:
    desk = sit_down("detachment")
    page = desk.page
    desk.open("/risk/")
    map_ = page.locator("[data-risk-map]")
    expect(map_).to_have_attribute("data-shown", "expected", timeout=90_000)
    assert int(map_.get_attribute("data-sites")) > 1500
    expect(page.locator("[data-legend] .sz-key")).to_have_count(8)
    desk.shot("risk-map-dark", settle_ms=4000)
    page.check("[name=layer][value=rules]")
    expect(map_).to_have_attribute("data-shown", "rules")
    # By keys alone: from the year to the right along the days, then along the hours.
    page.locator("[name=day][value='']").focus()
    page.keyboard.press("ArrowRight")
    day = page.locator("[name=day]:checked").get_attribute("value")
    slider = page.locator("[data-hour]")
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(map_).to_have_attribute("data-shown", f"expected@{day}T1")
    expect(page.locator("[data-hour-word]")).to_contain_text("1:00–2:00")
    expect(page.locator("[data-why] li").first).to_be_visible()
    desk.shot("risk-map-ahead-dark")


def test_the_list_leads_to_a_site_and_back_to_the_map(demo, sit_down, first_run) -> None:
    desk = sit_down("brigade")
    page = desk.page
    desk.open("/risk/ranking/")
    expect(page.locator("tr[data-site]")).to_have_count(50)
    desk.shot("risk-ranking-light")
    page.locator("tr[data-site] a").first.click()
    expect(page.locator("svg.sz-collisions g.mark").first).to_be_visible()
    desk.shot("risk-site-light", settle_ms=3000)
    page.click("a[href^='/hazards/new/?site=']")
    expect(page.locator("main textarea").first).to_be_visible()
    page.go_back()
    page.click("a[href^='/risk/?'][href*='site=']")
    expect(page.locator("[data-site-facts]")).to_be_visible(timeout=90_000)


def test_validation_and_report(demo, sit_down, first_run) -> None:
    desk = sit_down("detachment")
    page = desk.page
    desk.open("/risk/validation/")
    expect(page.locator("[data-chart=sz-capture]")).to_have_attribute("data-drawn", "yes")
    desk.shot("risk-validation-dark", settle_ms=1500)
    desk.open("/risk/report/")
    # Enterprises are reviewed each hour while records are few, maybe in the middle of this.
    always = page.locator(".sz-report h3").filter(has_not_text="企业")
    expect(always).to_have_count(9)
    desk.shot("risk-report-dark")
    with page.expect_download() as waiting:
        page.click("a[href*='.pdf']")
    file = waiting.value
    assert file.suggested_filename.endswith(".pdf")
    with open(file.path(), "rb") as kept:  # noqa: PTH123 - the browser's own temporary file
        assert kept.read(5) == b"%PDF-"


def test_nothing_sticks_out_on_a_phone(demo, sit_down, first_run) -> None:
    desk = sit_down("squadron", 390, 844)
    for path in ("/risk/", "/risk/ranking/", "/risk/validation/", "/risk/report/", "/risk/runs/"):
        desk.open(path)
        expect(desk.page.locator("h1").first).to_be_visible()
        width = desk.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, path
    desk.shot("risk-runs-phone")
