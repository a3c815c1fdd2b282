"""In a real browser: an audit on a phone, counts, a better plan, the sheet for the works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sizao.web.junctions.models import Timing
from tests.plan.signals.conftest import FLOWS

from ...e2e.conftest import ARGUMENTS, chromium
from ..conftest import PASSWORD, World
from ..reports.conftest import png
from .conftest import registered

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1366, "height": 768}


@pytest.fixture(scope="module")
def chrome() -> Iterator[Any]:
    """A browser for this module alone; its event loop is in this thread, so Django is told."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium found; name one in SIZAO_CHROMIUM")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        started = playwright.chromium.launch(executable_path=path, headless=True, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def sign_in(
    chrome: Any, transactional_db: None, world: World, live_server: Any
) -> Iterator[Callable[..., Any]]:
    """A page of somebody, at an address."""
    contexts = []

    def enter(who: str, address: str, size: dict[str, int], **options: Any) -> Any:
        context = chrome.new_context(viewport=size, locale="zh-CN", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(f"{live_server.url}/login/?next={address}")
        page.fill("[name=username]", who)
        page.fill("[name=password]", PASSWORD)
        page.click("#sz-login button")
        page.wait_for_url(f"**{address}")
        return page

    yield enter
    for context in contexts:
        context.close()


def test_audit_counts_better_plan_and_sheet(
    sign_in: Callable[..., Any], world: World, tmp_path: Path
) -> None:
    from playwright.sync_api import expect

    junction = registered(world)
    picture = tmp_path / "photo.png"
    picture.write_bytes(png())
    phone = sign_in("off-dd1", f"/junctions/{junction.pk}/audit/", PHONE)
    item = phone.locator("[data-item=stop_line]")
    item.get_by_text("有问题").click()
    item.locator("input[type=file]").set_input_files(picture)
    item.locator("input[name=n-stop_line]").fill("停止线磨光，夜间看不清")
    for arm in ("N", "E", "S", "W"):
        expect(phone.locator(".sz-jx-arms [aria-current]")).to_have_attribute("href", f"?arm={arm}")
        phone.locator("[data-all-good]").click()
        phone.locator(".sz-jx-save [type=submit]").click()
        phone.wait_for_load_state()
    phone.locator("[data-finish]").click()
    expect(phone.locator("[data-finding]")).to_have_count(1)
    expect(phone.locator("[data-finding] img")).to_be_visible()

    desk = sign_in("op-dd", f"/junctions/{junction.pk}/counts/", DESK)
    for movement, count in FLOWS.items():
        desk.fill(f"[name='v-{movement}']", str(count))
    desk.get_by_role("button", name="保存流量").click()
    desk.wait_for_url("**/timing/")
    desk.locator("button[value=compute]").click()
    expect(desk.locator("[data-side=after]")).to_be_visible(timeout=60_000)
    expect(desk.locator("[data-side=after] .sz-jx-phases li").first).to_be_visible()
    timing = Timing.objects.get()
    assert timing.after["delay_s"] < timing.before["delay_s"]
    sheet = desk.request.get(desk.url.replace("/timing/", "/sheet.pdf"))
    assert sheet.body().startswith(b"%PDF")
