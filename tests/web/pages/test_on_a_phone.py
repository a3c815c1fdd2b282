"""What a browser makes of parts of pages where they are 390 px wide."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string

from tests.web.conftest import World
from tests.web.pages.test_sources_pages import feeds as feeds

from ...e2e.conftest import ARGUMENTS, chromium

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SHEET = Path(__file__).parents[3] / "src/sizao/web/static/vendor/app.css"
PAGE = (
    '<!doctype html><html lang="zh-hans"><meta name="viewport" content="width=device-width">'
    '<style>{style}</style><body><div class="sz-page"><div class="sz-card">{form}</div></div>'
    "</body>"
)


def on_a_phone(form: str, look: Callable[[Any], Any]) -> Any:
    """What ``look`` finds on a page of 390 px with a form."""
    from playwright.sync_api import sync_playwright

    page = PAGE.format(style=SHEET.read_text(encoding="utf-8"), form=form)

    def shown() -> Any:
        with sync_playwright() as playwright:
            chrome = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
            one = chrome.new_page(viewport={"width": 390, "height": 844})
            one.set_content(page)
            found = look(one)
            chrome.close()
        return found

    if chromium() is None:
        pytest.skip("no Chromium found; name one in SIZAO_CHROMIUM")
    with ThreadPoolExecutor(1) as pool:  # its event loop is not this thread's
        return pool.submit(shown).result()


def boxes(page: Any) -> dict[str, Any]:
    """Where the remark and the buttons are."""
    return {
        name: page.locator(f"[name={name.partition('=')[0]}]").nth(row).bounding_box()
        for name, row in (("remark", 0), ("decision=refuse", 0), ("decision=accept", 1))
    }


def test_the_buttons_stand_side_by_side_under_the_remark() -> None:
    """The remark took the left half of the first row, a button its right half, and the other button
    stood alone below."""
    form = render_to_string("parts/decide.html", {"accept": "批准，立即生效", "decide_url": "/"})
    found = on_a_phone(form, boxes)
    remark, refuse, accept = found.values()
    assert refuse["y"] == accept["y"] >= remark["y"] + remark["height"]
    assert refuse["x"] == remark["x"]
    assert accept["x"] + accept["width"] == pytest.approx(remark["x"] + remark["width"], abs=1)
    assert refuse["width"] == pytest.approx(accept["width"], abs=1)


def test_the_button_of_a_list_says_all_of_it(world: World) -> None:
    """Half a row was too narrow for what it says: both ends were cut off."""
    given = "号牌,事由类别,具体事由,案件编号,截止,处置要求\n川DI0123,交通肇事逃逸,逃逸,A-1,"
    given += f"{world.now + timedelta(days=7):%Y-%m-%d},就近拦查\n"
    file = SimpleUploadedFile("list.csv", given.encode())
    page = world.client("op-zd").post("/hotlist/file/", {"file": file}).content.decode()
    form = page[page.index("<form", page.index("<tbody>")) :]
    form = form[: form.index("</form>")]
    widths = on_a_phone(
        form, lambda one: one.locator("button").evaluate("e => [e.scrollWidth, e.clientWidth]")
    )
    assert "提交 1 行，由支队领导批准" in form
    assert widths[0] <= widths[1]


def test_a_storm_is_told_over_the_whole_width(world: World) -> None:
    """The button beside it left half of the width for five lines."""
    storm = render_to_string(
        "inbox/_storm.html",
        {
            "grouped": True, "cell_km": 5, "group_count": 30, "each_unsigned": 35,
            "each_arrived": 28, "storm": {"operators": 1, "began_at": world.now},
        },
    )  # fmt: skip
    parts = (".sz-storm > div", ".sz-storm > a")
    told, button = on_a_phone(
        storm, lambda one: [one.locator(part).bounding_box() for part in parts]
    )
    assert button["y"] >= told["y"] + told["height"]
    assert told["width"] > 270


def test_cards_begin_at_the_edge(feeds: World) -> None:
    """Those of data sources were indented as a list of sources in a plan, which had that name."""
    page = feeds.client("op-zd").get("/sources/").content.decode()
    table = page[page.index("<table") : page.index("</table>") + len("</table>")]
    left = on_a_phone(
        table,
        lambda one: [one.locator(tag).first.bounding_box()["x"] for tag in ("table", "tbody tr")],
    )
    assert left[0] == left[1]
