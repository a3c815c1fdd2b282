"""The phone in a real browser: without a network, reloaded there, synced, and in conflict."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from sizao.web.cases import services as cases
from sizao.web.field.models import FieldAction, FieldPhoto
from sizao.web.measures import services as measures
from sizao.web.measures.models import ControlMeasure

from ...e2e.conftest import ARGUMENTS, SHOTS, chromium
from ..conftest import PASSWORD, World
from ..measures.conftest import roads
from ..reports.conftest import png
from .test_services import OFFICER, sent_out

__all__ = ["roads"]  # a fixture of the neighbours

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


Scene = Callable[[Callable[..., Any]], None]


@pytest.fixture
def play(
    monkeypatch: pytest.MonkeyPatch, transactional_db: None, roads: World, live_server: Any
) -> Callable[[Scene], None]:
    """Play a scene with a browser in a thread of its own: one thread has one event loop, and that
    of the other browser tests may be running in this one. A scene gets what signs the officer in
    on a phone."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium found; name one in SIZAO_CHROMIUM")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

    def browse(scene: Scene) -> None:
        from playwright.sync_api import expect, sync_playwright

        expect.set_options(timeout=20_000)
        with sync_playwright() as playwright:
            chrome = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)

            def pick_up(**options: Any) -> Any:
                phone = {"viewport": {"width": 390, "height": 844}, "locale": "zh-CN"}
                page = chrome.new_context(**phone, **options).new_page()
                page.goto(f"{live_server.url}/login/?next=/field/")
                page.fill("[name=username]", OFFICER)
                page.fill("[name=password]", PASSWORD)
                page.click("#sz-login button")
                page.wait_for_url("**/field/")
                return page

            try:
                scene(pick_up)
            finally:
                chrome.close()
                connection.close()

    def in_thread(scene: Scene) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(browse, scene).result()

    return in_thread


def shot(page: Any, name: str) -> None:
    if os.environ.get("SIZAO_SCREENSHOTS") == "1":
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"{name}.png")


def test_queue_reload_sync_and_conflict(
    play: Callable[[Scene], None], roads: World, tmp_path: Path
) -> None:
    play(lambda pick_up: _queue_reload_sync_and_conflict(pick_up, roads, tmp_path))


def _queue_reload_sync_and_conflict(
    pick_up: Callable[..., Any], roads: World, tmp_path: Path
) -> None:
    from playwright.sync_api import expect

    case = sent_out(roads)
    phone = pick_up()
    task = phone.locator(f"[data-task='{case.pk}']")
    expect(task).to_be_visible()
    phone.wait_for_selector("body[data-kept=yes]")
    shot(phone, "field-phone")

    phone.context.set_offline(True)
    task.locator("[data-do=arrive]").click()
    expect(task).to_have_attribute("data-state", "on_scene")
    picture = tmp_path / "photo.png"
    picture.write_bytes(png())
    task.locator("input[type=file]").set_input_files(picture)
    task.locator("[data-do=measure]").click()
    phone.locator("#sz-field-measure label", has_text="封闭第 1 车道").click()
    phone.locator("#sz-field-measure button[value=yes]").click()
    state = phone.locator("[data-field-state]")
    expect(state).to_have_attribute("data-waiting", "3")

    # Without a network the page opens again, with everything that waits.
    phone.reload()
    expect(state).to_have_attribute("data-waiting", "3")
    expect(task).to_have_attribute("data-state", "controlled")
    expect(phone.locator("[data-field-offline]")).to_be_visible()
    shot(phone, "field-phone-offline")
    assert FieldAction.objects.count() == 0

    phone.context.set_offline(False)
    expect(state).to_have_attribute("data-waiting", "0")
    done = list(FieldAction.objects.values_list("action", "result"))
    assert done == [("arrive", "done"), ("photo", "done"), ("measure", "done")]
    assert FieldPhoto.objects.count() == 1
    assert ControlMeasure.objects.get().lanes == "1"
    expect(task).to_contain_text("封闭")

    # The desk lifts the closure and reports the case resolved while the phone is away again.
    phone.context.set_offline(True)
    task.locator("[data-do=resolve]").click()
    phone.locator("#sz-field-resolve button[value=yes]").click()
    expect(state).to_have_attribute("data-waiting", "1")

    one = ControlMeasure.objects.get()
    measures.act(roads.user("op-dd"), one.pk, "lift", one.version, reason="恢复")
    case.refresh_from_db()
    cases.act(roads.user("op-dd"), case.pk, "resolve", case.version, reason="视频核实已恢复")
    phone.context.set_offline(False)
    trouble = phone.locator("[data-trouble=resolve]")
    expect(trouble).to_contain_text("视频核实已恢复")
    expect(trouble.locator("[data-choice=again]")).to_have_count(0)  # it is resolved already
    shot(phone, "field-phone-conflict")
    trouble.locator("[data-choice=drop]").click()
    expect(trouble).to_have_count(0)
    expect(state).to_have_attribute("data-waiting", "0")
    kept = FieldAction.objects.get(action="resolve")
    assert kept.result == "dropped"
    assert kept.given["reason"] == "已到场处置，道路恢复正常通行。"


def test_an_answer_lost_on_the_way_does_not_double_what_was_done(
    play: Callable[[Scene], None], roads: World
) -> None:
    """The server has done it and the phone does not know: it sends once more."""
    play(lambda pick_up: _lose_an_answer(pick_up, roads))


def _lose_an_answer(pick_up: Callable[..., Any], roads: World) -> None:
    from playwright.sync_api import expect

    case = sent_out(roads)
    phone = pick_up(service_workers="block")  # else nobody can stand between
    task = phone.locator(f"[data-task='{case.pk}']")
    expect(task).to_be_visible()
    lost = []

    def lose(route: Any) -> None:
        if not lost:
            lost.append(route.fetch())  # it arrived, and the answer did not
            route.abort()
        else:
            route.continue_()

    phone.route("**/field/actions/", lose)
    task.locator("[data-do=measure]").click()
    phone.locator("#sz-field-measure button[value=yes]").click()
    expect(task.locator(".sz-muted")).to_contain_text("60 km/h")  # the server's own word
    assert len(lost) == 1
    assert ControlMeasure.objects.count() == 1
