"""Dense fog on an expressway and ice on a bridge: from a station's reading to a closed case."""

from __future__ import annotations

import json
import urllib.request
from datetime import datetime

import numpy as np
import pytest
from playwright.sync_api import expect

from sizao.core.clock import SHANGHAI, load_clock
from sizao.core.places import ROAD_CLASS_CODES
from sizao.roads.grid import build_grid, nearest
from sizao.roads.network import Network

from .conftest import Demo, press, wait_until
from .stages import Scenario

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]


def expressway(demo: Demo, share: float) -> tuple[float, float]:
    """A place on an expressway of the city: at this share of its segments."""
    roads = Network.load(demo.data / "network.npz")
    found = np.flatnonzero(roads.road_class == ROAD_CLASS_CODES["expressway"])
    segment = int(found[int(share * (len(found) - 1))])
    return roads.point(segment, float(roads.length_m[segment]) / 2)


def next_to(demo: Demo, place: tuple[float, float]) -> tuple[float, float]:
    """Another place of the same expressway, some kilometres on."""
    roads = Network.load(demo.data / "network.npz")
    segment, _, _ = nearest(roads, build_grid(roads), *place)
    stakes = (roads.stake_start_m + roads.stake_end_m) / 2
    away = np.abs(stakes - stakes[segment])
    same = (roads.ref == roads.ref[segment]) & (away > 1_000) & (away < 10_000)
    other = int(np.flatnonzero(same)[0])
    return roads.point(other, float(roads.length_m[other]) / 2)


def tell(demo: Demo, station: str, place: tuple[float, float], **measured: object) -> None:
    """One reading by HTTP with the weather service's key, as a station sends it."""
    key = json.loads((demo.data / "sim-keys.json").read_text(encoding="utf-8"))["weather:city"]
    at = datetime.fromtimestamp(load_clock(demo.data / "clock.json").time_s(), SHANGHAI)
    body = {
        "station": station, "time": at.isoformat(timespec="milliseconds"), "lat": place[0],
        "lon": place[1], **measured,
    }  # fmt: skip
    request = urllib.request.Request(
        f"http://127.0.0.1:{demo.intake}/intake/weather-readings",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200


def warned(demo: Demo, token: str, kind: str, level: str, place: tuple[float, float]) -> dict:
    """The newest such warning made from a reading at this place."""

    def look() -> list[dict]:
        found = demo.get(f"/api/v1/warnings?limit=200&kind={kind}", token)["items"]
        here = [one for one in found if one["level"] == level and one["origin"] == "weather"]
        return [
            one for one in here if abs(one["lat"] - place[0]) + abs(one["lon"] - place[1]) < 0.01
        ]

    return wait_until(look, 90, f"a {level} warning of {kind}")[0]


def test_dense_fog_on_the_expressway(demo, sit_down) -> None:
    told = Scenario("dense-fog", "高速公路大雾", "Dense fog on the expressway")
    token = demo.token("detachment")
    first = expressway(demo, 0.6)
    second = next_to(demo, first)
    tell(demo, "e2e-fog-1", first, visibility_m=150, road_state="damp")
    told.stage("测站报能见度 150 米", "A station reports 150 m of visibility")
    orange = warned(demo, token, "low_visibility", "orange", first)
    told.stage("橙色预警发布", "An orange warning is issued")
    assert orange["road_class"] == "expressway"
    assert orange["vehicle"] == ""

    tell(demo, "e2e-fog-2", second, visibility_m=40, road_state="damp")
    red = warned(demo, token, "low_visibility", "red", second)
    told.stage("邻近测站 40 米，升为红色，并入同一案", "40 m next to it: red, in the same case")
    assert (red["case"], red["refers_to"]) == (orange["case"], orange["id"])

    desk = sit_down("detachment")
    page = desk.page
    desk.open(f"/cases/{red['case']}/")
    expect(page.locator("[data-advice]")).to_contain_text("20 km/h")
    expect(page.locator("[data-event]")).to_contain_text("150")
    expect(page.locator("main .sz-plate")).to_have_count(0)
    expect(page.locator("[data-minimap][data-outlined]")).to_be_attached()
    press(page, "s")
    expect(page.locator("#sz-case [data-state=signed]")).to_be_visible()
    told.stage("支队指挥员签收", "An operator of the detachment signs", desk)
    press(page, "c")
    page.select_option("#sz-do-control [name=measure]", "road_control")
    page.fill("#sz-do-control [name=text]", "限速 20 公里，就近驶离，入口劝返危险货物车辆。")
    page.click("#sz-do-control [value=control]")
    expect(page.locator("#sz-case [data-state=controlled]")).to_be_visible()
    told.stage("采取路段管制", "The section is put under control")
    press(page, "r")
    page.fill("#sz-do-resolve textarea", "能见度恢复至 800 米，管制解除。")
    page.click("#sz-do-resolve [value=resolve]")
    expect(page.locator("#sz-case [data-state=resolved]")).to_be_visible()
    told.stage("雾散，处置完毕", "The fog lifts; resolved", desk)
    told.done()


def test_ice_on_a_bridge(demo, sit_down) -> None:
    told = Scenario("ice-on-a-bridge", "桥面结冰", "Ice on a bridge")
    token = demo.token("detachment")
    bridge = expressway(demo, 0.8)
    tell(demo, "e2e-bridge", bridge, road_c=-0.4, air_c=-1.0, road_state="wet")
    told.stage("桥面传感器报路面 -0.4℃、潮湿", "The bridge reports a wet surface at -0.4 °C")
    yellow = warned(demo, token, "road_ice", "yellow", bridge)
    told.stage("黄色预警：随时可能结冰", "A yellow warning: it may freeze any moment")
    tell(demo, "e2e-bridge", bridge, road_c=-1.8, air_c=-2.0, road_state="ice")
    orange = warned(demo, token, "road_ice", "orange", bridge)
    told.stage("路面结冰，升为橙色", "Ice on the surface: orange")
    assert orange["case"] == yellow["case"]

    desk = sit_down("detachment", 390, 844)
    page = desk.page
    desk.open(f"/cases/{orange['case']}/")
    expect(page.locator("main h1").first).to_contain_text("路面结冰")
    press(page, "s")
    expect(page.locator("#sz-case [data-state=signed]")).to_be_visible()
    told.stage("值班员在手机上签收", "An operator signs on a phone", desk)
    press(page, "c")
    page.select_option("#sz-do-control [name=measure]", "other")
    page.fill("#sz-do-control [name=text]", "通知养护单位撒布融雪剂，桥头设警示。")
    page.click("#sz-do-control [value=control]")
    expect(page.locator("#sz-case [data-state=controlled]")).to_be_visible()
    press(page, "r")
    page.fill("#sz-do-resolve textarea", "融雪剂已撒布，路面回到湿润。")
    page.click("#sz-do-resolve [value=resolve]")
    expect(page.locator("#sz-case [data-state=resolved]")).to_be_visible()
    told.stage("融雪除冰，处置完毕", "De-iced; resolved", desk)
    told.done()
