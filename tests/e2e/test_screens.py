"""Every page on every screen: nothing scrolls sideways, both languages, both themes, offline."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .conftest import press

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

PAGES = {
    "map": "/",
    "inbox": "/inbox/",
    "cases": "/cases/",
    "vehicles": "/vehicles/",
    "roster": "/roster/",
    "fences": "/fences/",
    "reports": "/reports/",
    "units": "/units/",
    "indicators": "/indicators/",
    "help": "/help/",
    "search": "/search/?q=G5",
}

OPERATIONS = {
    "sources": "/sources/",
    "source": "/sources/jt808/",
    "quarantine": "/quarantine/?span=7d&check=1",
}
"""For desks, not for officers on the road."""

WIDTHS = """() => {
  const main = document.querySelector('.sz-main') ?? document.body;
  return [document.documentElement.scrollWidth, innerWidth, main.scrollWidth, main.clientWidth];
}"""


def assert_fits(desk, name: str) -> None:
    page, window, inner, room = desk.page.evaluate(WIDTHS)
    assert page <= window, (name, page, window)
    assert inner <= room, (name, inner, room)


def test_phone_has_no_sideways_scroll_anywhere(demo, sit_down) -> None:
    desk = sit_down("squadron", 390, 844)
    for name, path in PAGES.items():
        desk.open(path)
        expect(desk.page.locator(".sz-bottombar")).to_be_visible()
        desk.page.wait_for_timeout(400)
        assert_fits(desk, name)
    # A case with everything on it, for who sees one.
    other = sit_down("detachment", 390, 844)
    other.open("/cases/")
    other.page.locator("[data-row] a").first.click()
    expect(other.page.locator("#sz-case")).to_be_visible()
    other.page.wait_for_timeout(1500)
    assert_fits(other, "case")
    other.shot("case-phone")
    other.open("/inbox/")
    other.shot("inbox-phone")
    for name, path in OPERATIONS.items():
        other.open(path)
        other.page.wait_for_timeout(400)
        assert_fits(other, name)
    auditor = sit_down("auditor", 390, 844)
    auditor.open("/audit/")
    assert_fits(auditor, "audit")
    stranger = sit_down("", 390, 844)
    for name, path in {"login": "/login/", "report form": "/report/"}.items():
        stranger.open(path)
        assert_fits(stranger, name)


def test_duty_desk_fits_1366x768(demo, sit_down) -> None:
    desk = sit_down("detachment")
    for name, path in {**PAGES, **OPERATIONS}.items():
        desk.open(path)
        desk.page.wait_for_timeout(300)
        assert_fits(desk, name)


def test_sign_in_by_one_click_in_demo_mode(demo, sit_down) -> None:
    desk = sit_down("")
    desk.open("/login/")
    desk.shot("sign-in")
    desk.page.click("[data-fill-user=demo-squadron]")
    expect(desk.page.locator("[data-desk-map]")).to_be_attached()


def test_language_and_theme_switch_and_stay(demo, sit_down) -> None:
    desk = sit_down("squadron", language="en-US")
    desk.open("/inbox/")
    expect(desk.page.locator("h1")).to_have_text("预警收件箱")  # Chinese whatever the browser says
    desk.page.locator("header .sz-menu").last.locator("summary").click()
    desk.page.click("header [name=language][value=en]")
    expect(desk.page.locator("h1")).to_have_text("Inbox")
    desk.page.locator("header .sz-menu").last.locator("summary").click()
    desk.page.click("header [name=theme]")
    expect(desk.page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    desk.open("/help/")
    expect(desk.page.locator("h1")).to_have_text("Help")
    desk.page.locator("header .sz-menu").last.locator("summary").click()
    desk.page.click("header [name=language][value=zh-hans]")
    expect(desk.page.locator("h1")).to_have_text("帮助")
    desk.page.locator("header .sz-menu").last.locator("summary").click()
    desk.page.click("header [name=theme][value=light]")
    expect(desk.page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_keyboard_help_search_and_escape(demo, sit_down) -> None:
    desk = sit_down("detachment")
    desk.open("/units/")
    page = desk.page
    press(page, "?")
    expect(page.locator("#sz-help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#sz-help")).to_be_hidden()
    press(page, "/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("G5 K2650+300")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?lat=*")
    expect(page.locator("[data-desk-map]")).to_have_attribute("data-loaded", "yes", timeout=60_000)
    expect(page.locator(".sz-ring")).to_be_visible(timeout=60_000)
    assert page.evaluate("window.sizaoMap.getZoom()") > 12
    desk.shot("map-stake-dark", settle_ms=2500)


def test_the_list_of_vehicles_renews_itself_under_the_reader(demo, sit_down) -> None:
    desk = sit_down("detachment")
    desk.open("/vehicles/")
    page = desk.page
    rows = page.locator("[data-row]")
    expect(rows.nth(60)).to_be_attached(timeout=120_000)
    for _ in range(40):
        press(page, "j")
    current = page.locator("[data-row].sz-current")
    name = current.get_attribute("data-row")
    height = current.bounding_box()["y"]
    with page.expect_response(lambda answer: "part=rows" in answer.url):
        pass
    expect(page.locator("[data-calm].htmx-request, [data-calm].htmx-settling")).to_have_count(0)
    assert current.get_attribute("data-row") == name
    assert abs(current.bounding_box()["y"] - height) < 2
    # The head stays in sight, so that a number far down still has a name.
    assert page.locator("thead th").first.bounding_box()["y"] >= 0


def test_offline_is_said_and_mends_itself(demo, sit_down) -> None:
    desk = sit_down("detachment")
    desk.open("/inbox/")
    page = desk.page
    expect(page.locator("body")).to_have_attribute("data-live", "online")
    expect(page.locator(".sz-offline-bar")).to_be_hidden()
    page.route("**/stream/events*", lambda route: route.abort())
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-live", "offline", timeout=20_000)
    expect(page.locator(".sz-offline-bar")).to_be_visible()
    desk.shot("offline-dark")
    page.unroute("**/stream/events*")
    expect(page.locator("body")).to_have_attribute("data-live", "online", timeout=30_000)
    expect(page.locator(".sz-offline-bar")).to_be_hidden()


def test_mute_says_how_long(demo, sit_down) -> None:
    desk = sit_down("detachment")
    desk.open("/inbox/")
    desk.page.locator("header .sz-menu summary").first.click()
    desk.page.click("[data-mute-minutes='10']")
    label = desk.page.locator("[data-sound-label]")
    expect(label).to_contain_text("静音 09:5")
    desk.page.click("[data-mute-minutes='0']")
    expect(label).to_have_text("")


def test_indicators_draw_and_turn_into_tables(demo, sit_down) -> None:
    desk = sit_down("brigade")
    desk.open("/indicators/?period=1h")
    charts = desk.page.locator("[data-chart]")
    expect(charts.first).to_have_attribute("data-drawn", "yes")
    expect(charts.first.locator("canvas")).to_be_visible()
    desk.shot("indicators-light", settle_ms=500)
    card = desk.page.locator(".sz-indicator").first
    card.locator("[data-table-toggle]").click()
    expect(card.locator("[data-table]")).to_be_visible()
    expect(card.locator("[data-chart]")).to_be_hidden()


@pytest.mark.parametrize(
    ("width", "height", "name"), [(1920, 1080, "wall"), (3840, 1080, "wall-wide")]
)
def test_wall_turns_by_itself_and_shows_no_person(demo, sit_down, width, height, name) -> None:
    desk = sit_down("detachment", width, height)
    desk.open("/wall/")
    page = desk.page
    expect(page.locator("[data-wall-map]")).to_have_attribute("data-loaded", "yes", timeout=90_000)
    assert page.locator(".sz-rail, .sz-top, .sz-plate").count() == 0
    text = page.locator("body").inner_text()
    assert "川D" not in text
    if width == 1920:
        page.set_viewport_size({"width": 1600, "height": 900})  # a picture that docs may hold
        desk.shot(name, settle_ms=6000)
        page.keyboard.press("ArrowRight")
        expect(page.locator("[data-rotate] > section").nth(1)).to_be_visible()
        expect(page.locator("[data-rotate] > section").first).to_be_hidden()
    else:
        expect(page.locator("[data-rotate] > section").nth(1)).to_be_visible()
        expect(page.locator("[data-rotate] > section").first).to_be_visible()


def test_units_and_cases_look(demo, sit_down) -> None:
    desk = sit_down("brigade")
    desk.open("/units/")
    expect(desk.page.locator(".sz-unittree tbody tr").first).to_be_visible()
    desk.shot("units-light")
    desk.open("/cases/")
    expect(desk.page.locator(".sz-card")).to_be_visible()
    desk.shot("cases-light")
