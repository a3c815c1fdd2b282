"""Every compiled loop is there before the first position, and compiling can be stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from sizao.detect import engine, registry
from sizao.detect.state import EngineState
from sizao.log.datadir import COMPILING, DataDir, read_status
from sizao.runtime import made_up, warming
from tests.runtime import city

ROOT = Path(__file__).resolve().parents[2]

FIRST_TURNS = """
import sys
from pathlib import Path
from tests.loops_met import Met
met = Met.listening()
from sizao.detect import engine
from sizao.detect.state import EngineState
from sizao.log.datadir import DataDir
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.sources import Sources
from sizao.runtime.warming import warm_up
data = DataDir(Path(sys.argv[1]))
context = Sources(data)()
if sys.argv[2] == "warm":
    warm_up(context)
met.forget()
state, found = EngineState(), 0
with SqliteLog(data.feeds_log) as log:
    for segment in log.read("positions", 0, 10**9):
        prepared, state = engine.prepare(segment.batch, state, context)
        detections, state = engine.run(prepared, state, context)
        found += len(detections)
assert found, "no rule fired"
print(*sorted(met.loaded))
"""
"""A loop that is neither compiled nor looked up in the cache is one that is there already."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    return city.write(tmp_path_factory.mktemp("city"), count=40, hours=5.0, segment_rows=2_000)


@pytest.mark.parametrize(("how", "expected"), [("warm", False), ("cold", True)])
def test_no_turn_compiles_or_loads_after_the_warm_up(
    recorded: DataDir, how: str, expected: bool
) -> None:
    """Control: without the warm-up the turns do."""
    said = subprocess.run(
        [sys.executable, "-c", FIRST_TURNS, str(recorded.root), how],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert bool(said.stdout.split()) is expected, said.stdout


def test_every_rule_is_in_one_part() -> None:
    every = warming.units()
    parts = [warming.part_of(every, f"{number}/3") for number in (1, 2, 3)]
    assert Counter(unit for part in parts for unit in part) == Counter(every)
    rules = [rule.id for rule in (*registry.RULES, *registry.ROAD_RULES)]
    assert sorted(",".join(every).split(",")) == sorted([*rules, warming.LOG])


def test_the_made_up_vehicles_break_every_rule_and_each_remembers_some_of_them() -> None:
    """Then its loop was called, and so were those that save what it remembers."""
    context = made_up.country(frozenset(registry.ids()))
    state, broken, remembered = EngineState(), set[str](), set[str]()
    for batch in made_up.batches():
        detections, state = engine.step(batch, state, context)
        broken |= set(detections.column("rule").to_pylist())
        remembered |= {name for name, memory in state.rules.items() if memory.few[0]["key"]}
    assert broken == {rule.id for rule in context.rules}
    nothing = {rule.id for rule in context.rules if rule.few_dtype.names == ("key",)}
    assert remembered == broken - nothing


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    return tmp_path


def child(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_children_share_the_work_and_it_is_done_once(cache: Path) -> None:
    told: list[tuple[int, int]] = []
    one, another, third = sorted(warming.known())[:3]
    said = {"1/2": [one, another], "2/2": [another, third, "what nobody knows"]}
    says = child(
        f"import sys, time; print(*{said}[sys.argv[1]], sep='\\n', flush=True); time.sleep(0.5)"
    )
    warming.compile_ahead(says, lambda *how: told.append(how), processes=2, poll_s=0.05)
    assert warming.is_compiled()
    every = len(warming.known())
    assert told[0] == (0, every)
    assert told[-1] == (3, every), "what both have compiled counts once"
    told.clear()
    warming.compile_ahead(child("raise SystemExit(1)"), lambda *how: told.append(how))
    assert not told, "compiled again"


@pytest.mark.parametrize("how", ["full", pytest.param("empty", marks=pytest.mark.slow)])
def test_each_loop_is_said_as_it_is_there(tmp_path: Path, how: str) -> None:
    """A unit of its own took half of the time, in which nothing seemed to happen. What a loop calls
    is compiled before it, and not looked for where the loop is in the cache."""
    program = "from sizao.runtime.warming import LOG, compile_units; compile_units([LOG], print)"
    kept = {} if how == "full" else {"NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **kept}, cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    own = [name for name in done.stdout.split() if name.startswith("sizao.log.partitions.")]
    assert len(own) == len(set(own))
    loops = {name.rpartition(".")[2] for name in own}
    assert loops >= {"_look_up", "_learn", "_move"}
    assert ("_put" in loops) is (how == "empty")
    if how == "empty":
        assert own.index("sizao.log.partitions._put") < own.index("sizao.log.partitions._move")


def test_a_child_that_fails_is_no_harm_and_is_tried_again(
    cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    warming.compile_ahead(child("raise SystemExit(3)"), lambda done, of: None, processes=1)
    assert "compiling here" in caplog.text
    assert not warming.is_compiled()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_compiling_is_stopped_at_once_and_leaves_no_child(
    recorded: DataDir, tmp_path: Path, number: signal.Signals
) -> None:
    """The cache is empty, so it would take minutes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sizao", "pipeline", "--data", str(recorded.root)],
        cwd=ROOT,
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 180
        while read_status(recorded, COMPILING) is None:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        children = _children(process.pid)
        process.send_signal(number)
        process.wait(20)
    finally:
        process.kill()
        process.wait()
    until = time.monotonic() + 30
    while any(_runs(pid) for pid in children) and time.monotonic() < until:
        time.sleep(0.05)
    assert children
    assert not [pid for pid in children if _runs(pid)]
    recorded.status(COMPILING).unlink(missing_ok=True)


def _children(pid: int) -> list[int]:
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(word) for word in path.read_text().split()]
    return found


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
