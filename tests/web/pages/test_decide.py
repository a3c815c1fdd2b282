"""Where another person decides, on a phone: the remark across, and the two buttons side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string

from ...e2e.conftest import ARGUMENTS, chromium

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SHEET = Path(__file__).parents[3] / "src/sizao/web/static/vendor/app.css"
PAGE = (
    '<!doctype html><html lang="zh-hans"><meta name="viewport" content="width=device-width">'
    '<style>{style}</style><body><div class="sz-card">{form}</div></body>'
)


def boxes(page: str) -> dict[str, Any]:
    """Where a browser of 390 px puts the remark and the buttons."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        shown = chrome.new_page(viewport={"width": 390, "height": 844})
        shown.set_content(page)
        found = {
            name: shown.locator(f"[name={name.partition('=')[0]}]").nth(row).bounding_box()
            for name, row in (("remark", 0), ("decision=refuse", 0), ("decision=accept", 1))
        }
        chrome.close()
    return found


def test_the_buttons_stand_side_by_side_under_the_remark() -> None:
    """The remark took the left half of the first row, a button its right half, and the other button
    stood alone below."""
    if chromium() is None:
        pytest.skip("no Chromium found; name one in SIZAO_CHROMIUM")
    form = render_to_string("parts/decide.html", {"accept": "批准，立即生效", "decide_url": "/"})
    page = PAGE.format(style=SHEET.read_text(encoding="utf-8"), form=form)
    with ThreadPoolExecutor(1) as pool:  # its event loop is not this thread's
        found = pool.submit(boxes, page).result()
    remark, refuse, accept = found.values()
    assert refuse["y"] == accept["y"] >= remark["y"] + remark["height"]
    assert refuse["x"] == remark["x"]
    assert accept["x"] + accept["width"] == pytest.approx(remark["x"] + remark["width"], abs=1)
    assert refuse["width"] == pytest.approx(accept["width"], abs=1)
