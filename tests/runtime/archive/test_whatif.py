"""What other parameters would have found, over a day's end and in groups of vehicles."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from sizao.app.cli import cli
from sizao.core.errors import ConfigError
from sizao.core.schemas import POSITION
from sizao.detect import engine
from sizao.detect.context import Context
from sizao.detect.rules_file import own_rules
from sizao.detect.state import EngineState
from sizao.log.archive import manifest
from sizao.log.archive.store import ArchiveStore
from sizao.log.datadir import DataDir
from sizao.runtime.archive.replaying import passes, replay
from sizao.runtime.archive.whatif import CHANGE, differences, what_if
from tests.detect.tracks import START, Track, at

HOUR = 3600.0
VEHICLES = 12
LONGER = {"max_continuous_min": 300.0}


def drives(number: int) -> Track:
    """From 8 in the morning in Shanghai into the next day: long stretches of 4.5 or 5.5 h."""
    track = Track(f"139000000{number:02d}", every_s=60)
    for _ in range(4):
        track.drive(330 if number % 3 == 0 else 270 if number % 3 == 1 else 200).stand(25)
    return track


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    found = [row for number in range(VEHICLES) for row in drives(number).rows]
    return sorted(found, key=lambda row: (row["time"], row["vehicle"]))


@pytest.fixture(scope="module")
def data(rows: list[dict], tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    """Compacted but for the last hours; days of 4 buckets."""
    data = DataDir(tmp_path_factory.mktemp("whatif")).create()
    with ArchiveStore(data.archive, bucket_rows=3_000) as store:
        pieces = [rows[first : first + 2_000] for first in range(0, len(rows), 2_000)]
        for number, piece in enumerate(pieces, 1):
            store.take([pa.RecordBatch.from_pylist(piece, schema=POSITION)], number, 0.0)
            if number < len(pieces) - 1:
                store.compact()
        while store.tidy(newest=True):
            pass
    return data


def directly(rows: list[dict], **changes: float) -> list[dict]:
    """The last revision of each episode, found without archive and groups."""
    context = Context.build(changes={"fatigue": changes})
    ordered = sorted(rows, key=lambda row: (row["vehicle"], row["time"]))
    batch = pa.RecordBatch.from_pylist(ordered, schema=POSITION)
    found, state = engine.step(batch, EngineState(), context)
    episodes: dict[str, dict] = {}
    for row in [*found.to_pylist(), *engine.close(state, context).to_pylist()]:
        if row["revision"] >= episodes.get(row["id"], row)["revision"]:
            episodes[row["id"]] = row
    return sorted(episodes.values(), key=lambda row: (row["vehicle"], row["start"]))


def test_a_replay_gives_every_position_of_the_span_once(data: DataDir, rows: list[dict]) -> None:
    first, end = at(HOUR), at(20 * HOUR)
    groups = passes(manifest.load(data.archive), int(first.timestamp()), int(end.timestamp()))
    assert groups > 1
    found = []
    for group in range(groups):
        last: dict[str, object] = {}
        for batch in replay(data.archive, first, end, group, groups):
            for row in batch.select(["vehicle", "time"]).to_pylist():
                assert row["vehicle"] not in last or row["time"] > last[row["vehicle"]]
                last[row["vehicle"]] = row["time"]
                found.append((row["vehicle"], row["time"]))
    expected = {(r["vehicle"], r["time"]) for r in rows if first <= r["time"] < end}
    assert len(found) == len(expected)
    assert set(found) == expected


def test_the_difference_is_that_of_two_runs_over_everything(
    data: DataDir, rows: list[dict]
) -> None:
    end = at(40 * HOUR)
    told = []
    found = what_if(
        data.archive,
        START,
        end,
        Context.build(),
        Context.build(changes={"fatigue": LONGER}),
        progress=lambda done, total: told.append((done, total)),
    )
    before, after = directly(rows), directly(rows, **LONGER)
    counts = found.summary["by_rule"]["fatigue"]
    assert (counts["before"], counts["after"]) == (len(before), len(after))
    expected = list(differences(before, after))
    changed = [row for row in expected if row["change"] != "same"]
    assert {row["change"] for row in changed} >= {"disappears"}

    def key(row):
        return row["vehicle"], str(row["start_before"] or row["start_after"])

    def plain(row):  # the archive keeps places to a decimetre
        return {name: value for name, value in row.items() if name not in ("lat", "lon")}

    told_rows = [plain(row) for row in found.changes.to_pylist()]
    assert sorted(told_rows, key=key) == sorted(map(plain, changed), key=key)
    assert found.changes.schema == CHANGE
    assert list(found.summary["rules"]) == ["fatigue"], "a rule that is the same need not run"
    assert told[-1][0] == told[-1][1] == len(told)
    assert found.summary["positions"] == len(rows)


def test_the_warm_up_fills_the_memory_of_rules(data: DataDir, rows: list[dict]) -> None:
    """A stretch that began 3 h before the span fires in it. Control: without, it does not."""
    sides = Context.build(), Context.build(changes={"fatigue": LONGER})
    fired = next(row["fired"] for row in directly(rows))
    span = fired - timedelta(minutes=30), fired + timedelta(minutes=30)
    warm = what_if(data.archive, *span, *sides)
    cold = what_if(data.archive, *span, *sides, warm_up=timedelta(0))
    assert warm.summary["by_rule"]["fatigue"]["before"] > 0
    assert cold.summary["by_rule"] == {}


def episode(start: float, end: float, severity: str = "a", rule: str = "r") -> dict:
    return {
        "id": f"{rule}{start}{severity}",
        **{"rule": rule, "vehicle": "1", "severity": severity},
        **{"start": at(start), "end": at(end), "fired": at(end), "measured": 1.0, "limit": 1.0},
        **dict.fromkeys(("vehicle_kind", "road", "road_class")),
    }


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([], [], []),
        ([episode(0, 10)], [episode(0, 10)], ["same"]),
        ([episode(0, 10)], [episode(2, 10)], ["changes"]),
        ([episode(0, 10)], [episode(11, 20)], ["disappears", "appears"]),
        ([episode(0, 10)], [episode(0, 4), episode(6, 10)], ["changes", "appears"]),
        ([episode(0, 4), episode(6, 10)], [episode(0, 10)], ["changes", "disappears"]),
        (
            [episode(0, 10, "a"), episode(0, 10, "b")],
            [episode(0, 10, "b"), episode(0, 10, "a")],
            ["same", "same"],
        ),
        ([episode(0, 10, rule="r")], [episode(0, 10, rule="s")], ["disappears", "appears"]),
    ],
)
def test_partners(before: list[dict], after: list[dict], expected: list[str]) -> None:
    assert [row["change"] for row in differences(before, after)] == expected


def test_a_span_is_asked_for_in_order(data: DataDir) -> None:
    sides = Context.build(), Context.build()
    with pytest.raises(ConfigError, match="before"):
        what_if(data.archive, at(1), at(1), *sides)
    with pytest.raises(ConfigError, match="at most"):
        what_if(data.archive, START, START + timedelta(days=100), *sides)
    assert what_if(data.archive, START, at(HOUR), *sides).summary["rules"] == {}


def test_the_command(data: DataDir, tmp_path: Path) -> None:
    rules, out = tmp_path / "new.yaml", tmp_path / "changes.parquet"
    rules.write_text("fatigue: false\n")
    span = ["--from", "2026-03-02", "--to", "2026-03-04T00:00+08:00"]
    common = ["detect", *span, "--rules", str(rules), "--data", str(data.root)]
    found = CliRunner().invoke(cli, [*common, "--out", str(out), "--json"])
    assert found.exit_code == 0, found.output
    counts = json.loads(found.stdout)["by_rule"]["fatigue"]
    assert counts["disappears"] == counts["before"] > 0
    assert pq.read_table(out).num_rows == counts["before"]
    table = CliRunner().invoke(cli, common)
    assert "fatigue" in table.stdout
    assert "-> off" in table.stdout
    for wrong in (["detect"], ["detect", *span], [*common, "--from", "yesterday"]):
        assert CliRunner().invoke(cli, wrong).exit_code != 0


def test_own_rules_go_on_top_of_those_in_force() -> None:
    from sizao.runtime.archive.whatif import _again

    force = Context.build(
        changes={"fatigue": {"min_rest_min": 25.0, "max_gap_s": 200.0}},
        only=frozenset({"fatigue", "speeding"}),
    )
    new = _again(force, None, own_rules([("x", {"fatigue": {"min_rest_min": 30.0}})]))
    assert new.params["fatigue"]["min_rest_min"] == 30.0
    assert new.params["fatigue"]["max_gap_s"] == 200.0, "a number in force was forgotten"
    assert {rule.id for rule in new.rules} == {"fatigue", "speeding"}
    off = _again(force, None, own_rules([("x", {"speeding": False})]))
    assert {rule.id for rule in off.rules} == {"fatigue"}
    assert off.params["fatigue"] == force.params["fatigue"]
    assert _again(force, None).params == force.params
