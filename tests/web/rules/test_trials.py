"""Trying a version of a rule on the archive: who may, what it shows, how it is stopped."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from sizao.core.errors import ConfigError, TransitionError
from sizao.core.schemas import POSITION, WEIGHING
from sizao.log.archive.store import ArchiveStore
from sizao.runtime.embedded.log import SqliteLog
from sizao.web.audit.models import AuditEntry
from sizao.web.rules import services, trials
from sizao.web.rules.models import Trial
from tests.detect.tracks import START, Track
from tests.detect.weighings import weighing
from tests.web.conftest import HAZMAT, TRUCK, World

SHORTER = {"max_continuous_min": 180.0}
DAY = timedelta(days=1)
SPAN = (START - timedelta(hours=8), START + DAY)


def drives(vehicle: str, minutes: float) -> list[dict[str, Any]]:
    return Track(vehicle, every_s=60).drive(minutes).stand(25).rows


@pytest.fixture
def archive(world: World) -> World:
    """A truck that drives 3.5 h and one that drives 4.5 h without a rest."""
    rows = sorted([*drives(TRUCK, 210), *drives(HAZMAT, 270)], key=lambda row: row["time"])
    with ArchiveStore(world.data.archive) as store:
        store.take([pa.RecordBatch.from_pylist(rows, schema=POSITION)], 1, 0.0)
    return world


@pytest.fixture(autouse=True)
def queued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Trials are run by the test, not by the thread."""
    found: list[int] = []
    monkeypatch.setattr(trials.line, "submit", found.append)
    monkeypatch.setattr(trials.line, "mend_once", lambda: None)
    return found


def asked(world: World, **over: Any) -> Trial:
    given = {
        "user": world.user("op-zd"), "rule": "fatigue", "params": SHORTER, "enabled": True,
        "since": SPAN[0], "until": SPAN[1], "purpose": "评估 3 小时提醒",
    }  # fmt: skip
    return trials.ask(**{**given, **over})


def test_a_trial_says_what_would_have_come_and_gone(archive: World) -> None:
    """The real replay, in its own process."""
    trial = trials.run(asked(archive).pk)
    assert (trial.state, trial.error) == ("done", "")
    total = trial.summary["total"]
    assert (total["before"], total["after"], total["appears"]) == (1, 2, 1)
    assert trial.summary["vehicles"] == 2
    assert sum(one["after"] for one in trial.summary["by_day"].values()) == 2
    assert set(trial.summary["by_unit"])
    page = archive.client("lead-zd").get(f"/rules/fatigue/trials/{trial.pk}/").content.decode()
    assert "现行规则 <b>1</b> 起，变更后 <b>2</b> 起" in page
    assert 'data-change="appears"' in page
    assert "连续驾驶时间上限由4 小时改为3 小时（减小）" in page
    assert AuditEntry.objects.filter(action="rule.try.read").count() == 1
    # Who decides sees it beside the change.
    services.ask(archive.user("op-zd"), "fatigue", SHORTER, True, "试行")
    page = archive.client("lead-zd").get("/rules/fatigue/").content.decode()
    assert f'data-trial="{trial.pk}"' in page
    assert "data-untried" not in page
    # The auditor reads the counts and no plate.
    page = archive.client("audit").get(f"/rules/fatigue/trials/{trial.pk}/").content.decode()
    assert "变更后 <b>2</b> 起" in page
    assert "川D" not in page
    assert trials.prune(archive.now + timedelta(days=31)) == 1
    page = archive.client("lead-zd").get(f"/rules/fatigue/trials/{trial.pk}/").content.decode()
    assert "已经删除" in page
    assert "变更后 <b>2</b> 起" in page


def test_a_trial_that_had_nothing_to_look_at_counts_nothing(archive: World) -> None:
    """Noughts would read as "no effect" to whoever approves the change."""
    trial = trials.run(asked(archive, since=SPAN[0] - 9 * DAY, until=SPAN[1] - 9 * DAY).pk)
    assert (trial.state, trial.summary["positions"]) == ("done", 0)
    services.ask(archive.user("op-zd"), "fatigue", SHORTER, True, "试行")
    client = archive.client("lead-zd")
    for address in (f"/rules/fatigue/trials/{trial.pk}/", "/rules/fatigue/"):
        page = client.get(address).content.decode()
        assert "data-nothing" in page
        assert "试算不能说明什么" in page
        assert not re.search(r"data-total|<b>0</b> 起|两边都没有检出", page)


def test_a_rule_over_records_is_tried_too(world: World) -> None:
    """Six axles may weigh 49 t; would they be let 60, one of two would be none."""
    rows = [weighing(number, gross_kg=gross) for number, gross in enumerate((48e3, 55e3, 70e3))]
    with SqliteLog(world.data.intake_log, writer=True) as log:
        log.append({"weighings": pa.RecordBatch.from_pylist(rows, schema=WEIGHING)})
    params = {"axles_6_combination_kg": 60_000.0}
    trial = trials.run(asked(world, rule="over_road_limit", params=params).pk)
    assert (trial.state, trial.error) == ("done", "")
    total = trial.summary["total"]
    assert (total["before"], total["after"], total["disappears"]) == (2, 1, 1)
    assert (trial.summary["records"], trial.summary["positions"]) == (3, 0)
    page = world.client("lead-zd").get(f"/rules/over_road_limit/trials/{trial.pk}/")
    assert "3 条记录" in page.content.decode()


