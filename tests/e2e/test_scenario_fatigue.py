"""A truck with dangerous goods whose driver has not rested for four hours, from feed to close."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from sizao.roads.network import Network
from sizao.sim import city

from .conftest import press, wait_until
from .register import register
from .stages import Scenario

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

PHONE, PLATE = "10000099002", "川DI9902"
DRIVEN_S = 4 * 3600 + 12 * 60
EVERY_S = 60
SPEED_KMH = 35.0


def home_area(units: list[dict]) -> str:
    """Where the demonstration's brigade account sits: the brigade with the most squadrons."""
    squadrons = Counter(unit["parent"] for unit in units if unit["level"] == "squadron")
    brigades = [unit for unit in units if unit["level"] == "brigade"]
    return max(brigades, key=lambda unit: squadrons[unit["code"]])["area"]


def track(network: Path, area: str) -> Iterator[str]:
    """Four hours to and fro on the roads of one district at a steady speed, until now."""
    roads = Network.load(network)
    forward = (roads.area == area) & (roads.direction == "下行")
    ref = Counter(roads.ref[forward].tolist()).most_common(1)[0][0]
    own = np.flatnonzero(forward & (roads.ref == ref))
    own = own[np.argsort(roads.stake_start_m[own])]
    reach = np.concatenate([[0.0], np.cumsum(roads.length_m[own])])
    now = time.time()
    yield "lat,lon,time,speed_kmh,heading_deg\n"
    for at in range(0, DRIVEN_S + 1, EVERY_S):
        driven = SPEED_KMH / 3.6 * at % (2 * reach[-1])
        place = min(driven, 2 * reach[-1] - driven)
        k = min(int(np.searchsorted(reach, place, side="right")) - 1, len(own) - 1)
        offset = np.array([place - reach[k]])
        lat, lon = roads.points(own[k : k + 1], offset)
        ahead = roads.points(own[k : k + 1], np.minimum(offset + 20, roads.length_m[own[k]]))
        back = roads.points(own[k : k + 1], np.maximum(offset - 20, 0))
        east = (ahead[1] - back[1]) * np.cos(np.radians(lat))
        heading = np.degrees(np.arctan2(east, ahead[0] - back[0]))[0]
        heading = int(heading if driven == place else heading + 180) % 360
        yield f"{lat[0]:.6f},{lon[0]:.6f},{now - DRIVEN_S + at:.0f},{SPEED_KMH},{heading}\n"


def test_a_fatigued_driver_with_dangerous_goods(demo, sit_down, tmp_path) -> None:
    told = Scenario(
        "fatigued-hazmat",
        "危险货物运输车疲劳驾驶",
        "A truck with dangerous goods, its driver tired",
    )
    desk = sit_down("detachment")
    page = desk.page
    header = ("终端号", "号牌号码", "号牌颜色", "车辆类型")
    register(demo, desk, tmp_path, header, (PHONE, PLATE, "黄色", "危险货物运输车"))
    told.stage("车辆由登记导入", "The vehicle is imported into the register", desk)

    file = tmp_path / "track.csv"
    file.write_text(
        "".join(track(demo.data / "network.npz", home_area(city.units()))), encoding="utf-8"
    )
    terminal = subprocess.Popen(
        [sys.executable, "-m", "sizao", "terminal", "--port", str(demo.gateway), "--phone", PHONE,
         "--plate", PLATE, "--track", str(file), "--stay-s", "300", "--wait-s", "60"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        told.stage("终端补报 4 小时 12 分行驶", "Its terminal reports 4 h 12 min of driving")
        token = demo.token("detachment")

        def warned() -> list[dict]:
            found = demo.get("/api/v1/cases?limit=200&kind=fatigue", token)["items"]
            return [case for case in found if case["plate"] == PLATE]

        case = wait_until(warned, 120, "a fatigue warning")[0]
        told.stage("疲劳驾驶预警发布，进入待签收", "The warning waits for a signature")
        assert case["level"] in ("orange", "red")
        desk.open(f"/cases/{case['id']}/")
        expect(page.locator("main")).to_contain_text(PLATE)
        expect(page.locator("main")).to_contain_text("危险货物")
        expect(page.locator("#sz-case [role=timer]").first).to_be_visible()
        press(page, "s")
        expect(page.locator("#sz-case [data-state=signed]")).to_be_visible()
        told.stage("指挥员签收", "An operator signs", desk)

        press(page, "c")
        page.click("#sz-do-control [value=control]")
        expect(page.locator("[data-delivery=acknowledged]")).to_be_visible(timeout=60_000)
        told.stage("语音提示由终端确认收到", "The driver's terminal confirms the spoken text", desk)

        press(page, "d")
        expect(page.locator("#sz-do-dispatch [name=units]:not([disabled])").first).to_be_checked()
        page.click("#sz-do-dispatch [value=dispatch]")
        expect(page.locator("[data-assignment]").first).to_be_visible()
        told.stage("派最近警力拦停", "The nearest patrol is sent to stop it")

        press(page, "r")
        page.fill("#sz-do-resolve textarea", "已引导至停车区，驾驶人休息，换另一名驾驶人。")
        page.click("#sz-do-resolve [value=resolve]")
        expect(page.locator("#sz-case [data-state=resolved]")).to_be_visible()
        told.stage("处置完毕", "Resolved")

        other = sit_down("brigade")
        other.open(f"/cases/{case['id']}/")
        press(other.page, "v")
        expect(other.page.locator("#sz-case [data-state=verified]")).to_be_visible()
        told.stage("另一人核实办结", "Another person verifies and closes", other)
    finally:
        terminal.terminate()
        terminal.wait(10)
    told.done()
    seen = page.locator("main").inner_text()
    assert re.search(r"连续驾驶", seen)
