"""Compiled loops made and loaded before the first position waits for them.

Compiling all of them takes minutes, holds the interpreter for seconds at a time, and so cannot be
stopped: it is done in processes of their own, which leave what they made in the kernels' cache
and can be ended (:func:`compile_ahead`). Then :func:`warm_up` finds everything there. Both drive
the vehicles of a made-up country (``made_up.py``) through the real stages, by all rules there are,
for what no row goes through is not compiled; a rule may be switched on, a fence be drawn, while the
pipeline runs.
"""

from __future__ import annotations

import logging
import os
import selectors
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import numba
import numpy as np
import pyarrow as pa
from numba.core import event
from numba.core.registry import CPUDispatcher, cpu_target

from sizao.core.kernel_cache import stamp
from sizao.core.places import ROAD_CLASS_CODES
from sizao.core.tied import tied
from sizao.core.vehicles import KINDS
from sizao.detect import engine, registry, reopen
from sizao.detect.context import Context
from sizao.detect.heard import MINUTE_US, Heard
from sizao.detect.state import EngineState
from sizao.log import loops
from sizao.runtime import made_up
from sizao.runtime.board import Board

logger = logging.getLogger(__name__)

LOG = "log"
"""The unit of what reads the log."""
_MARK = "pipeline-is-compiled"


def units() -> list[str]:
    """What is compiled by itself: rules, those that are re-opened together by their ids, and
    :data:`LOG` last, which the gateway most likely has compiled by then."""
    every = Context.build()
    groups = reopen.groups(every.rules, every.params)
    return [*groups, *(rule.id for rule in reopen.others(every.rules, groups)), LOG]


def compile_units(only: Sequence[str], done: Callable[[str], None] = lambda loop: None) -> None:
    """Have the loops of these units compiled, one after the other; ``done`` gets the name of each
    as it is there, once."""
    said: set[str] = set()

    def say(names: Iterable[str]) -> None:
        for name in sorted({*names} - said):
            said.add(name)
            done(name)

    with event.install_listener("numba:compile", _Compiled(say)):
        for unit in only:
            if unit == LOG:
                loops.warm_up()
            else:
                _drive(made_up.country(frozenset(unit.split(","))), made_up.batches())
            # Those, too, that were in the cache.
            say(name for name, loop in known().items() if loop.overloads)


def known() -> dict[str, CPUDispatcher]:
    """Every loop of the modules that are imported, by name; a few of them no position needs."""
    every = [vars(module) for name, module in sys.modules.items() if name.startswith("sizao.")]
    found = (one for names in every for one in list(names.values()))
    return {_name(one): one for one in found if isinstance(one, CPUDispatcher)}


def _name(loop: CPUDispatcher) -> str:
    return f"{loop.py_func.__module__}.{loop.py_func.__qualname__}"


class _Compiled(event.Listener):
    """Says each loop that was compiled, those that others call, too."""

    def __init__(self, say: Callable[[Iterable[str]], None]) -> None:
        self._say = say

    def on_start(self, what: event.Event) -> None:
        pass

    def on_end(self, what: event.Event) -> None:
        self._say([_name(what.data["dispatcher"])])


def warm_up(context: Context) -> None:
    """Load every loop, and have ready what is made of the installation's own roads when somebody
    first drives on them."""
    loops.warm_up()
    _drive(made_up.country(frozenset(registry.ids())), made_up.batches())
    named = replace(context, kinds=dict(zip(made_up.NAMES, cycle(KINDS), strict=False)))
    _drive(named, [made_up.standing(*_somewhere(context))])


def compile_ahead(
    command: Sequence[str],
    tell: Callable[[int, int], None],
    *,
    processes: int | None = None,
    poll_s: float = 0.5,
) -> None:
    """Have everything compiled by child processes, unless this source was before.

    command : ends with what part of the units a child has, as ``1/2``, which is added here; a
        child prints the name of each loop that is there, a line each
    tell : called now and then with how many loops are there, and of how many: the last few may
        not come, and one takes a hundred times as long as another

    A child that fails leaves its part to :func:`warm_up`. Returns, or is interrupted, within
    ``poll_s``; children end with this process.
    """
    if is_compiled():
        return
    every, now = set(known()), _stamp()
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
        said: dict[int, bytes] = {}
        while waiting.get_map():
            names = {line.decode() for text in said.values() for line in text.split(b"\n")}
            tell(len(names & every), len(every))
            for key, _ in waiting.select(poll_s):
                more = os.read(key.fd, 65_536)
                said[key.fd] = said.get(key.fd, b"") + more
                if not more:
                    waiting.unregister(key.fileobj)
        codes = [child.wait() for child in children]
    if any(codes):
        logger.warning("compiling ahead failed (%s): compiling here", codes)
    else:
        _mark().write_text(now, encoding="utf-8")


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
    """What Numba goes by when it asks whether a loop that is kept still holds."""
    cpu = cpu_target.target_context.codegen().magic_tuple()
    return f"{stamp()} {numba.__version__} {sys.implementation.cache_tag} {cpu}"


def _end(child: subprocess.Popen[bytes]) -> None:
    """Nothing of a child's is half written for good: Numba replaces a file as a whole."""
    if child.poll() is None:
        child.kill()
    child.wait()
    assert child.stdout is not None
    child.stdout.close()


def _drive(context: Context, batches: Iterable[pa.RecordBatch]) -> None:
    state, board, heard = EngineState(), Board(), Heard()
    for batch in batches:
        prepared, state = engine.prepare(batch, state, context)
        _, state = engine.run(prepared, state, context)
        board.update(prepared.columns)
        time_us, received_us = (
            batch.column(name).cast(pa.int64()).to_numpy() for name in ("time", "received")
        )
        heard.update(state.names, prepared.slots, time_us, received_us, batch.column("source"))
        minute = int(received_us[-1]) // MINUTE_US
        heard.minutes(state.vehicles[0], minute - 1, minute)
        # Saved and restored each time: what is remembered only now and then is, once, there.
        state = EngineState.from_bytes(state.to_bytes())
    board.batch(state.vehicles, engine.active(state, context), context.network)


def _somewhere(context: Context) -> tuple[float, float, float]:
    """A place on a road, an expressway if there is one, and its course in degrees; anywhere
    without a network."""
    network = context.network
    if network is None or not len(network):
        return 26.5, 101.7, 90.0
    segment = int(np.argmax(network.road_class == ROAD_CLASS_CODES["expressway"]))
    return *network.point(segment, 50.0), network.heading(segment, 50.0)