def test_a_change_that_nobody_tried_says_so(world: World) -> None:
    services.ask(world.user("op-zd"), "fatigue", SHORTER, True, "试行")
    assert "data-untried" in world.client("lead-zd").get("/rules/fatigue/").content.decode()


def test_asking_is_audited_with_its_purpose(world: World, queued: list[int]) -> None:
    trial = asked(world)
    assert queued == [trial.pk]
    entry = AuditEntry.objects.get(action="rule.try")
    assert entry.data["purpose"] == "评估 3 小时提醒"


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"purpose": "试"}, "目的"),
        ({"since": None}, "起止时间"),
        ({"since": SPAN[1]}, "起止时间"),
        ({"since": SPAN[1] - timedelta(days=40)}, "最多试算 31 天"),
        ({"params": {}}, "与现行参数相同"),
        ({"params": {"max_continuous_min": 1.0}}, "只能填"),
        ({"rule": "hot_list", "params": {}}, "与现行参数相同"),
        ({"rule": "none"}, "不能试算"),
    ],
)
def test_what_cannot_be_tried_is_refused_in_words(
    world: World, queued: list[int], over: dict[str, Any], says: str
) -> None:
    with pytest.raises(TransitionError, match=says):
        asked(world, **over)
    assert not queued
    assert not AuditEntry.objects.filter(action="rule.try").exists()


@pytest.mark.parametrize("who", ["op-dd", "off-dd1", "audit", "lead-xd"])
def test_only_those_who_change_rules_try_them(world: World, who: str) -> None:
    with pytest.raises(TransitionError, match="支队"):
        asked(world, user=world.user(who))
    answer = world.client(who).post("/rules/fatigue/try/", {"purpose": "评估一下"})
    assert answer.status_code == 403


def test_the_page_takes_the_numbers_of_the_form(world: World) -> None:
    given = {
        "p-max_continuous_min": "180", "enabled": "1", "since": "2026-11-20T00:00",
        "until": "2026-11-21T00:00", "purpose": "评估提醒",
    }  # fmt: skip
    answer = world.client("op-zd").post("/rules/fatigue/try/", given)
    assert answer.status_code == 302
    trial = Trial.objects.get()
    assert trial.params == SHORTER
    assert trial.since == datetime(2026, 11, 19, 16, tzinfo=UTC)
    page = world.client("op-zd").get(answer.url).content.decode()
    assert 'hx-trigger="every 2s"' in page
    answer = world.client("op-zd").post("/rules/fatigue/try/", {**given, "until": "昨天"})
    assert answer.status_code == 422


def test_a_trial_that_waits_is_cancelled_and_not_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = asked(world)
    monkeypatch.setattr(trials, "_replayed", lambda *given: pytest.fail("it was cancelled"))
    world.client("op-zd").post(f"/rules/fatigue/trials/{trial.pk}/cancel/")
    assert trials.run(trial.pk).state == "cancelled"
    with pytest.raises(TransitionError, match="已经结束"):
        trials.cancel(world.user("op-zd"), trial)


def test_a_replay_under_way_is_stopped(threaded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child is ended, its file goes, and what it said as it died is no failure."""
    import subprocess
    import sys

    begun = threading.Event()
    real = subprocess.Popen

    def slow(command: list[str], **given: Any) -> Any:
        child = real([sys.executable, "-c", "import time; time.sleep(600)"], **given)
        begun.set()
        return child

    monkeypatch.setattr(trials.subprocess, "Popen", slow)
    trial = asked(threaded)
    thread = threading.Thread(target=trials._do, args=(trial.pk,))
    thread.start()
    assert begun.wait(30)
    while trial.pk not in trials._children:
        pass
    trials.cancel(threaded.user("op-zd"), trial)
    thread.join(30)
    assert not thread.is_alive()
    trial.refresh_from_db()
    assert (trial.state, trial.error) == ("cancelled", "")
    assert not trials._children
    assert not trials.episodes_file(trial).exists()


def test_what_the_replay_says_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: Any) -> None:
        raise ConfigError("archive/2026-03-02: cannot be read")

    monkeypatch.setattr(trials, "_replayed", broken)
    trial = asked(world)
    trials._do(trial.pk)
    page = world.client("op-zd").get(f"/rules/fatigue/trials/{trial.pk}/").content.decode()
    assert "cannot be read" in page


def test_a_trial_that_a_dead_process_left_is_closed(world: World) -> None:
    trial, other = asked(world), asked(world, params={"max_continuous_min": 200.0})
    trials.mend({other.pk})
    assert [Trial.objects.get(pk=one.pk).state for one in (trial, other)] == ["failed", "waiting"]
    client = world.client("op-zd")
    for language, said in (("zh-hans", "请重新试算"), ("en", "try again")):
        client.cookies["django_language"] = language
        assert said in client.get(f"/rules/fatigue/trials/{trial.pk}/").content.decode()


def test_before_and_after_count_what_each_side_has() -> None:

    from sizao.web.rules.figures import count

    rows = [{"change": name} for name in ("appears", "disappears", "changes", "same", "same")]
    assert count(rows) == {
        "before": 4, "after": 4, "appears": 1, "disappears": 1, "changes": 1, "same": 2,
    }  # fmt: skip
