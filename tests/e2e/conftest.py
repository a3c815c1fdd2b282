"""A real demonstration and a real browser: every test here goes through sockets, log and desk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHOTS = ROOT / "docs/assets/screenshots"
VEHICLES = 300
START_S = 180

ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Software WebGL, so that the map is drawn on machines without a graphics card.
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]

ACCOUNTS = {
    "detachment": ("demo-detachment", "sizao-zhidui"),
    "brigade": ("demo-brigade", "sizao-dadui"),
    "squadron": ("demo-squadron", "sizao-zhongdui"),
    "auditor": ("demo-auditor", "sizao-shenji"),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The storm has a web process of its own: before the demonstration runs, not beside it."""
    here = Path(__file__).parent
    order = {here / "test_storm.py": 1}
    items.sort(key=lambda item: order.get(item.path, 2 * (item.path.parent == here)))


def chromium() -> str | None:
    """Path of a Chromium on this machine."""
    given = os.environ.get("SIZAO_CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return given or next((found for name in names if (found := shutil.which(name))), None)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@dataclass
class Demo:
    """A running demonstration."""

    url: str
    data: Path
    gateway: int
    """Port that terminals connect to."""
    intake: int = 6811
    """Port that stations and services send to."""

    def get(self, path: str, token: str = "") -> Any:
        request = urllib.request.Request(self.url + path)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def token(self, who: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "sizao", "token", ACCOUNTS[who][0], "--data", str(self.data)],
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        return done.stdout.strip().splitlines()[-1]


def wait_until(check: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first true value of ``check``; fails the test, saying what was waited for."""
    until = time.monotonic() + seconds
    while True:
        try:
            if found := check():
                return found
        except (OSError, ValueError, urllib.error.URLError):
            pass
        if time.monotonic() > until:
            pytest.fail(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.5)


def press(page: Any, key: str) -> None:
    """Press one of the page's keys. A page is seen before its script has run and hears keys."""
    page.wait_for_load_state("load")
    page.keyboard.press(key)


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """``sizao demo`` with a small fleet, on free ports, in a folder of its own.

    ``SIZAO_E2E_URL`` and ``SIZAO_E2E_DATA`` name one that already runs, for working on tests.
    """
    if url := os.environ.get("SIZAO_E2E_URL"):
        gateway = int(os.environ.get("SIZAO_E2E_GATEWAY", "6808"))
        intake = int(os.environ.get("SIZAO_E2E_INTAKE", "6811"))
        yield Demo(url, Path(os.environ["SIZAO_E2E_DATA"]), gateway, intake)
        return
    data = tmp_path_factory.mktemp("demo")
    port, gateway, intake = free_port(), free_port(), free_port()
    log = (data / "demo.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "sizao", "demo", "--data", str(data), "--port", str(port),
         "--gateway-port", str(gateway), "--intake-port", str(intake),
         "--vehicles", str(VEHICLES)],
        stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    running = Demo(f"http://127.0.0.1:{port}", data, gateway, intake)

    def ready() -> bool:
        if process.poll() is not None:
            pytest.fail("sizao demo stopped:\n" + (data / "demo.log").read_text(encoding="utf-8"))
        return running.get("/healthz")["status"] == "ok" and "sim" in " ".join(
            path.stem for path in (data / "status").glob("*.json")
        )

    try:
        wait_until(ready, START_S, "the demonstration to start")
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        log.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """A real Chromium, headless; gone with this folder's last test, since its driver keeps an event
    loop running in this thread."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium found; name one in SIZAO_CHROMIUM")
    from playwright.sync_api import expect, sync_playwright

    # Two cores draw the map in software and run the whole city beside it.
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, headless=True, args=ARGUMENTS)
        yield started
        started.close()


@dataclass
class Desk:
    """One person at one screen."""

    page: Any
    url: str
    faults: list[str]

    def open(self, path: str) -> None:
        self.page.goto(self.url + path, wait_until="domcontentloaded")

    def shot(self, name: str, settle_ms: float = 0) -> None:
        """Keep a screenshot for the documentation when SIZAO_SCREENSHOTS=1, once what is drawn
        over time has had so long."""
        if os.environ.get("SIZAO_SCREENSHOTS") == "1":
            self.page.wait_for_timeout(settle_ms)
            SHOTS.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=SHOTS / f"{name}.png")


@pytest.fixture
def sit_down(demo: Demo, browser: Any) -> Iterator[Callable[..., Desk]]:
    """Sign somebody in at a screen of a size. Fails on script errors and requests off the host."""
    desks: list[tuple[Any, Desk]] = []

    def sit(who: str = "", width: int = 1366, height: int = 768, language: str = "zh-CN") -> Desk:
        context = browser.new_context(viewport={"width": width, "height": height}, locale=language)
        page = context.new_page()
        page.set_default_timeout(30_000)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        page.on(
            "console",
            lambda message: (
                faults.append(f"console: {message.text}")
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                faults.append(f"off the host: {request.url}")
                if not request.url.startswith((demo.url, "data:", "blob:"))
                else None
            ),
        )
        page.on(
            "response",
            lambda answer: (
                faults.append(f"{answer.status} {answer.url}")
                if answer.status >= 400 and answer.status not in (409, 422)
                else None
            ),
        )
        desk = Desk(page, demo.url, faults)
        desks.append((context, desk))
        if who:
            name, password = ACCOUNTS[who]
            desk.open("/login/")
            page.fill("[name=username]", name)
            page.fill("[name=password]", password)
            page.click("#sz-login button")
            page.wait_for_url(lambda url: "/login/" not in url, wait_until="commit")
        return desk

    yield sit
    faults = [fault for _, desk in desks for fault in desk.faults]
    for context, _ in desks:
        context.close()
    assert not faults, faults
