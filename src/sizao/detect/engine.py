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

from sizao.detect import reopen, reopen_totals
from sizao.detect.assemble import add_rows, batch_of, no_rows
from sizao.detect.context import Context
from sizao.detect.prepare import Prepared, prepare
from sizao.detect.state import EngineState
from sizao.detect.totals import DrivingTotal
from sizao.detect.windows import Windows

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


def run(
    prepared: Prepared, state: EngineState, context: Context
) -> tuple[pa.RecordBatch, EngineState]:
    """Every rule over columns already prepared, for those who need the columns themselves too."""
    rows = no_rows()
    tears = reopen.tears_of(prepared.columns)
    for rule in context.rules:
        if "reopen_within_min" in context.params[rule.id]:
            windows = state.windows.setdefault(rule.id, Windows(rule.state_dtype, rule.few_dtype))
            arguments = (
                prepared.columns,
                prepared.late,
                tears,
                state.rules[rule.id],
                windows,
                context.params[rule.id],
                context.world,
            )
            if isinstance(rule, DrivingTotal):
                several, state.rules[rule.id] = reopen_totals.step(rule, *arguments)
            else:
                several, state.rules[rule.id] = reopen.step(rule, *arguments)
            for found in several:
                add_rows(rows, rule, found, state, context, state.fired_under)
            continue
        found, state.rules[rule.id] = rule.step(
            prepared.columns, state.rules[rule.id], context.params[rule.id], context.world
        )
        add_rows(rows, rule, found, state, context, state.fired_under)
    return batch_of(rows, state), state


def close(state: EngineState, context: Context) -> pa.RecordBatch:
    """Last revisions of episodes still open at the end of a finite recording."""
    context.adopt(state)
    state.make_room(context.rules)
    rows = no_rows()
    fired_under = dict(state.fired_under)
    for rule in context.rules:
        windows = state.windows.get(rule.id)
        params = context.params[rule.id]
        if isinstance(rule, DrivingTotal):
            ended = reopen_totals.close(rule, state.rules[rule.id], windows, params)
        else:
            ended = reopen.close(rule, state.rules[rule.id], windows, params, context.world)
        for found in ended:
            add_rows(rows, rule, found, state, context, fired_under)
    return batch_of(rows, state)


def active(state: EngineState, context: Context) -> list[str]:
    """For each slot the comma list of rules with an open episode, "" for none."""
    context.adopt(state)
    state.make_room(context.rules)
    lists = [""] * len(state.names)
    for rule in context.rules:
        for slot in rule.active(state.rules[rule.id]):
            lists[slot] += f",{rule.id}" if lists[slot] else rule.id
    return lists
