"""The detection stage: positions and state in, detections and state out.

    batch (POSITION) -> prepare -> Columns -> every rule -> assemble -> batch (DETECTION)

A pure function of its arguments: no clock, no file, no randomness. For any cut of the same rows
into batches the detections are the same, byte for byte, once they are in one order; within a
batch they come sorted by the moment of firing, id and revision.

>>> from sizao.core.schemas import POSITION, empty
>>> detections, state = step(empty(POSITION), EngineState(), Context.build())
>>> len(detections), state.counters["positions"]
(0, 0)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.detect import prepare as preparing
from sizao.detect import reopen
from sizao.detect.assemble import batch_of
from sizao.detect.context import Context
from sizao.detect.prepare import Prepared
from sizao.detect.state import EngineState

__all__ = ["Context", "EngineState", "Prepared", "active", "close", "prepare", "run", "step"]


def step(
    batch: pa.RecordBatch,
    state: EngineState,
    context: Context,
    limit_kmh: npt.NDArray[np.float32] | None = None,
) -> tuple[pa.RecordBatch, EngineState]:
    """One batch of positions (schema POSITION) to detections (schema DETECTION).

    ``state`` is used up: go on with the one returned. ``limit_kmh`` as in :func:`prepare`.
    Raises ColumnError if the batch has not the columns of POSITION.
    """
    prepared, state = prepare(batch, state, context, limit_kmh)
    return run(prepared, state, context)


def prepare(
    batch: pa.RecordBatch,
    state: EngineState,
    context: Context,
    limit_kmh: npt.NDArray[np.float32] | None = None,
) -> tuple[Prepared, EngineState]:
    """The first half of :func:`step`, see ``prepare.py``: it changes ``state.fleet`` alone, so that
    another thread may :func:`run` what was prepared before meanwhile. Batches are run in the order
    in which they were prepared, and no state is a whole one before the last has been."""
    return preparing.prepare(batch, state.fleet, context, limit_kmh), state


def run(
    prepared: Prepared, state: EngineState, context: Context
) -> tuple[pa.RecordBatch, EngineState]:
    """Every rule over columns already prepared, for those who need the columns themselves too."""
    state.restore_rules(context.rules)
    state.make_room(context.rules, prepared.vehicles)
    for name, count in prepared.counts.items():
        state.counters[name] += count
    torn = reopen.tears_of(prepared.columns)
    known = state.windows
    state.windows = {
        name: known[name] if name in known else reopen.no_windows(group)
        for name, group in context.groups.items()
    }
    found: reopen.Found = []
    for name, group in context.groups.items():
        windows = state.windows[name]
        judging = reopen.Judging(group, state.rules, windows, context.params, context.world)
        found += reopen.step(judging, prepared.columns, prepared.late, torn)
    for rule in context.others:
        own, state.rules[rule.id] = rule.step(
            prepared.columns, state.rules[rule.id], context.params[rule.id], context.world
        )
        found.append((rule, own))
    return batch_of(found, state, context, state.fired_under, state.withdrawn), state


def close(state: EngineState, context: Context) -> pa.RecordBatch:
    """Last revisions of episodes still open at the end of a finite recording."""
    context.adopt(state)
    state.make_room(context.rules, len(state.names))
    found: reopen.Found = []
    for name, group in context.groups.items():
        windows = state.windows.get(name) or reopen.no_windows(group)
        judging = reopen.Judging(group, state.rules, windows, context.params, context.world)
        found += reopen.close(judging)
    for rule in context.others:
        found.append((rule, rule.close(state.rules[rule.id], context.params[rule.id])))
    withdrawn = {whose: dict(known) for whose, known in state.withdrawn.items()}
    return batch_of(found, state, context, dict(state.fired_under), withdrawn)


def active(state: EngineState, context: Context) -> list[str]:
    """For each slot the comma list of rules with an open episode, "" for none."""
    context.adopt(state)
    state.make_room(context.rules, len(state.names))
    lists = [""] * len(state.names)
    for rule in context.rules:
        for slot in rule.active(state.rules[rule.id]):
            lists[slot] += f",{rule.id}" if lists[slot] else rule.id
    return lists
