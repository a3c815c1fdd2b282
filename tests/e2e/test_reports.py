"""Somebody on the road reports with a phone; the desk accepts it and raises a case."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from sizao.sim.reports import scene

from .conftest import press

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]


def test_from_a_phone_to_a_case(demo, sit_down, tmp_path: Path) -> None:
    phone = sit_down("", 390, 844)
    phone.page.context.grant_permissions(["geolocation"])
    phone.page.context.set_geolocation({"latitude": 26.585, "longitude": 101.716})
    phone.open("/report/")
    page = phone.page
    page.get_by_role("radio", name="道路障碍").check(force=True)
    page.get_by_role("radio", name="完全不能").first.check(force=True)
    page.click("[data-locate]")
    expect(page.locator("[name=lat]")).to_have_value("26.585000")
    photo = tmp_path / "photo.png"
    photo.write_bytes(scene("obstruction", 0))
    page.set_input_files("[name=photos]", photo)
    expect(page.locator("[data-previews] img")).to_have_count(1)
    phone.shot("report-form-phone")
    page.click(".sz-report-send button")
    page.wait_for_url("**/report/sent/**")
    number = page.locator("dd.sz-mono").first.inner_text().strip()

    desk = sit_down("detachment")
    desk.open(f"/reports/?q={number}")
    row = desk.page.locator(f"[data-row='{number}']")
    expect(row.locator("img")).to_be_visible()
    desk.shot("reports")
    row.locator("a").first.click()
    desk.page.wait_for_url(f"**/reports/{number}/")
    desk.shot("report")
    press(desk.page, "s")
    expect(desk.page.locator("[data-state=accepted]")).to_be_visible()
    press(desk.page, "d")
    desk.page.wait_for_url("**/cases/*/")
    # The road is blocked: graver than an obstruction that can be passed.
    expect(desk.page.locator("#sz-case [data-level=orange]").first).to_be_visible()
    expect(desk.page.locator("#sz-case")).to_contain_text(number)

    page.reload()
    expect(page.locator("dl")).to_contain_text("已立案处置")
