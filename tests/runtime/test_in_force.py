"""Rules and register change while the pipeline is down, or lives: each position is judged once.

The runs here die in the middle of a process; ``test_kill.py`` kills whole ones.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from sizao.core.clock import ManualClock
from sizao.core.errors import ConfigError
from sizao.detect import registry
from sizao.log.datadir import DataDir
from sizao.runtime import sources
from sizao.runtime.embedded.checkpoint import CheckpointStore, Judged
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.in_force import Contexts, Kept
from sizao.runtime.pipeline import Pace, Pipeline
from sizao.runtime.sources import Sources
from tests.runtime import city
from tests.runtime.changing import Switching, put
from tests.runtime.helpers import START_US

CLOCK = ManualClock(START_US / 1e6)
NEVER_SAVED = replace(Pace(), max_rows=200, save_s=1e9, report_share=1e9)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    return city.write(tmp_path_factory.mktemp("city"), count=12, hours=5.0)


@pytest.fixture
def data(recorded: DataDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataDir:
    monkeypatch.setattr(sources, "LOOK_S", 0.0)
    return DataDir(shutil.copytree(recorded.root, tmp_path / "data"))


@contextmanager
def life(data: DataDir, context: Contexts, *, rebuild: bool = False) -> Iterator[Pipeline]:
    """A pipeline that nobody asks to end in order."""
    with SqliteLog(data.detect_log, writer=True) as log, SqliteLog(data.feeds_log) as feeds:
        yield Pipeline(feeds, CheckpointStore(log), context, CLOCK, NEVER_SAVED, rebuild=rebuild)


def kept(data: DataDir) -> Sources:
    return Sources(data, kept=Kept(data.in_force))


def live(data: DataDir, own: Sources, turns: int) -> Judged:
    """Some turns, and then death; returns what is left behind."""
    with life(data, own) as pipeline:
        for _ in range(turns):
            assert pipeline.turn()
        assert pipeline.saves <= 2
        return pipeline.store.judged()


def finish(data: DataDir, context: Contexts) -> pa.Table:
    """To the end of the log; returns all detections ever reported."""
    with life(data, context) as pipeline:
        pipeline.run(once=True)
    return reported(data)


def reported(data: DataDir) -> pa.Table:
    with SqliteLog(data.detect_log) as log:
        found = [segment.batch for segment in log.read("detections", 0, 10**9)]
    return pa.Table.from_batches(found).sort_by([("id", "ascending"), ("revision", "ascending")])


@pytest.mark.parametrize("safe", [True, False])
def test_a_change_while_it_is_down_counts_from_what_was_not_reported_yet(
    data: DataDir, safe: bool
) -> None:
    """Two kills with a change after each, and a change while it lives; as a control, without
    copies of the files."""
    make = kept if safe else Sources
    put(data, "strict")
    first = live(data, make(data), 30).reported
    put(data, "patient")
    with life(data, make(data)) as pipeline:
        for _ in range(40):
            assert pipeline.turn()
        changed = pipeline.reached
        put(data, "hazmat")
        for _ in range(20):
            assert pipeline.turn()
        second = pipeline.store.judged().reported
    put(data, "strict")
    found = finish(data, make(data))
    assert first < changed < second

    data.detect_log.unlink()
    switches = [(0, "strict"), (first, "patient"), (changed, "hazmat"), (second, "strict")]
    own = Switching(data, switches)
    with life(data, own) as pipeline:
        own.follow(pipeline)
        pipeline.run(once=True)
    assert (found.equals(reported(data))) == safe
    if safe:
        assert {one.name for one in data.in_force.iterdir()} == set(
            make(data).described().files.values()
        )


def test_a_kill_while_it_judges_again_is_made_good_too(data: DataDir) -> None:
    put(data, "strict")
    first = live(data, kept(data), 30).reported
    put(data, "patient")
    for _ in range(2):
        assert live(data, kept(data), 5).reported == first
    found = finish(data, kept(data))

    data.detect_log.unlink()
    own = Switching(data, [(0, "strict"), (first, "patient")])
    with life(data, own) as pipeline:
        own.follow(pipeline)
        pipeline.run(once=True)
    assert found.equals(reported(data))


def test_a_file_that_is_only_touched_is_no_change(
    data: DataDir, caplog: pytest.LogCaptureFixture
) -> None:
    put(data, "strict")
    live(data, kept(data), 10)
    put(data, "strict")
    with caplog.at_level(logging.INFO):
        live(data, kept(data), 3)
    assert "reported before the stop" not in caplog.text


def test_a_copy_is_on_the_disk_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names and content, or a power cut leaves a description of files that are not there."""
    synced: list[tuple[Path, list[str]]] = []

    def noted(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").resolve()
        names = sorted(one.name for one in path.iterdir()) if path.is_dir() else []
        synced.append((path, names or [path.read_text()]))

    monkeypatch.setattr(os, "fsync", noted)
    folder = tmp_path / "in-force"
    (tmp_path / "rules.yaml").write_text("strict")
    (tmp_path / "rules.yaml").chmod(0o600)
    found = Kept(folder).copy(tmp_path / "rules.yaml")
    assert found is not None
    digest, copy = found
    assert copy.read_text() == "strict"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert synced == [
        (folder / "draft" / "rules.yaml", ["strict"]),
        (folder / digest, ["rules.yaml"]),
        (folder, [digest, "draft"]),
        (tmp_path, ["in-force", "rules.yaml"]),
    ]


def test_what_was_not_kept_is_said_and_it_goes_on(
    data: DataDir, caplog: pytest.LogCaptureFixture
) -> None:
    put(data, "strict")
    left = live(data, kept(data), 30)
    put(data, "patient")
    shutil.rmtree(data.in_force)
    with life(data, kept(data)) as pipeline:
        pipeline.run(once=True)
        assert pipeline.offset == pipeline.feeds.last("positions")
    said = [each for each in caplog.messages if "cannot be judged again as they were" in each]
    assert len(said) == 1
    assert f"segments 1 to {left.reported}," in said[0]
    assert "rules.yaml" in said[0]


def test_another_program_is_said_and_it_goes_on(
    data: DataDir, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put(data, "strict")
    left = live(data, kept(data), 30)
    speeding = next(rule for rule in registry.RULES if rule.id == "speeding")
    monkeypatch.setattr(type(speeding), "code_version", 99)
    with life(data, kept(data)) as pipeline:
        pipeline.run(once=True)
        assert pipeline.offset == pipeline.feeds.last("positions")
    said = [each for each in caplog.messages if "by other versions of speeding:" in each]
    assert len(said) == 1
    assert f"segments 1 to {left.reported}," in said[0]


def test_a_rebuild_judges_all_by_what_is_in_force_now(data: DataDir) -> None:
    put(data, "strict")
    live(data, kept(data), 30)
    put(data, "patient")
    with life(data, kept(data), rebuild=True) as pipeline:
        assert pipeline.turn()
        assert pipeline.context.params["speeding"]["min_duration_s"] == 90
    # Killed before anything was saved: it is still the rebuild that goes on.
    with life(data, kept(data)) as pipeline:
        assert pipeline.turn()
        assert pipeline.context.params["speeding"]["min_duration_s"] == 90


def test_a_full_disk_is_said_with_what_to_do(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the start there is nothing to go on with."""
    put(data, "strict")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copy", lambda path, _: shutil.copyfile(path, "/dev/full"))
        with pytest.raises(ConfigError) as raised:
            kept(data)
    said = str(raised.value)
    assert said.startswith(f"{data.in_force}: no room for a copy of ")
    assert said.endswith("No space left on device. Free room on this disk and start again")
    assert data.rules.name in kept(data).described().files
