"""The fleet's sums in service: from the archive each night, shown with denominators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from sizao.app.cli import cli
from sizao.core.errors import ConfigError
from sizao.core.schemas import POSITION
from sizao.log.archive.store import ArchiveStore
from sizao.web.exposure import compute, jobs, services
from sizao.web.exposure.models import FleetSum
from sizao.web.risk import files as risk_files
from sizao.web.risk.models import Assessment
from tests.risk.test_fleet_hours import trips
from tests.web.conftest import World
from tests.web.risk.conftest import assessed


@pytest.fixture
def run(world: World) -> Iterator[Assessment]:
    yield assessed(world)
    risk_files.forget()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    numbers: list[int] = []
    monkeypatch.setattr(jobs.line, "submit", numbers.append)
    monkeypatch.setattr(jobs.line, "busy", set())
    return numbers


def archived(world: World, vehicles: int = 6) -> None:
    """An archive with some vehicles on the third edge this morning."""
    names, which, _, lat, lon, speed = trips(vehicles, 0)
    start = world.now - timedelta(hours=4)
    batch = [
        {**dict.fromkeys(POSITION.names), "vehicle": names[at],
         "time": start + timedelta(seconds=10 * (n % 6)), "received": start, "lat": lat[n],
         "lon": lon[n], "speed_kmh": speed[n], "source": "jt808"}
        for n, at in enumerate(which)
    ]  # fmt: skip
    with ArchiveStore(world.data.archive) as store:
        store.take([pa.RecordBatch.from_pylist(batch, schema=POSITION)], 1, 1.0)


def made(world: World) -> FleetSum:
    slot = services.due(world.now)
    assert slot is not None
    found = services.run(services.open_sum(slot).pk, compute.compute)
    assert found.state == "done", found.error
    return found


def test_a_night_s_sum_is_made_once_and_a_young_one_each_hour(
    world: World, run: Assessment, sent: list[int]
) -> None:
    assert jobs.tick(world.now) is None, "no archive yet"
    archived(world)
    opened = jobs.tick(world.now)
    assert opened is not None
    found = services.run(opened.pk, compute.compute)
    assert found.summary["vehicles"] == 6
    assert found.summary["matched"] == 1.0
    hourly = jobs.tick(world.now)
    assert hourly is not None
    assert hourly.slot.startswith("hour:")
    services.run(hourly.pk, compute.compute)
    assert jobs.tick(world.now) is None
    FleetSum.objects.update(summary={**found.summary, "days": 9})
    world.clock.advance(3600 * 3)
    assert jobs.tick(world.now) is None
    world.clock.advance(3600 * 24)
    assert jobs.tick(world.now).slot == "night:2026-11-24"


def test_a_kill_goes_on_with_the_same_row_and_a_failure_waits(
    world: World, run: Assessment, sent: list[int]
) -> None:
    archived(world)
    opened = jobs.tick(world.now)

    def killed(_: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        services.run(opened.pk, killed)
    world.clock.advance(700)
    assert jobs.tick(world.now) == opened

    def broken(_: Path) -> None:
        raise ConfigError("no")

    assert services.run(opened.pk, broken).error == "no"
    assert jobs.tick(world.now) is None
    world.clock.advance(700)
    assert services.run(jobs.tick(world.now).pk, compute.compute).state == "done"
    assert FleetSum.objects.count() == 1


def test_the_page_of_a_site_shows_it_with_denominators(world: World, run: Assessment) -> None:
    archived(world)
    made(world)
    client = world.client("off-dd1")
    page = client.get("/risk/sites/s3/").content.decode()
    assert "6 辆，日均" in page
    assert "36 个行驶定位点" in page
    assert "覆盖路网里程的" in page
    other = client.get("/risk/sites/s9/").content.decode()
    assert "不足 5 辆，不显示" in other
    stored = pq.read_table(services.folder(services.newest()) / "fleet.parquet")
    assert "vehicle" not in stored.schema.names
    assert "v0" not in str(stored.to_pylist())


def test_an_assessment_takes_a_copy_and_says_so(world: World, run: Assessment) -> None:
    from sizao.web.risk import compute as assess
    from sizao.web.risk import services as risk

    archived(world, 40)
    made(world)
    FleetSum.objects.update(summary={**services.newest().summary, "days": 9})
    again = risk.run(risk.open_run(None, years=range(2023, 2026)).pk, assess.compute)
    assert again.state == "done", again.error
    assert (risk_files.folder(again) / "fleet.parquet").exists()
    assert again.summary["traffic"]["counted"] == 0
    assert again.summary["traffic"]["surrogates"] == [], "no braking was seen often enough"


def test_the_command_says_what_it_covers(world: World, run: Assessment, tmp_path: Path) -> None:
    archived(world)
    out = tmp_path / "fleet.parquet"
    found = CliRunner().invoke(cli, ["exposure", "--data", str(world.data.root), "--out", str(out)])
    if "already" in found.output:
        pytest.skip("Django is set up on another folder in this process")
    assert found.exit_code == 0, found.output
    assert json.loads(found.output.splitlines()[-1])["least_vehicles"] == 5
    assert len(pq.read_table(out)) == 2
