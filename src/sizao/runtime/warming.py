"""Compiled loops made and loaded before the first position waits for them.

Compiling all of them takes minutes, holds the interpreter for seconds at a time, and so cannot be
stopped: it is done in processes of their own, which leave what they made in the kernels' cache
and can be ended (:func:`compile_ahead`). Then :func:`warm_up` finds everything there. Both drive
made-up vehicles through the real stages, for what no row goes through is not compiled.
"""

from __future__ import annotations

import logging
import os
import selectors
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import numpy as np
import pyarrow as pa

from sizao.core.places import ROAD_CLASS_CODES
from sizao.core.schemas import POSITION
from sizao.core.tied import tied
from sizao.core.vehicles import KINDS
from sizao.detect import engine, reopen
from sizao.detect.context import Context
from sizao.detect.heard import Heard
from sizao.detect.state import EngineState
from sizao.runtime.board import Board

logger = logging.getLogger(__name__)

VEHICLES = 80
"""More than the first room of the tables that grow."""
NAMES = [f"{10_000_000_000 + number}" for number in range(VEHICLES)]
STEP_S = 30
_MARK = "pipeline-is-compiled"


def units(context: Context) -> list[str]:
    """What is compiled by itself: rules, those that are re-opened together by their ids."""
    groups = reopen.groups(context.rules, context.params)
    return [*groups, *(rule.id for rule in reopen.others(context.rules, groups))]


def warm_up(
    context: Context,
    only: Sequence[str] | None = None,
    done: Callable[[str], None] = lambda unit: None,
) -> None:
    """Put made-up vehicles through every stage, or through these units one after the other."""
    if only is None:
        _drive(context)
        return
    for unit in only:
        ids = unit.split(",")
        _drive(replace(context, rules=tuple(rule for rule in context.rules if rule.id in ids)))
        done(unit)


def compile_ahead(
    command: Sequence[str],
    context: Context,
    tell: Callable[[int, int], None],
    *,
    processes: int | None = None,
    poll_s: float = 0.5,
) -> None:
    """Have everything compiled by child processes, unless this source was before.

    command : ends with what part of the units a child has, as ``1/2``, which is added here; a
        child prints a line for each unit that it is done with
    tell : called now and then with how many units are done, and of how many

    A child that fails leaves its part to :func:`warm_up`. Returns, or is interrupted, within
    ``poll_s``; children end with this process.
    """
    if is_compiled():
        return
    every = len(units(context))
    processes = processes or min(os.cpu_count() or 1, 2)
    with ExitStack() as stack, selectors.DefaultSelector() as waiting:
        children = []
        for number in range(processes):
            child = tied([*command, f"{number + 1}/{processes}"], stdout=subprocess.PIPE)
            stack.callback(_end, child)
            children.append(child)
            assert child.stdout is not None
            os.set_blocking(child.stdout.fileno(), False)
            waiting.register(child.stdout, selectors.EVENT_READ)
        done = 0
        while waiting.get_map():
            tell(done, every)
            for key, _ in waiting.select(poll_s):
                said = os.read(key.fd, 65_536)
                done += said.count(b"\n")
                if not said:
                    waiting.unregister(key.fileobj)
        codes = [child.wait() for child in children]
    if any(codes):
        logger.warning("compiling ahead failed (%s): compiling here", codes)
    else:
        _mark().write_text(_stamp(), encoding="utf-8")


def part_of(every: Sequence[str], part: str) -> list[str]:
    """The units of a part such as ``1/2``."""
    number, _, of = part.partition("/")
    return list(every[int(number) - 1 :: int(of)])


def is_compiled() -> bool:
    """Whether :func:`compile_ahead` did its work for the source as it is."""
    try:
        return _mark().read_text(encoding="utf-8") == _stamp()
    except OSError:
        return False


def _mark() -> Path:
    return Path(os.environ["NUMBA_CACHE_DIR"]) / _MARK


def _stamp() -> str:
    """Numba compiles anew what lies elsewhere or has another time, whatever is written there."""
    package = Path(__file__).resolve().parent.parent
    newest = max(path.stat().st_mtime_ns for path in package.rglob("*.py"))
    return f"{package} {newest}"


def _end(child: subprocess.Popen[bytes]) -> None:
    """Nothing of a child's is half written for good: Numba replaces a file as a whole."""
    if child.poll() is None:
        child.kill()
    child.wait()
    assert child.stdout is not None
    child.stdout.close()


def _drive(context: Context) -> None:
    context = replace(context, kinds=dict(zip(NAMES, cycle(KINDS), strict=False)))
    state, board, heard = EngineState(), Board(), Heard()
    for batch in made_up(context):
        prepared, state = engine.prepare(batch, state, context)
        _, state = engine.run(prepared, state, context)
        board.update(prepared.columns)
        time_us, received_us = (
            batch.column(name).cast(pa.int64()).to_numpy() for name in ("time", "received")
        )
        heard.update(state.names, prepared.slots, time_us, received_us, batch.column("source"))
    board.batch(state.vehicles, engine.active(state, context), context.network)
    EngineState.from_bytes(state.to_bytes())


def made_up(context: Context) -> Iterator[pa.RecordBatch]:
    """Batches of POSITION of vehicles that nobody has: on their way, silent for two hours, again
    on their way, and then what they had to say of the time between; and once more when their
    drivers are forgotten."""
    chance = np.random.default_rng(1)
    lat, lon, heading = _somewhere(context)
    for first_s, steps, late_s in (
        (0, 1, 0),
        (60, 40, 0),
        (9_000, 40, 0),
        (3_000, 40, 7_200),
        (10_200, 40, 0),
        (2_000_000, 1, 0),
    ):
        n = VEHICLES * steps
        who = np.tile(np.arange(VEHICLES), steps)
        time_s = first_s + np.repeat(np.arange(steps), VEHICLES) * STEP_S + who % STEP_S
        speed = chance.choice([0.0, 40.0, 75.0, 110.0], n)
        columns = {
            "vehicle": [NAMES[number] for number in who.tolist()],
            "time": time_s * 1_000_000,
            "received": (time_s + 1 + late_s) * 1_000_000,
            # A few metres about one place of a road, so that it is matched; some are far off.
            "lat": lat + chance.choice([0.0, 1e-5, 0.1], n),
            "lon": lon + chance.choice([0.0, 1e-5], n),
            "speed_kmh": speed.astype(np.float32),
            "heading_deg": np.full(n, heading, np.float32),
            "recorder_speed_kmh": (speed * chance.choice([1.0, 1.6], n)).astype(np.float32),
            "mileage_km": time_s * 0.02,
            "alarm": chance.choice([0, 1, 4, 1 << 29], n).astype(np.uint32),
            "status": np.full(n, 3, np.uint32),
            "positioned": chance.random(n) < 0.9,
            "catch_up": np.full(n, late_s > 0),
            "driver": [("A", "B", None)[number % 3] for number in who.tolist()],
            "source": ["jt808"] * n,
        }
        arrays = [
            pa.array(columns[field.name], field.type)
            if field.name in columns
            else pa.nulls(n, field.type)
            for field in POSITION
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=POSITION)


def _somewhere(context: Context) -> tuple[float, float, float]:
    """A place on a road, an expressway if there is one, and its course in degrees; anywhere
    without a network."""
    network = context.network
    if network is None or not len(network):
        return 26.5, 101.7, 90.0
    segment = int(np.argmax(network.road_class == ROAD_CLASS_CODES["expressway"]))
    return *network.point(segment, 50.0), network.heading(segment, 50.0)
