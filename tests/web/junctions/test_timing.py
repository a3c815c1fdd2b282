"""Counts, a better plan, adopting it, and the simulation's life."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from django.utils import timezone

from sizao.core.errors import ConfigError, ConflictError
from sizao.plan.microsim import program
from sizao.web.junctions import counting, files, register, timings
from sizao.web.junctions.models import Junction, Timing
from tests.plan.signals.conftest import FLOWS
from tests.web.conftest import World

from .conftest import counted

CSV = "某某路口调查,,,\n进口,转向,机动车（辆）,大车\n{rows}"


def table(rows: str) -> bytes:
    return CSV.format(rows=rows).encode()


def test_quarters_of_a_movement_are_added_up(junction: Junction) -> None:
    data = table("N,左转,40,2\nN,左转,60,3\nS,直行,500,\n")
    found = counting.from_file(data, junction, minutes=60, peak=1)
    assert found["vehicles"] == {"N.L": 100, "S.T": 500}
    assert found["heavy"] == {"N.L": 0.05}


def test_a_workbook_reads_as_a_table_does(junction: Junction) -> None:
    book = openpyxl.Workbook()
    for row in (["进口", "转向", "辆数"], ["N", "直行", 320], ["E", "右转", 45]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    found = counting.from_file(out.getvalue(), junction, minutes=60, peak=1)
    assert found["vehicles"] == {"N.T": 320, "E.R": 45}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("Q,左转,4,\n", "第 3 行"),
        ("N,掉头,4,\n", "第 3 行"),
        ("N,左转,四,\n", "第 3 行"),
        ("N,左转,4.5,\n", "第 3 行"),
        ("N,左转,-4,\n", "第 3 行"),
    ],
)
def test_a_bad_row_is_named(junction: Junction, rows: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        counting.from_file(table(rows), junction, minutes=60, peak=1)


@pytest.mark.parametrize("data", [b"", b"\x00\x01", b"a,b\n1,2\n", b"PK\x03\x04broken"])
def test_any_bytes_are_a_table_or_a_sentence(junction: Junction, data: bytes) -> None:
    with pytest.raises(ConfigError):
        counting.from_file(data, junction, minutes=60, peak=1)


def test_the_template_comes_back_filled_in(junction: Junction) -> None:
    lines = counting.template(junction).lstrip("\ufeff").strip().splitlines()
    assert len(lines) == 1 + 12
    filled = "\n".join([lines[0], *(line.replace(",,,", ",9,1,", 1) for line in lines[1:])])
    found = counting.from_file(filled.encode(), junction, minutes=60, peak=1)
    assert set(found["vehicles"].values()) == {9}


def test_a_count_from_tomorrow_is_refused(world: World, junction: Junction) -> None:
    later = timezone.localtime(world.now + timedelta(days=1))
    given = {"v-N.T": "100", "minutes": "60", "peak": "1",
             "counted_at": later.strftime("%Y-%m-%dT%H:%M")}  # fmt: skip
    url = f"/junctions/{junction.pk}/counts/"
    assert world.client("op-dd").post(url, given).status_code == 422
    given["counted_at"] = timezone.localtime(world.now).strftime("%Y-%m-%dT%H:%M")
    assert world.client("op-dd").post(url, given).status_code == 302
    assert junction.counts.get().data["vehicles"]["N.T"] == 100


def test_a_better_plan_is_adopted_by_another_person(world: World, junction: Junction) -> None:
    timing = timings.compute(
        world.user("op-dd"), junction, counted(world, junction), same_phases=True
    )
    assert timing.gain["lower_s"] > 0
    with pytest.raises(ConflictError):
        timings.adopt(world.user("op-dd"), timing.pk, junction.version)  # who computed it
    with pytest.raises(ConflictError):
        timings.adopt(world.user("lead-dd"), timing.pk, junction.version + 1)  # stale
    timings.adopt(world.user("lead-dd"), timing.pk, junction.version)
    junction.refresh_from_db()
    assert junction.plan["cycle_s"] == timing.after["cycle_s"]
    assert register.plan_of(junction) is not None
    with pytest.raises(ConflictError):
        timings.adopt(world.user("lead-dd"), timing.pk, junction.version)  # once


def test_a_plan_for_another_shape_is_not_adopted(world: World, junction: Junction) -> None:
    timing = timings.compute(
        world.user("op-dd"), junction, counted(world, junction), same_phases=True
    )
    shape = {**junction.shape, "arms": [dict(arm) for arm in junction.shape["arms"]]}
    shape["arms"][0]["exit_lanes"] = 3
    changed = register.change(world.user("op-dd"), junction.pk, junction.version, shape=shape)
    with pytest.raises(ConflictError, match="重新计算"):
        timings.adopt(world.user("lead-dd"), timing.pk, changed.version)


def finished(place: Path, done: Callable[[int, int], None]) -> None:
    """A simulation that is over at once."""
    job = json.loads((place / "job.json").read_text())
    assert job["seeds"] == [1, 2]
    done(4, 4)
    (place / "outcome.json").write_text(
        json.dumps({"seeds": [1, 2], "saved_s": 9.0, "lower_s": 8.0, "upper_s": 10.0, "sure": True,
                    "before_s": 40.0, "after_s": 31.0, "share": 0.2, "runs": []})
    )  # fmt: skip
    for which in files.FILMS:
        (place / f"{which}.film").write_bytes(b"SZJ1")


@pytest.fixture
def waiting(world: World, junction: Junction, monkeypatch: pytest.MonkeyPatch) -> Timing:
    monkeypatch.setattr(program, "find", lambda name: Path("/bin/true"))
    timing = timings.compute(
        world.user("op-dd"), junction, counted(world, junction), same_phases=True
    )
    return timings.order_run(world.user("op-dd"), timing.pk, 2)


def test_a_simulation_leaves_its_figures_and_films(world: World, waiting: Timing) -> None:
    timing = timings.simulate(waiting.pk, finished)
    assert (timing.run, timing.outcome["saved_s"]) == ("done", 9.0)
    url = f"/junctions/timing/{timing.pk}/before.film"
    answer = world.client("off-dd1").get(url)
    assert answer.content == b"SZJ1"
    assert world.client("lead-xd").get(url).status_code == 404
    assert world.client("op-dd").get(url.replace("before", "secret")).status_code == 404


def test_a_cancelled_simulation_stays_cancelled(world: World, waiting: Timing) -> None:
    """Cancelled while it runs: what comes after changes nothing. Control: see the test above."""

    def cancelled(place: Path, done: Callable[[int, int], None]) -> None:
        timings.cancel(world.user("op-dd"), waiting.pk)
        finished(place, done)

    assert timings.simulate(waiting.pk, cancelled).run == "cancelled"
    again = timings.order_run(world.user("op-dd"), waiting.pk, 2)
    assert timings.simulate(again.pk, finished).run == "done"


def test_a_failed_simulation_says_why(world: World, waiting: Timing) -> None:
    def broken(place: Path, done: Callable[[int, int], None]) -> None:
        raise ConfigError("sumo failed: Error: something")

    timing = timings.simulate(waiting.pk, broken)
    assert (timing.run, timing.error) == ("failed", "sumo failed: Error: something")


def test_a_restart_closes_what_was_running(waiting: Timing) -> None:
    timings.mend([waiting.pk])
    waiting.refresh_from_db()
    assert waiting.run == "waiting"  # at work in this process
    timings.mend([])
    waiting.refresh_from_db()
    assert waiting.run == "failed"


def test_two_orders_are_one_simulation(world: World, waiting: Timing) -> None:
    with pytest.raises(ConflictError):
        timings.order_run(world.user("op-dd"), waiting.pk, 2)


def test_the_page_says_what_to_install(
    world: World, junction: Junction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "find", lambda name: None)
    timing = timings.compute(
        world.user("op-dd"), junction, counted(world, junction), same_phases=True
    )
    client = world.client("op-dd")
    page = client.get(f"/junctions/{junction.pk}/timing/").content.decode()
    assert "sizao[sumo]" in page
    sent = {"action": "simulate", "timing": timing.pk, "seeds": 2}
    assert client.post(f"/junctions/{junction.pk}/timing/act/", sent).status_code == 422


def test_too_much_demand_is_said_on_the_page(world: World, junction: Junction) -> None:
    count = counted(world, junction, vehicles={k: v * 3 for k, v in FLOWS.items()})
    timings.compute(world.user("op-dd"), junction, count, same_phases=True)
    page = world.client("op-dd").get(f"/junctions/{junction.pk}/timing/").content.decode()
    assert "光调配时不够" in page
