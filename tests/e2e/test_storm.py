"""A flood of detections reaches an open inbox: groups, one key, nothing lost; and a feed that falls
silent in the storm is not buried.

The web process runs by itself, as in production; the test stands in for the pipeline, whose log it
writes. ``SIZAO_STORM`` is the number of detections (5,000 for the scenario in the documentation).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
import yaml
from playwright.sync_api import expect

from sizao.app.benches import storm
from sizao.app.benches.storm_rows import storm_rows
from sizao.app.parts import Parts
from sizao.core.clock import ScaledClock, save_clock
from sizao.core.schemas import DETECTION
from sizao.log import register
from sizao.log.datadir import DataDir

from .conftest import Demo, free_port, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

COUNT = int(os.environ.get("SIZAO_STORM", "200"))
FACTOR = 5.0
"""Feed seconds in a second: sources are looked at once a minute of feed time."""
SILENT = {"id": "weather:gs9", "name_zh": "高速九号气象站", "name_en": "Weather station 9",
          "owner": {"party": "气象台"},
          "contract": [{"topic": "weather_readings", "silence_s": 60}]}  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A web process with the demonstration's accounts, and no pipeline."""
    folder = tmp_path_factory.mktemp("storm")
    data = DataDir(folder).create()
    now_s = time.time()
    save_clock(ScaledClock(wall_start_s=now_s, feed_start_s=now_s, factor=FACTOR), data.clock)
    # In a process of its own: this one may not touch a database.
    code = (
        "import sys, pathlib; from sizao.app.benches.storm import prepare;"
        "from sizao.log.datadir import DataDir; prepare(DataDir(pathlib.Path(sys.argv[1])))"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, timeout=300)
    (folder / "sources.yaml").write_text(yaml.safe_dump({"sources": [SILENT]}, allow_unicode=True))
    port = free_port()
    with Parts(data, environment={"SIZAO_DEMO": "1"}) as parts:
        parts.start("serve", "--data", str(folder), "--port", str(port), "--demo")
        parts.wait_ready("serve", 120, lambda: storm.is_up(port))
        yield Demo(f"http://127.0.0.1:{port}", folder, 0)


def pour(data: DataDir, count: int, log: Any) -> None:
    """So many detections at once: the pipeline's appends of a few seconds."""
    fleet = register.load(data.register).select(["vehicle", "kind"]).to_pylist()
    rows = storm_rows(fleet, storm.places(), count, datetime.now(UTC), 60.0)
    for start in range(0, count, 100):
        batch = pa.RecordBatch.from_pylist(rows[start : start + 100], schema=DETECTION)
        log.append({"detections": batch})


def delivered(demo: Demo) -> bool:
    """Whether the desk has read all detections."""
    with urllib.request.urlopen(f"{demo.url}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return "sizao_desk_behind_segments 0.0" in text and f"delivered_total {COUNT}.0" in text


def unsigned(page: Any) -> int:
    """How many the page says are to be signed."""
    return int(page.locator("[data-unsigned]").first.get_attribute("data-unsigned"))


def test_a_flood_becomes_groups_and_a_silent_feed_is_not_buried(demo: Demo, sit_down: Any) -> None:
    from sizao.runtime.embedded.log import SqliteLog

    data = DataDir(demo.data)
    desk = sit_down("detachment")
    page = desk.page
    desk.open("/inbox/")
    expect(page.locator(".sz-conn")).to_have_attribute("data-state", "online")
    with SqliteLog(data.detect_log, writer=True) as log:
        pour(data, COUNT, log)
        expect(page.locator("[data-storm]")).to_be_visible(timeout=120_000)

        wait_until(lambda: delivered(demo), 240, "the desk to deliver the flood")
    expect(page.locator("[data-silent-notice]")).to_contain_text("高速九号气象站", timeout=60_000)
    silent = page.locator("[data-silent-notice]").bounding_box()
    bar = page.locator("[data-storm]").bounding_box()
    assert silent["y"] < bar["y"], "the silent feed stands above the storm"
    groups = page.locator("[data-group]")
    expect(groups.first).to_be_visible()
    assert 1 < groups.count() <= 60
    desk.shot("storm-dark")

    # One key and a question sign the worst group, and nothing else.
    before = unsigned(page)
    many = int(groups.first.locator("td.sz-num").first.inner_text().replace(",", ""))
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.message)
        dialog.accept()

    page.on("dialog", answer)
    page.keyboard.press("j")
    page.keyboard.press("s")
    wait_until(lambda: unsigned(page) < before, 90, "the group to be signed")
    assert f"{many}" in asked[0].replace(",", "")
    assert before - unsigned(page) == many

    # Whoever takes over on a phone has the same storm, and the group can be looked into.
    other = sit_down("detachment", 390, 844)
    other.open("/inbox/")
    expect(other.page.locator("[data-storm]")).to_be_visible()
    other.shot("storm-phone")
    other.open("/inbox/?view=list")
    expect(other.page.locator("[data-row]").first).to_be_visible()
