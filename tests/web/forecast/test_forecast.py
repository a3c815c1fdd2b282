"""Forecasts in service: made on the schedule, once, also after a kill, and seen when they fail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.test import Client

from sizao.core.errors import ConfigError
from sizao.core.schemas import ASSESSMENT, PASSAGE, WEATHER_NOTICE, WEATHER_READING
from sizao.risk.schedule import Slot
from sizao.runtime.embedded.log import SqliteLog
from sizao.web.audit.models import AuditEntry
from sizao.web.desk.models import Cursor
from sizao.web.forecast import compute, files, inputs, jobs, services
from sizao.web.forecast.models import Forecast, Notice, PassageHour, StationHour
from sizao.web.places.models import Fact
from sizao.web.risk import files as risk_files
from sizao.web.risk import jobs as assessments
from sizao.web.risk.models import Assessment
from tests.web.conftest import EAST, World
from tests.web.risk.conftest import assessed

NIGHT = Slot("night", "night:2026-11-23")


@pytest.fixture
def run(world: World) -> Iterator[Assessment]:
    files.forget()
    yield assessed(world)
    files.forget()
    risk_files.forget()


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the schedule sends to be made; made in this thread by ``drain``."""
    sent: list[int] = []
    monkeypatch.setattr(jobs.line, "submit", sent.append)
    monkeypatch.setattr(jobs.line, "busy", set())
    monkeypatch.setattr(assessments, "mend_once", lambda: None)
    return sent


def made(slot: Slot = NIGHT) -> Forecast:
    opened = services.open_run(slot)
    assert opened is not None
    found = services.run(opened.pk, compute.compute)
    assert found.state == "done", found.error
    return found


def test_a_forecast_is_kept_and_handed_to_the_desk(world: World, run: Assessment) -> None:
    found = made()
    assert found.assessment == run
    ahead = files.opened(found)
    assert ahead.hours.shape == (24 * 7, len(risk_files.results(run).rows))
    assert ahead.hours.sum() == pytest.approx(found.summary["expected"], rel=1e-3)
    (left,) = world.data.forecasts.glob("*.parquet")
    spans = pq.read_table(left).cast(ASSESSMENT)
    assert len(spans) == found.summary["spans"] > 0
    assert all(until > found.made for until in spans["until"].to_pylist())
    assert all(t < found.made + timedelta(hours=24) for t in spans["time"].to_pylist())
    world.round()
    facts = Fact.objects.filter(origin="forecast").count()
    assert facts == len(spans)
    world.round()
    assert Fact.objects.filter(origin="forecast").count() == facts
    assert AuditEntry.objects.filter(action="forecasted", object_id=str(found.pk)).exists()


def test_the_schedule_makes_it_once_and_again_the_next_night(
    world: World, run: Assessment, line: list[int]
) -> None:
    first = jobs.tick(world.ports)
    assert first is not None
    assert first.cause == "night"
    services.run(first.pk, compute.compute)
    assert jobs.tick(world.ports) is None
    world.clock.advance(3600 * 20)
    second = jobs.tick(world.ports)
    assert second is not None
    assert second.slot == "night:2026-11-24"
    assert line == [first.pk, second.pk]


