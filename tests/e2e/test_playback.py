"""A detection's evidence, a vehicle's day and the question who was there, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import press, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

PLAYER = "[data-playback][data-ready]"
DRAWN = "[data-playmap][data-loaded]"


def now_of(page: Page) -> float:
    return float(page.locator("[data-playback]").get_attribute("data-now") or "nan")


def points_of(page: Page) -> int:
    page.wait_for_selector(PLAYER)
    return int(page.locator("[data-playback]").get_attribute("data-points") or 0)


def open_detection(desk) -> str:
    """Open the first detection that led to a case; returns the case's number."""

    def listed() -> bool:
        desk.open("/detections/?kind=speeding")
        return desk.page.locator("[data-row]").count() > 0

    wait_until(listed, 180, "a vehicle to speed")
    desk.page.locator("[data-row] a").first.click()
    desk.page.wait_for_selector(PLAYER)
    link = desk.page.locator(".sz-head-actions a[href^='/cases/']")
    return link.inner_text().split()[-1] if link.count() else ""


def test_evidence_is_played_with_one_clock_for_map_and_curve(demo, sit_down) -> None:
    desk = sit_down("detachment")
    open_detection(desk)
    page = desk.page
    player = page.locator("[data-playback]")

    def driven() -> bool:
        page.reload()
        return points_of(page) > 5

    wait_until(driven, 180, "a track of more than a few points: it grows while the vehicle drives")
    expect(page.locator(".sz-playmarker")).to_have_count(1)
    expect(page.locator("[data-edges] tbody tr")).to_have_count(3)
    before = now_of(page)
    page.keyboard.press("ArrowRight")
    assert now_of(page) == pytest.approx(before + 10)
    page.keyboard.press("Shift+ArrowLeft")
    assert now_of(page) == pytest.approx(before - 50)
    # A click on a button leaves the space to the player.
    page.locator("[data-play-forward]").click()
    before = now_of(page) + 50
    page.keyboard.press("Home")
    page.keyboard.press(".")
    first = now_of(page)
    page.keyboard.press(".")
    second = now_of(page)
    assert first < second
    page.keyboard.press(",")
    assert now_of(page) == first
    press(page, "n")
    expect(page.locator("[data-play-clock]")).to_have_text(
        re.compile(r"^\d\d-\d\d \d\d:\d\d:\d\d$")
    )
    page.keyboard.press("Home")
    before = now_of(page) + 50
    page.keyboard.press("Space")
    expect(player).to_have_attribute("data-playing", "yes")
    page.wait_for_timeout(1500)
    page.keyboard.press("Space")
    expect(player).to_have_attribute("data-playing", "no")
    assert now_of(page) > before - 50
    page.wait_for_selector(DRAWN)
    desk.shot("detection-dark", settle_ms=2500)


def test_a_lookup_asks_for_purpose_and_case(demo, sit_down) -> None:
    desk = sit_down("detachment")
    case = open_detection(desk)
    page = desk.page
    if not case:
        desk.open("/cases/")
        case = page.locator("[data-row] a").first.inner_text().strip()
        desk.page.go_back()
        desk.page.wait_for_selector(PLAYER)
    vehicle = page.locator(".sz-head-actions a[href^='/vehicles/']").get_attribute("href")
    desk.open(f"{vehicle}playback/")
    assert page.locator("[data-playback]").count() == 0, "a track without a ground"

    def looked_up() -> bool:
        desk.open(f"{vehicle}playback/")
        page.select_option("[name=purpose]", "violation")
        page.fill("[name=case]", case)
        page.locator("main form [type=submit]").click()
        return points_of(page) > 5

    wait_until(looked_up, 180, "a day's track of more than a few points")
    page.wait_for_selector(DRAWN)
    desk.shot("playback-dark", settle_ms=2500)

    desk.open("/presence/")
    page.wait_for_selector("[data-presence-map][data-ready]")
    page.select_option("[name=radius]", "1000")
    page.select_option("[name=purpose]", "crash")
    page.fill("[name=case]", case)
    page.locator("[data-presence-map]").click(position={"x": 300, "y": 150})
    expect(page.locator("[data-presence-map]")).to_have_attribute("data-corners", "24")
    # Two more corners make a polygon, Delete takes one away, undo brings it back.
    for x, y in ((360, 150), (360, 200)):
        page.locator("[data-presence-map]").click(position={"x": x, "y": y})
    expect(page.locator(".sz-corner")).to_have_count(3)
    page.locator(".sz-corner").nth(1).press("Delete")
    expect(page.locator(".sz-corner")).to_have_count(2)
    page.locator("[data-presence-undo]").click()
    expect(page.locator(".sz-corner")).to_have_count(3)
    page.locator(".sz-typed summary").click()
    typed = page.locator("[data-presence-typed]")
    lines = typed.input_value().splitlines()
    assert len(lines) == 3
    page.locator(".sz-corner").nth(0).press("Shift+ArrowRight")
    assert typed.input_value().splitlines()[0] != lines[0]
    typed.fill(lines[0])
    typed.blur()
    expect(page.locator("[data-presence-map]")).to_have_attribute("data-corners", "24")
    page.locator("[data-presence] [type=submit]").click()
    # Whoever was there is a matter of chance; that it was asked is not.
    expect(page.locator("[data-presence]")).to_be_visible()
    assert page.locator("main [role=alert]:not(.sz-offline-bar)").count() == 0
    auditor = sit_down("auditor")
    auditor.open("/audit/?action=presence.ask")
    expect(auditor.page.locator("main")).to_contain_text(case)
