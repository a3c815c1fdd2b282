"""Drawing an electronic fence in a real browser, until the pipeline's file has it."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_fence_is_drawn_and_asked_for(demo, sit_down) -> None:
    desk = sit_down("detachment")
    desk.open("/fences/new/")
    page = desk.page
    map_ = page.locator("[data-fence-draw][data-ready]")
    expect(map_).to_be_visible(timeout=60_000)
    for x, y in ((120, 150), (240, 150), (240, 260), (120, 260)):
        map_.click(position={"x": x, "y": y})
    expect(map_).to_have_attribute("data-corners", "4")
    page.click("[data-fence-undo]")
    expect(map_).to_have_attribute("data-corners", "3")
    ring = json.loads(page.locator("[name=geometry]").input_value())["coordinates"][0]
    assert ring[0] == ring[-1]
    assert len(ring) == 4
    # Typed corners and a corridor: what was drawn is taken back with one press.
    page.locator(".sz-typed summary").click()
    page.fill("[data-fence-typed]", "26.58, 101.72\n26.59，101.73")
    page.locator("[data-fence-typed]").blur()
    expect(map_).to_have_attribute("data-corners", "2")
    page.click("[data-fence-undo]")
    expect(map_).to_have_attribute("data-corners", "3")
    row = page.locator("[data-window]").first
    row.locator("[data-days='12345']").click()
    assert row.locator("input:checked").count() == 5
    row.locator("[name=w0-from]").fill("2200")
    row.locator("[name=w0-to]").fill("05:00")
    expect(row.locator("[data-over]")).to_be_visible()
    expect(row.locator("[name=w0-from]")).to_have_value("22:00")
    page.fill("[name=name]", "试画围栏")
    page.fill("[name=limit_kmh]", "30")
    page.fill("[name=legal_basis]", "演示通告〔2026〕1号")
    page.fill("[name=reason]", "试画")
    desk.shot("fence-draw-dark")
    page.click("main form [type=submit]")
    expect(page.locator("[data-waiting]")).to_contain_text("试画")
    expect(page.locator("[data-waiting]")).to_contain_text("周一至周五 22:00–次日05:00")
    expect(page.locator("[data-fence-map][data-fences='1']")).to_be_visible(timeout=60_000)
    # Who asked cannot put it in force; nothing is in the file yet.
    expect(page.locator("[name=decision][value=accept]")).to_have_count(0)
    text = (demo.data / "fences.geojson").read_text(encoding="utf-8")
    assert "试画围栏" not in text
