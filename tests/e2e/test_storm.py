"""A flood of detections reaches an open inbox: groups, one key, nothing lost; and a feed that falls
silent in the storm is not buried.

The web process runs by itself, as in production; the tests stand in for the pipeline and the
intake, whose logs they write. ``SIZAO_STORM`` is the number of detections (5,000 for the scenario
in the documentation, 60 seconds of a bad minute at once).
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
from sizao.core.clock import ScaledClock, load_clock, now, save_clock
from sizao.core.schemas import DETECTION, WEATHER_READING
from sizao.log import register
from sizao.log.datadir import DataDir

from .conftest import Demo, free_port, press, wait_until
from .stages import Scenario

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

COUNT = int(os.environ.get("SIZAO_STORM", "1000"))
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


def test_a_flood_becomes_groups_that_one_key_signs(demo: Demo, sit_down: Any) -> None:
    from sizao.runtime.embedded.log import SqliteLog

    data = DataDir(demo.data)
    told = Scenario(
        "flood", f"一分钟 {COUNT:,} 条检测", f"A flood of {COUNT:,} detections in a minute"
    )
    desk = sit_down("detachment")
    page = desk.page
    desk.open("/inbox/")
    expect(page.locator(".sz-conn")).to_have_attribute("data-state", "online")
    told.stage("值班席收件箱打开", "An operator has the inbox open")
    with SqliteLog(data.detect_log, writer=True) as log:
        pour(data, COUNT, log)
        told.stage(f"{COUNT:,} 条检测已写入日志", f"{COUNT:,} detections are in the log")
        expect(page.locator("[data-storm]")).to_be_visible(timeout=120_000)
        told.stage("收件箱转入风暴模式，按类型和地点分组", "The inbox turns to groups", desk)
        wait_until(lambda: delivered(demo), 240, "the desk to deliver the flood")
    told.stage("全部检测已定级、合并、立案", "All are graded, merged and cases")
    groups = page.locator("[data-group]")
    expect(groups.first).to_be_visible()
    assert 1 < groups.count() <= 60
    # Everything that came is in a group: the page counts what the database holds.
    token = demo.token("detachment")
    wait_until(
        lambda: unsigned(page) == demo.get("/api/v1/cases?state=raised&limit=1", token)["count"],
        60, "the page to count every case",
    )  # fmt: skip
    told.stage(
        f"{unsigned(page):,} 起待签收案件归为 {groups.count()} 组，一起不少",
        f"{unsigned(page):,} cases to sign stand in {groups.count()} groups, none missing", desk,
    )  # fmt: skip
    desk.shot("storm-dark")

    # One key and a question sign the worst group, and nothing else.
    before = unsigned(page)
    many = int(groups.first.locator("td.sz-num").first.inner_text().replace(",", ""))
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.message)
        dialog.accept()

    page.on("dialog", answer)
    press(page, "j")
    press(page, "s")
    # Twenty a transaction: the page may see some of them signed before the last is.
    wait_until(lambda: before - unsigned(page) >= many, 120, "the group to be signed")
    assert f"{many}" in asked[0].replace(",", "")
    assert before - unsigned(page) == many
    told.stage(
        f"一键签收最急的一组，{many} 起逐案留痕", f"One key signs the worst group, {many} cases"
    )

    # Whoever takes over on a phone has the same storm, and the group can be looked into.
    other = sit_down("detachment", 390, 844)
    other.open("/inbox/")
    expect(other.page.locator("[data-storm]")).to_be_visible()
    other.shot("storm-phone")
    told.stage("接班人手机上是同一个风暴", "Who takes over has the same storm on a phone")
    other.open("/inbox/?view=list")
    expect(other.page.locator("[data-row]").first).to_be_visible()
    told.stage("逐件看仍可用", "Everything can still be seen one by one")
    told.done()


def test_a_feed_that_falls_silent_in_the_storm_is_not_buried(demo: Demo, sit_down: Any) -> None:
    """Runs in the storm of the test before."""
    told = Scenario("silent-feed", "风暴中数据源静默", "A feed silent in a storm")
    data = DataDir(demo.data)
    desk = sit_down("detachment")
    page = desk.page
    desk.open("/inbox/")
    expect(page.locator("[data-storm]")).to_be_visible()
    told.stage("收件箱处于风暴模式", "The inbox is in a storm")
    notice = page.locator("[data-silent-notice]")
    expect(notice).to_contain_text("高速九号气象站", timeout=60_000)
    assert notice.bounding_box()["y"] < page.locator("[data-storm]").bounding_box()["y"]
    told.stage(
        "气象站静默的提示出现在风暴之上", "The silent weather station stands above the storm", desk
    )
    desk.open("/sources/weather:gs9/")
    page.locator("[name=action][value=acknowledge]").first.click()
    told.stage("值班员知悉并着手核实", "The operator knows, and asks the owner", desk)
    desk.open("/inbox/")
    expect(page.locator("[data-storm]")).to_be_visible()
    expect(notice).to_have_count(0)
    told.stage("提示收起，风暴不变", "The notice is put away, the storm goes on")
    speak(data)
    wait_until(lambda: recovered(data, desk), 120, "the station to be heard again")
    told.stage("气象站恢复上报，静默有始有终", "It speaks again; the silence is on record", desk)
    told.done()


def speak(data: DataDir) -> None:
    """The station reports once, as the intake would write it."""
    from sizao.runtime.embedded.log import SqliteLog

    at = now(load_clock(data.clock))
    row = {"time": at, "received": at, "source": SILENT["id"], "station": "gs9",
           "visibility_m": 4000.0}  # fmt: skip
    batch = pa.RecordBatch.from_pylist(
        [{**dict.fromkeys(WEATHER_READING.names), **row}], schema=WEATHER_READING
    )
    with SqliteLog(data.intake_log, writer=True) as log:
        log.append({"weather_readings": batch})


def recovered(data: DataDir, desk: Any) -> bool:
    """The station goes on reporting; whether the source's page says that it is heard again."""
    speak(data)
    desk.open("/sources/weather:gs9/")
    return "仍在静默" not in desk.page.locator("main").inner_text()
