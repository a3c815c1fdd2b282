"""The whole loop in a browser: from a terminal's bytes to a verified case and its audit trail."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .conftest import Demo, press, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

MAP = "[data-desk-map]"


def open_cases(demo: Demo, token: str) -> list[dict]:
    found = demo.get("/api/v1/cases?limit=200", token)["items"]
    return [case for case in found if case["state"] == "raised" and case["kind"] == "speeding"]


@pytest.fixture(scope="module")
def token(demo: Demo) -> str:
    return demo.token("detachment")


def test_map_draws_live_vehicles_with_webgl(demo, sit_down) -> None:
    desk = sit_down("detachment")
    desk.open("/")
    canvas = desk.page.locator(MAP)
    expect(canvas).to_have_attribute("data-loaded", "yes", timeout=60_000)
    expect(canvas).to_have_attribute("data-vehicles", re.compile(r"^[1-9]\d+$"), timeout=60_000)
    # The layer was drawn by the graphics pipeline, not only fed.
    wait_until(
        lambda: int(canvas.get_attribute("data-renders") or 0) > 3, 90, "the layer to be drawn"
    )
    wait_until(lambda: int(canvas.get_attribute("data-vehicles")) > 100, 60, "the fleet to connect")
    assert desk.page.evaluate(
        "document.querySelector('[data-desk-map] canvas').getContext('webgl2') !== null"
    )
    expect(desk.page.locator("[data-online]")).to_have_text(re.compile(r"^[\d,]+$"), timeout=30_000)
    expect(desk.page.locator("[data-warnlist] [data-row]").first).to_be_visible(timeout=60_000)
    expect(desk.page.locator(".sz-marker").first).to_be_attached()
    desk.shot("map-dark", settle_ms=2500)


def test_click_on_a_vehicle_opens_its_drawer_with_the_track(demo, sit_down) -> None:
    desk = sit_down("detachment")
    desk.open("/")
    canvas = desk.page.locator(MAP)
    expect(canvas).to_have_attribute("data-vehicles", re.compile(r"^[1-9]\d+$"), timeout=90_000)
    place = wait_until(
        lambda: desk.page.evaluate(
            """() => {
              const map = window.sizaoMap;
              const layer = map.getLayer('vehicles')?.implementation;
              if (!layer) return null;
              const box = map.getContainer().getBoundingClientRect();
              for (let row = 0; row < layer.count; row += 1) {
                const at = layer.place(row);
                if (!at) continue;
                const point = map.project(at);
                const x = point.x + box.left, y = point.y + box.top;
                if (document.elementFromPoint(x, y)?.tagName === 'CANVAS') return [x, y];
              }
              return null;
            }"""
        ),
        60,
        "a vehicle on the screen",
    )
    desk.page.mouse.click(*place)
    drawer = desk.page.locator("[data-drawer]")
    expect(drawer.locator(".sz-kv")).to_be_visible()
    expect(drawer).to_have_attribute("data-points", re.compile(r"^\d+$"))
    desk.page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


def test_whole_loop(demo, sit_down, token) -> None:
    """Sign, dispatch, text the terminal, arrive, resolve; another verifies; the auditor sees it."""
    # One that both the detachment and the brigade of the demonstration command.
    brigade_token = demo.token("brigade")
    case = wait_until(
        lambda: open_cases(demo, brigade_token), 180, "a speeding warning in the demo brigade"
    )[0]
    desk = sit_down("detachment")
    page = desk.page
    desk.open(f"/cases/{case['id']}/")
    expect(page.locator("#sz-case [data-state=raised]")).to_be_visible()
    expect(page.locator("body")).to_have_attribute("data-live", "online")
    assert "km/h" in page.locator("#sz-case h1").inner_text()

    press(page, "s")
    expect(page.locator("#sz-case [data-state=signed]")).to_be_visible()

    press(page, "d")
    proposed = page.locator("#sz-do-dispatch [name=units]:not([disabled])")
    expect(proposed.first).to_be_visible()
    expect(proposed.first).to_be_checked()
    page.click("#sz-do-dispatch [value=dispatch]")
    expect(page.locator("#sz-case [data-state=dispatched]")).to_be_visible()
    expect(page.locator("[data-assignment]").first).to_be_visible()

    press(page, "c")
    page.fill("#sz-do-control textarea", "您已超速，请减速。")
    page.click("#sz-do-control [value=control]")
    expect(page.locator("#sz-case [data-state=controlled]")).to_be_visible()
    # Sent by the gateway as 0x8300, answered by the simulated terminal, seen without a reload.
    expect(page.locator("[data-delivery=acknowledged]")).to_be_visible(timeout=60_000)
    desk.shot("case-dark", settle_ms=1500)

    press(page, "r")
    page.locator("#sz-do-resolve [data-text-template]").first.click()
    page.click("#sz-do-resolve [value=resolve]")
    expect(page.locator("#sz-case [data-state=resolved]")).to_be_visible()
    # Who resolved is not offered to verify.
    expect(page.locator("#sz-case [value=verify]")).to_have_count(0)

    number = page.locator("#sz-case .sz-mono").first.inner_text()
    brigade = sit_down("brigade")
    brigade.open(f"/cases/{case['id']}/")
    press(brigade.page, "v")
    expect(brigade.page.locator("#sz-case [data-state=verified]")).to_be_visible()
    # The first screen hears of it.
    expect(page.locator("#sz-case [data-state=verified]")).to_be_visible()

    auditor = sit_down("auditor")
    auditor.open(f"/audit/?object={number}")
    expect(auditor.page.locator("[data-chain=intact]")).to_be_visible()
    seen = auditor.page.locator("[data-audit-action]").evaluate_all(
        "rows => rows.map(row => row.dataset.auditAction)"
    )
    for step in ("raise", "sign", "dispatch", "control", "resolve", "verify"):
        assert f"case.{step}" in seen, (step, seen)
    auditor.shot("audit-light")


def test_two_operators_and_one_case(demo, sit_down, token) -> None:
    case = wait_until(lambda: open_cases(demo, token), 120, "a case to sign")[0]
    first, second = sit_down("detachment"), sit_down("detachment")
    for desk in (first, second):
        # Cut off from the stream, the second screen stays as it was: that is the conflict.
        desk.page.route("**/stream/events*", lambda route: route.abort())
        desk.faults.clear()
        desk.open(f"/cases/{case['id']}/")
        expect(desk.page.locator("#sz-case [value=sign]")).to_be_visible()
    first.page.click("#sz-case [value=sign]")
    expect(first.page.locator("#sz-case [data-state=signed]")).to_be_visible()
    second.page.click("#sz-case [value=sign]")
    notice = second.page.locator("[data-notice=conflict]")
    expect(notice).to_be_visible()
    assert "签收" in notice.inner_text()
    assert re.search(r"\d\d:\d\d:\d\d", notice.inner_text())
    expect(second.page.locator("#sz-case [data-state=signed]")).to_be_visible()
    second.shot("conflict-dark")
    for desk in (first, second):
        desk.faults[:] = [one for one in desk.faults if "/stream/events" not in one]


def test_inbox_signs_by_keyboard_and_hears_of_new_warnings(demo, sit_down, token) -> None:
    desk = sit_down("detachment")
    # One by one: in the first minutes there may be enough of them for groups to take their place.
    desk.open("/inbox/?view=list")
    page = desk.page
    wait_until(lambda: open_cases(demo, token), 120, "a case to sign")
    press(page, "j")
    row = page.locator("[data-row].sz-current")
    expect(row).to_have_count(1)
    number = row.get_attribute("data-row")
    desk.shot("inbox-dark")
    press(page, "s")
    settled = page.locator(".sz-toast, [data-notice=conflict]").first
    expect(settled).to_be_visible()
    if page.locator("[data-notice=conflict]").count():
        # The system escalated the case at that very moment; one looks, and presses again.
        press(page, "s")
    expect(page.locator(f"tr[data-row='{number}'] [data-key=s]")).to_have_count(0)
    expect(page.locator(".sz-toast")).to_be_visible()
    # Nobody reloads: the page hears of the next warning by itself.
    newest = max(case["id"] for case in demo.get("/api/v1/cases?limit=200", token)["items"])
    fresh = wait_until(
        lambda: [
            case
            for case in demo.get("/api/v1/cases?limit=200", token)["items"]
            if case["id"] > newest
        ],
        150,
        "a new warning",
    )[0]
    expect(page.locator(f"tr[data-row='{fresh['id']}']")).to_be_visible(timeout=20_000)