@pytest.mark.parametrize("at", ["waiting", "computed", "handed over"])
def test_a_kill_at_any_step_ends_in_one_forecast(
    world: World, run: Assessment, line: list[int], at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = jobs.tick(world.ports)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    if at != "waiting":
        with monkeypatch.context() as broken:
            step = "hand_over" if at == "computed" else "audit"
            broken.setattr(services, step, killed if at == "computed" else Killed())
            with pytest.raises(KeyboardInterrupt):
                services.run(opened.pk, compute.compute)
        world.round()
    again = jobs.tick(world.ports)
    assert again == opened, "the same occasion goes on"
    assert services.run(again.pk, compute.compute).state == "done"
    world.round()
    assert Forecast.objects.count() == 1
    (left,) = world.data.forecasts.glob("*.parquet")
    assert Fact.objects.filter(origin="forecast").count() == len(pq.read_table(left))


class Killed:
    """Stands where the process ends."""

    def record(self, *_: object, **__: object) -> None:
        raise KeyboardInterrupt


def test_without_the_occasion_s_name_a_kill_hands_over_twice(world: World, run: Assessment) -> None:
    """The control: another row for the same night is another file that the desk reads.

    Its facts are known by place and span even so, and warn once.
    """
    made(NIGHT)
    made(Slot("night", "night:2026-11-23 bis"))
    world.round()
    assert len(list(world.data.forecasts.glob("*.parquet"))) == 2
    assert Cursor.objects.filter(pk__startswith="places:forecast:").count() == 2
    references = Fact.objects.filter(origin="forecast").values_list("reference", flat=True)
    assert len(references) == len(set(references))


def test_a_failure_is_seen_and_tried_again_and_given_up(
    world: World, run: Assessment, line: list[int]
) -> None:
    made(Slot("night", "night:2026-11-22"))
    world.clock.advance(60)

    def broken(_: Path) -> None:
        raise ConfigError("disk full")

    for _ in range(services.schedule().tries):
        opened = jobs.tick(world.ports)
        assert opened is not None
        assert services.run(opened.pk, broken).state == "failed"
        assert jobs.tick(world.ports) is None, "not at once"
        world.clock.advance(601)
    assert jobs.tick(world.ports) is None, "three times are enough"
    assert services.condition().state == "failed"
    answer = Client().get("/healthz").json()
    assert answer["forecast"]["status"] == "failed"
    assert answer["forecast"]["error"] == "disk full"
    page = world.client("off-dd1").get("/inbox/").content.decode()
    assert "风险预报更新失败，仍用" in page
    assert "disk full" in world.client("off-dd1").get("/risk/forecasts/").content.decode()
    assert "sizao_forecast_bad 1.0" in Client().get("/metrics").content.decode()


def test_an_old_forecast_is_called_old(world: World, run: Assessment) -> None:
    made()
    assert services.condition().state == "ok"
    world.clock.advance(3600 * 27)
    found = services.condition()
    assert found.state == "stale"
    assert found.stale_since == found.last + timedelta(hours=26)
    assert "风险预报已过期" in world.client("op-zd").get("/inbox/").content.decode()
    assert Client().get("/healthz").json()["forecast"]["status"] == "stale"
    assert "风险预报" not in world.client("pa-gs").get("/partner/").content.decode()


def test_an_assessment_made_on_the_page_leaves_a_forecast(
    world: World, run: Assessment, line: list[int]
) -> None:
    made()
    other = Assessment.objects.create(
        state="done", by="op-zd", at=world.now, first_year=2024, last_year=2025, method="eb",
        version="1", parameters=run.parameters, data=run.data,
    )  # fmt: skip
    folder = risk_files.folder(other)
    folder.mkdir()
    for name in ("base.npz", "crashes.parquet"):
        (folder / name).write_bytes((risk_files.folder(run) / name).read_bytes())
    opened = jobs.tick(world.ports)
    assert opened.cause == "assessment"
    assert services.run(opened.pk, compute.compute).assessment == other


def test_changed_records_are_assessed_before_the_night_s_forecast(
    world: World, run: Assessment, line: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sizao.web.imports.models import Crash

    assert not services.needs_assessment()
    Crash.objects.first().delete()
    world.clock.advance(60)
    assert services.needs_assessment()
    begun: list[int] = []
    monkeypatch.setattr(assessments, "submit", begun.append)
    assert jobs.tick(world.ports) is None, "the forecast waits"
    assert jobs.tick(world.ports) is None
    assert len(begun) == 1
    Assessment.objects.filter(pk=begun[0]).update(state="failed", error="no")
    waited = jobs.tick(world.ports)
    assert waited is not None
    assert services.run(waited.pk, compute.compute).assessment == run, "the one before serves"


def test_weather_and_flow_are_followed_and_renew_it(
    world: World, run: Assessment, line: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made()
    intake = SqliteLog(world.data.intake_log, writer=True)
    monkeypatch.setitem(world.ports.evidence, "intake", intake)
    world.clock.advance(4000)
    reading = {
        **dict.fromkeys(WEATHER_READING.names), "station": "qx-1", "time": world.now,
        "received": world.now, "lat": EAST[0], "lon": EAST[1], "rain_mm_h": 12.0,
        "visibility_m": 3000.0, "road_state": "wet", "source": "weather:made-up",
    }  # fmt: skip
    notice = {
        **dict.fromkeys(WEATHER_NOTICE.names), "notice": "n1", "time": world.now,
        "received": world.now, "until": world.now + timedelta(hours=5), "action": "alert",
        "status": "actual", "kind": "fog", "level": "red", "source": "weather:made-up",
    }  # fmt: skip
    passage = {
        **dict.fromkeys(PASSAGE.names), "passage": "p", "checkpoint": "kk-1", "time": world.now,
        "received": world.now, "plate": "川DI0001",
    }  # fmt: skip
    intake.append(
        {
            "weather_readings": pa.RecordBatch.from_pylist([reading], schema=WEATHER_READING),
            "weather_notices": pa.RecordBatch.from_pylist([notice], schema=WEATHER_NOTICE),
            "passages": pa.RecordBatch.from_pylist([passage] * 3, schema=PASSAGE),
        }
    )
    renewed = jobs.tick(world.ports)
    assert renewed is not None
    assert renewed.cause == "day"
    found = services.run(renewed.pk, compute.compute)
    causes = files.opened(found).causes
    assert causes["weather"][0][13] == 3, "fog is worse than rain"
    assert StationHour.objects.get().kind == 2
    assert PassageHour.objects.get().number == 3
    assert "川DI" not in str(PassageHour.objects.values())
    inputs.follow(world.ports, world.now)
    assert PassageHour.objects.get().number == 3, "nothing is counted twice"
    over = {**notice, "notice": "n2", "action": "cancel", "refers_to": "n1"}
    intake.append({"weather_notices": pa.RecordBatch.from_pylist([over], schema=WEATHER_NOTICE)})
    inputs.follow(world.ports, world.now)
    assert not Notice.objects.exists()
    intake.close()


def test_old_files_go_and_the_newest_stays(world: World, run: Assessment) -> None:
    first, second = made(), made(Slot("day", "day:1"))
    world.clock.advance(3600 * 24 * 40)
    assert services.prune(world.now) == 1
    assert files.opened(second) is not None
    assert not files.folder(first).exists()


def test_asking_twice_in_a_minute_is_asking_once(
    world: World, run: Assessment, line: list[int]
) -> None:
    client = world.client("op-zd")
    for _ in range(2):
        assert client.post("/risk/forecasts/renew/").status_code == 302
    asked = jobs.tick(world.ports)
    assert asked is not None
    assert asked.by == "op-zd"
    assert Forecast.objects.count() == 1
    assert AuditEntry.objects.filter(action="forecast", actor="op-zd").count() == 1
