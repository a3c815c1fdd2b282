"""What goes over the rows of a batch holds up no thread, and what is shared is changed by one.

Rules run over one batch while the next is prepared (``runtime/pipeline.py``): a kernel that kept
the interpreter would make that take as long as one after the other.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import numpy as np
import pytest

from sizao.detect import (
    called,
    concern,
    heard,
    names,
    on_roads,
    order,
    registry,
    reopen,
    reopen_rounds,
    room,
    take_in,
    window_rows,
)
from sizao.detect.road_rules import slow_traffic
from sizao.roads import fence_grid, limits, limits_in_force, matching
from sizao.runtime import board
from tests.detect.test_engine import network

BESIDE = [
    names._lookup,
    order._radix,
    take_in.take_in,
    room._of_slots,
    matching.forward,
    on_roads._road,
    on_roads._given,
    limits._limits_on,
    limits_in_force._lowest,
    fence_grid._inside,
    board._show,
    heard._mark,
    concern._inside,
    concern.in_fences_or_known,
    concern.in_hours_or_known,
    reopen._tears_of,
    reopen_rounds._rows,
    window_rows._showing,
    window_rows.later,
    window_rows.closed_up,
    called._joined,
    called._observed,
    slow_traffic._usable,
]


def test_kernels_over_rows_hold_up_no_thread() -> None:
    rules = {sys.modules[type(rule).__module__] for rule in registry.RULES}
    of_rules = [
        vars(module)[name]
        for module in rules
        for name in ("_kernel", "_rows")
        if name in vars(module)
    ]
    assert len(of_rules) > len(rules) > 10
    kept = [one for one in [*BESIDE, *of_rules] if not one.targetoptions.get("nogil")]
    assert kept == []


def test_one_thread_at_a_time_learns_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[int] = []
    most: list[int] = []
    kernel = matching.forward

    def watched(*arguments: Any) -> int:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.05)
        rivals: int = kernel(*arguments)
        inside.pop()
        return rivals

    monkeypatch.setattr(matching, "forward", watched)
    roads = network()
    n = np.zeros(1)

    def match() -> None:
        matching.match(
            roads,
            n.astype(np.int32),
            n.astype(np.int64),
            n + 26.5,
            n + 101.7,
            n.astype(np.float32) + 90,
            n.astype(np.float32) + 50,
            n == 0,
            matching.new_state(1),
        )

    threads = [threading.Thread(target=match) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1]
