"""Runs: from the register to stored results, in a process of their own, and what can go wrong."""

from __future__ import annotations

import pytest

from sizao.core.errors import ConfigError
from sizao.web.audit.models import AuditEntry
from sizao.web.risk import files, jobs, services
from sizao.web.risk.models import Assessment
from tests.web.conftest import World
from tests.web.risk.conftest import register


def test_a_run_keeps_what_it_was_made_of(world: World, run: Assessment) -> None:
    assert run.span == "2023–2025"
    assert run.data == {
        "sources": {"试验台账": 360}, "unlocated": 0, "records": 360, "treatments": "0:0",
    }  # fmt: skip
    assert run.summary["on_network"] == 360
    assert run.backtest["test"] == 2025
    results = files.results(run)
    assert results.week.shape == (168, len(results.rows))
    assert AuditEntry.objects.filter(action="assess", object_id=str(run.pk)).exists()
    assert AuditEntry.objects.filter(action="assessed", object_id=str(run.pk)).exists()


def test_the_work_is_done_in_a_process_of_its_own(world: World) -> None:
    register(world, a_year=40)
    steps: list[str] = []
    opened = services.open_run(None, years=range(2023, 2026), method="eb")

    def watched(place, step) -> None:
        services.in_child(place, lambda name, share: (steps.append(name), step(name, share)))

    done = services.run(opened.pk, watched)
    assert done.state == "done", done.error
    assert steps[0] == "read"
    assert steps[-1] == "done"
    assert "estimate" in steps


def test_a_run_that_cannot_be_made_says_why(world: World) -> None:
    with pytest.raises(ConfigError, match="no road network"):
        services.open_run(None, years=range(2023, 2026))
    register(world, a_year=3)
    opened = services.open_run(None, years=range(2023, 2026))
    failed = services.run(opened.pk, services.in_child)
    assert failed.state == "failed"
    assert failed.error.startswith("落在路网上的事故太少，请补充导入或多选几年：2023-2025 年只有 ")
    assert not files.folder(failed).exists()
    assert services.latest() is None
    empty = services.run(services.open_run(None, years=range(2001, 2002)).pk, services.in_child)
    assert empty.error == "台账里没有这些年的事故，请先导入：2001"
    client = world.client("op-zd")
    for language, said in (("zh-hans", "请先导入：2001。"), ("en", "import some first: 2001.")):
        client.cookies["django_language"] = language
        assert said in client.get(f"/risk/runs/{empty.pk}/").content.decode()


def test_what_a_former_process_left_is_closed(world: World) -> None:
    register(world, a_year=3)
    left = services.open_run(None, years=range(2023, 2026))
    mine = services.open_run(None, years=range(2023, 2026))
    services.mend({mine.pk})
    left.refresh_from_db()
    mine.refresh_from_db()
    assert left.state == "failed"
    assert mine.state == "waiting"


def test_methods_are_those_of_the_estimators() -> None:
    from sizao.risk.estimators import ESTIMATORS

    assert tuple(ESTIMATORS) == services.METHODS


def test_usual_years_leave_out_the_year_that_is_not_over(world: World) -> None:
    assert services.usual_years() is None
    register(world, range(2022, 2027), 2)
    assert services.usual_years() == range(2023, 2026)


def test_starting_from_the_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    register(world, a_year=40)
    begun: list[int] = []
    monkeypatch.setattr(jobs, "submit", begun.append)
    client = world.client("op-zd")
    bad = client.post("/risk/runs/start/", {"years": "soon"})
    assert bad.status_code == 422
    answer = client.post("/risk/runs/start/", {"years": "2023-2025", "threshold": "3"})
    run = Assessment.objects.get()
    assert begun == [run.pk]
    assert answer.headers["Location"] == f"/risk/runs/{run.pk}/"
    assert run.by == "op-zd"
    again = client.post("/risk/runs/start/", {"years": "2023-2025"})
    assert again.status_code == 409, "one at a time"
    page = client.get(f"/risk/runs/{run.pk}/?part=progress")
    assert "HX-Refresh" not in page.headers
    services.give_up(run, "test")
    assert client.get(f"/risk/runs/{run.pk}/?part=progress").headers["HX-Refresh"] == "true"
    assert "test" in client.get(f"/risk/runs/{run.pk}/").content.decode()
