"""Market day: a post counts fifteen people in a minivan of seven seats, until all is taken over."""

from __future__ import annotations

import json
import re
import urllib.request
from datetime import datetime

import pytest
from playwright.sync_api import expect

from sizao.core.clock import SHANGHAI, load_clock

from .conftest import Demo, press, wait_until
from .register import register
from .stages import Scenario
from .test_scenario_response import answer, sign, start

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

PLATE = "川DI9911"
PLACE = (26.6120, 101.6480)


def counted(demo: Demo, persons: int) -> None:
    """One check by HTTP with a post's key, as its hand-held terminal sends it."""
    keys = json.loads((demo.data / "sim-keys.json").read_text(encoding="utf-8"))
    key = next(key for source, key in keys.items() if source.startswith("check:"))
    at = datetime.fromtimestamp(load_clock(demo.data / "clock.json").time_s(), SHANGHAI)
    body = {
        "id": "JC-E2E-1", "time": at.isoformat(timespec="milliseconds"), "plate": PLATE,
        "plate_colour": "蓝", "persons": persons, "lat": PLACE[0], "lon": PLACE[1],
    }  # fmt: skip
    request = urllib.request.Request(
        f"http://127.0.0.1:{demo.intake}/intake/roadside-checks",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        assert reply.status == 200


def test_too_many_on_board_on_market_day(demo, sit_down, tmp_path) -> None:
    told = Scenario("market-day", "赶场日超员", "Too many on board on market day")
    desk = sit_down("detachment")
    page = desk.page
    header = ("终端号", "号牌号码", "号牌颜色", "车辆类型", "核定载客")
    register(demo, desk, tmp_path, header, ("10000099111", PLATE, "蓝色", "面包车", "7"))
    told.stage("面包车登记在册，核载 7 人", "A minivan of seven seats is in the register")
    counted(demo, 15)
    told.stage("场口执勤点清点 15 人", "A post at the market counts fifteen persons")
    token = demo.token("detachment")

    def warned() -> list[dict]:
        found = demo.get("/api/v1/warnings?limit=200&kind=over_capacity", token)["items"]
        return [one for one in found if one["plate"] == PLATE]

    warning = wait_until(warned, 120, "a warning of too many on board")[0]
    assert warning["level"] == "orange"
    told.stage("橙色预警：超员一倍以上", "An orange warning: twice as many as seats")
    desk.open(f"/cases/{warning['case']}/")
    expect(page.locator("main")).to_contain_text("15")
    sign(page)
    start(page)
    page.locator("form[method=post].sz-next button").press("Enter")
    page.wait_for_url(re.compile(r"/cases/\d+/$"))
    expect(page.locator("[data-run=market_overload]")).to_be_visible()
    told.stage("签收并启动赶场日管控预案", "Signed; the market-day plan is started", desk)
    answer(page, "post", "finish")
    answer(page, "buses", "finish")
    expect(page.locator("[data-task=close_out][data-task-state=ordered]")).to_be_visible()
    told.stage(
        "设卡转客、加开班车办结，撤岗任务下达", "Taken over and driven home; standing down", desk
    )
    for task in ("persuaders", "parking", "ambulance", "close_out"):
        answer(page, task, "finish")
    press(page, "r")
    page.fill("#sz-do-resolve textarea", "超员 8 人全部转乘班车，面包车消除违法状态后放行。")
    page.click("#sz-do-resolve [value=resolve]")
    expect(page.locator("#sz-case [data-state=resolved]")).to_be_visible()
    told.stage("处置完毕", "Resolved", desk)
    told.done()
