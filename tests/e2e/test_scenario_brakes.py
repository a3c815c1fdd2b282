"""A truck without brakes on a downgrade, from the call to the last sign taken away."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from .conftest import press, wait_until
from .stages import Scenario

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

AROUND = 0.3
"""Degrees: the valley, so that vehicles are in it whatever has happened by then."""
TEXT = "前方货车制动失效，请靠右避让，不要占用避险车道。"


def test_brake_failure_on_a_downgrade(demo, sit_down) -> None:
    told = Scenario(
        "brake-failure", "长下坡货车制动失效", "A truck without brakes on a long downgrade"
    )
    token = demo.token("detachment")

    def driving() -> list[dict]:
        found = demo.get("/api/v1/vehicles?limit=500", token)["items"]
        return [one for one in found if one["lat"] is not None and one["road"]]

    near = wait_until(driving, 120, "a vehicle on a road")[0]
    desk = sit_down("detachment")
    page = desk.page

    desk.open("/calls/new/")
    # Set at once: each field that is typed asks anew what is near, and drops the question before.
    page.locator("[data-intake]").evaluate(
        "(form, given) => Object.entries(given).forEach(([name, value]) => "
        "(form.elements[name].value = value))",
        {
            "how": "coordinates", "c_lat": f"{near['lat']:.6f}", "c_lon": f"{near['lon']:.6f}",
            "kind": "breakdown", "text": "货车刹车失灵，正在下长坡，请求引导进避险车道",
        },
    )  # fmt: skip
    page.click("[data-intake-save]")
    page.wait_for_url(lambda url: "/calls/new/" not in url and "/calls/" in url)
    told.stage("驾驶人来电，登记警情", "The driver calls; the call is taken", desk)
    page.click("button[name=action][value=case]")
    if "/cases/" not in page.url:
        page.locator("main .sz-case a[href^='/cases/']").first.click()
    page.wait_for_url("**/cases/*/", wait_until="domcontentloaded")
    number = page.url.rstrip("/").split("/")[-1]
    told.stage("立案", "A case is raised")
    if page.locator("#sz-case [data-state=raised]").count():
        press(page, "s")
        expect(page.locator("#sz-case [data-state=signed]")).to_be_visible()

    press(page, "d")
    expect(page.locator("#sz-do-dispatch")).to_contain_text("实施中的全幅封闭")
    expect(page.locator("#sz-do-dispatch [name=units]:not([disabled])").first).to_be_checked()
    page.click("#sz-do-dispatch [value=dispatch]")
    expect(page.locator("[data-assignment]").first).to_be_visible()
    told.stage(
        "派最快到避险车道的警力", "The unit that is soonest at the escape ramp is sent", desk
    )

    def order(kind: str, reason: str) -> None:
        desk.open(f"/measures/new/?case={number}")
        page.select_option("[name=kind]", kind)
        page.fill("[name=reason]", reason)

    order("area_text", "避让失控货车")
    page.fill("[name=text]", TEXT)
    west, east = near["lon"] - AROUND, near["lon"] + AROUND
    south, north = near["lat"] - AROUND, near["lat"] + AROUND
    ring = [[west, south], [east, south], [east, north], [west, north]]
    page.locator("[name=ring]").evaluate("(field, ring) => (field.value = ring)", json.dumps(ring))
    page.click("main form button[type=submit]")
    page.wait_for_url("**/measures/*/")
    text_url = page.url
    told.stage("向区域内车辆下发避让提示", "Vehicles in the valley are texted")

    order("speed_limit", "失控货车下行，降低来车速度")
    page.fill("[name=limit_kmh]", "40")
    page.check("[name=urgent]")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/measures/*/")
    limit_url = page.url
    expect(page.locator("[data-measure=in_force]")).to_be_visible()
    limits = json.loads((demo.data / "temporary-limits.geojson").read_text(encoding="utf-8"))
    assert 40.0 in [one["properties"]["limit_kmh"] for one in limits["features"]]
    told.stage("临时限速 40，检测按此判断", "A limit of 40, which detection goes by", desk)

    def answered() -> bool:
        page.goto(text_url)
        return page.locator(".sz-chip", has_text="终端已应答").count() > 0

    wait_until(answered, 120, "a terminal to confirm the text")
    told.stage("终端确认已播报", "Terminals confirm that they spoke it", desk)

    desk.open(f"/cases/{number}/")
    press(page, "a")
    expect(page.locator("#sz-case [data-state=on_scene]").first).to_be_visible()
    press(page, "r")
    page.fill("#sz-do-resolve textarea", "货车驶入避险车道停住，人员安全。")
    page.click("#sz-do-resolve [value=resolve]")
    expect(page.locator("#sz-case [data-notice]")).to_contain_text("还有管制措施没有解除")
    told.stage("措施未解除，不能办结", "The case does not end while measures stand", desk)
    for url in (text_url, limit_url):
        page.goto(url)
        page.fill("[name=reason]", "车辆已停住，恢复通行")
        page.click("button[name=action][value=lift]")
        expect(page.locator("[data-measure=lifted]")).to_be_visible()
    told.stage("逐项解除措施", "Each measure is lifted")

    desk.open(f"/cases/{number}/")
    press(page, "r")
    page.fill("#sz-do-resolve textarea", "货车驶入避险车道停住，人员安全。")
    page.click("#sz-do-resolve [value=resolve]")
    expect(page.locator("#sz-case [data-state=resolved]").first).to_be_visible()
    told.stage("处置完毕", "Resolved", desk)
    told.done()
