"""/healthz and /metrics: a watchdog must see which part is missing, late or failing."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from sizao.log.datadir import COMPILING, write_status
from sizao.web.desk.thread import Desk

from .conftest import World


def beat(world: World, part: str, age_s: float = 0.0, **counters) -> None:
    write_status(world.data, part, at_s=time.time() - age_s, counters=counters)


def test_ok_once_every_part_beats(world: World):
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (503, "degraded")
    assert {part["status"] for part in answer.json()["parts"].values()} == {"missing"}
    for part in ("gateway", "pipeline", "web"):
        beat(world, part)
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


@pytest.mark.parametrize("part", ["gateway", "pipeline", "web"])
def test_a_part_that_stopped_beating_is_named(world: World, part: str):
    for name in ("gateway", "pipeline", "web"):
        beat(world, name, age_s=11 if name == part else 0)
    answer = Client().get("/healthz")
    assert answer.status_code == 503
    stale = [name for name, state in answer.json()["parts"].items() if state["status"] == "stale"]
    assert stale == [part]


def test_a_pipeline_that_compiles_says_how_far_it_is(world: World):
    for part in ("gateway", "pipeline", "web"):
        beat(world, part)
    beat(world, COMPILING, done=12, of=33)
    answer = Client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["pipeline"] == {"status": "compiling", "done": 12, "of": 33}
    beat(world, COMPILING, age_s=11, done=12, of=33)
    assert Client().get("/healthz").status_code == 200, "left by one that was killed"


def test_the_intake_counts_once_it_has_run(world: World):
    for part in ("gateway", "pipeline", "web"):
        beat(world, part)
    assert Client().get("/healthz").status_code == 200, "an installation may have no intake"
    beat(world, "intake", age_s=11)
    answer = Client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["intake"]["status"] == "stale"


def test_a_desk_that_fails_shows_and_recovers(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    from sizao.web.desk import thread

    for name in ("gateway", "pipeline"):
        beat(world, name)
    desk = Desk(world.ports)
    # In this test's own connection and transaction, which a failing round would close.
    monkeypatch.setattr(thread, "close_old_connections", lambda: None)
    monkeypatch.setattr(thread.connection, "close", lambda: None)

    def broken(ports):
        raise OSError("no space left on device")

    with monkeypatch.context() as failing:
        failing.setattr(thread, "run_round", broken)
        desk._try_round()
    answer = Client().get("/healthz")
    assert answer.status_code == 503
    assert "no space left" in answer.json()["parts"]["web"]["error"]
    assert "will be tried again" in caplog.text
    desk._try_round()
    assert Client().get("/healthz").status_code == 200
    assert (desk.rounds, desk.errors) == (2, 1)


def test_metrics_speak_prometheus(world: World):
    from prometheus_client.parser import text_string_to_metric_families

    beat(world, "gateway", positions=12, quarantined={"bad_checksum": 3}, peer="x")
    world.raise_case()
    text = Client().get("/metrics").content.decode()
    found = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found[("sizao_part_up", (("part", "gateway"),))] == 1
    assert found[("sizao_part_up", (("part", "pipeline"),))] == 0
    assert found[("sizao_open_cases", (("level", "yellow"),))] == 1
    counter = ("sizao_part", (("counter", "quarantined.bad_checksum"), ("part", "gateway")))
    assert found[counter] == 3
    assert "19800000001" not in text, "no vehicle"
    assert "川D" not in text


@pytest.mark.parametrize(
    ("part", "age_s", "said"),
    [
        ("pipeline", 59, ""),
        ("pipeline", 61, "检测程序 已 1 分钟无响应。 在此期间不产生新的预警"),
        ("pipeline", None, "检测程序 没有运行。"),
        ("gateway", 180, "车载终端接入程序 已 3 分钟无响应。 在此期间收不到新的数据"),
        ("intake", 180, "卡口、称重和气象数据接收程序 已 3 分钟无响应。"),
    ],
)
def test_who_waits_for_warnings_is_told_that_none_can_come(
    world: World, part: str, age_s: int | None, said: str
):
    for name in ("gateway", "pipeline", "web"):
        if name != part:
            beat(world, name)
    if age_s is not None:
        beat(world, part, age_s=age_s)
    client = world.client("off-xd1")
    for url in ("/inbox/", "/", "/vehicles/"):
        shown = " ".join(client.get(url).content.decode().split())
        assert ("data-trouble" in shown) is bool(said)
        assert said in shown


def test_no_new_warnings_while_rules_compile(world: World):
    for name in ("gateway", "pipeline", "web"):
        beat(world, name)
    beat(world, COMPILING, done=3, of=16)
    client = world.client("off-xd1")
    assert "检测规则首次编译中（已完成 19 %）" in client.get("/inbox/").content.decode()
