"""After warming up no turn compiles or loads a loop, whatever comes: hours in which everything
happens that rules look for, and all faults, in batches of all sizes."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sizao.sim.city import build
from sizao.sim.fleet import fleet
from sizao.sim.intake import Intake
from sizao.sim.score import START_S
from sizao.sim.world import World

ROOT = Path(__file__).resolve().parents[2]
VEHICLES, HOURS = 150, 7

DAY = """
import itertools, pickle, sys
from pathlib import Path
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tests.loops_met import Met
met = Met.listening()
from sizao.detect import engine
from sizao.detect.context import Context
from sizao.detect.state import EngineState
from sizao.roads.fence_grid import Fences
from sizao.roads.network import Network
from sizao.roads.temporary_limits import TemporaryLimit
from sizao.runtime import made_up, warming
folder, how = Path(sys.argv[1]), sys.argv[2]
network = Network.load(folder / "network.npz")
register = pq.read_table(folder / "register.parquet")
fences = Fences(pickle.loads((folder / "fences").read_bytes()))
road = int(np.flatnonzero((network.ref != "") & np.isfinite(network.stake_start_m))[0])
ends = sorted((float(network.stake_start_m[road]), float(network.stake_end_m[road])))
limit = TemporaryLimit("1", 20.0, 0, None, str(network.ref[road]), str(network.direction[road]),
                       *ends, "", ())
bare = Context.build(network, register)
if how == "unfenced":
    made_up._fences = Fences
warming.warm_up(bare)
met.forget()
# Drawn while it runs.
context = Context.build(network, register, fences=fences, temporary=[limit])
every = pq.read_table(folder / "positions.parquet").combine_chunks().to_batches()[0]
sizes = itertools.cycle([1, 2, 3, 4_000, 7, 1_500, 0, 300, 20_000])
state, begin, turn = EngineState(), 0, 0
while begin < len(every):
    batch = every.slice(begin, next(sizes))
    begin, turn = begin + len(batch), turn + 1
    prepared, state = engine.prepare(batch, state, context)
    _, state = engine.run(prepared, state, context)
    if turn % 20 == 0:
        state = EngineState.from_bytes(state.to_bytes())
        engine.active(state, context)
print(*sorted(met.compiled), sep=",")
print(*sorted(met.loaded), sep=",")
"""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Roads, register, fences and positions."""
    folder = tmp_path_factory.mktemp("day")
    city = build()
    cars = fleet(city, VEHICLES, seed=3)
    world, intake = World.scored(city, cars, 3, START_S, HOURS * 3600), Intake()
    parts = [intake.take(frames) for _ in range(HOURS * 12) for frames in world.advance(300)[0]]
    assert world.played is not None
    fences = world.played.fences.fences
    assert {fence.kind for fence in fences} >= {"forbidden", "limit", "route", "downgrade"}
    city.network.save(folder / "network.npz")
    pq.write_table(pa.Table.from_batches([cars.register]), folder / "register.parquet")
    pq.write_table(pa.Table.from_batches(parts), folder / "positions.parquet")
    (folder / "fences").write_bytes(pickle.dumps(fences))
    return folder


@pytest.mark.slow
def test_no_turn_compiles_or_loads_after_warming_up(day: Path) -> None:
    """Whatever the cache holds: what a turn would compile from an empty one it loads from a full
    one. Control: without made-up fences some turns do."""

    def said(how: str) -> list[set[str]]:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", DAY, str(day), how],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return [set(line.split(",")) - {""} for line in done.stdout.splitlines()]

    assert said("whole") == [set(), set()]
    _, met = said("unfenced")
    assert met >= {"_kernel", "_inside"}
