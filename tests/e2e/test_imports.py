"""A table of crashes in a real browser: columns, the points on the map, the report, undoing."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from sizao.core.coordinates import wgs84_to_gcj02
from sizao.roads.network import Network
from tests.feeds.tables import files

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]


def table(network: Path) -> bytes:
    """Made-up crashes on the city's roads as a map service gives them, two of them wrong."""
    roads = Network.load(network)
    step = max(1, len(roads.lat) // 60)
    lat, lon = wgs84_to_gcj02(roads.lat[::step][:60], roads.lon[::step][:60])
    rows = [
        (f"YB-{index}", f"2024-05-01 {index % 24}:05", f"{x:.6f}", f"{y:.6f}", "某甲")
        for index, (y, x) in enumerate(zip(lat, lon, strict=True))
    ]
    rows += [("YB-x", "2024-02-30 10:00", "101.7", "26.5", ""), (*rows[0][:4], "")]
    header = ("事故编号", "事故时间", "经度", "纬度", "当事人姓名")
    return files.csv_bytes(header, rows, "gb18030")


def test_a_table_from_upload_to_undo(demo, sit_down, tmp_path) -> None:
    file = tmp_path / "crashes.csv"
    file.write_bytes(table(demo.data / "network.npz"))
    desk = sit_down("detachment")
    page = desk.page
    desk.open("/imports/")
    page.fill("[name=source]", "122")
    page.set_input_files("[name=file]", file)
    page.click(".sz-import-new button[type=submit]")
    expect(page.locator("[data-state=mapping]")).to_be_attached()
    expect(page.locator("[data-column=当事人姓名] .sz-chip")).to_be_visible()
    desk.shot("import-columns-dark")
    page.click("[name=action][value=check]")
    expect(page.locator("[data-state=checked]")).to_be_attached()
    expect(page.locator("[data-fits] tbody tr").first).to_contain_text("GCJ-02")
    expect(page.locator("[data-places]")).to_have_attribute("data-shown", "60", timeout=60_000)
    page.click("[name=action][value=back]")
    page.select_option("[name=datum]", "gcj02")
    page.click("[name=action][value=check]")
    expect(page.locator("[data-state=checked]")).to_be_attached()
    expect(page.locator("[data-row-number]")).to_have_count(1)
    page.locator("[data-fits]").scroll_into_view_if_needed()
    desk.shot("import-preview-dark", settle_ms=2000)
    page.click("[name=action][value=confirm]")
    expect(page.locator("[data-state=done]")).to_be_attached()
    page.click("[data-dialog=sz-undo]")
    page.click("#sz-undo [name=action][value=undo]")
    expect(page.locator("[data-state=undone]")).to_be_attached()


def test_imports_on_a_phone(demo, sit_down) -> None:
    desk = sit_down("detachment", 390, 844)
    desk.open("/imports/")
    expect(desk.page.locator(".sz-import-new")).to_be_visible()
    width = desk.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "nothing sticks out"
