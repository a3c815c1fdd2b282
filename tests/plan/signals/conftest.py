"""A junction of two roads that the tests here share."""

from __future__ import annotations

from typing import Any

import pytest

from sizao.plan.signals.counts import Counts, counts_of
from sizao.plan.signals.junction import Junction, junction_of
from sizao.plan.signals.program import Program, program_of

LANES = ["L", "T", "TR"]
FLOWS = {
    "N.L": 160, "N.T": 520, "N.R": 90, "S.L": 190, "S.T": 610, "S.R": 80,
    "E.L": 90, "E.T": 300, "E.R": 60, "W.L": 70, "W.T": 280, "W.R": 110,
}  # fmt: skip


def crossroads(**more: Any) -> dict[str, Any]:
    """Four arms with a left lane each; ``more`` goes into every arm."""
    arm = {"lanes": LANES, "exit_lanes": 2, "speed_kmh": 50, "crossing_m": 20, **more}
    bearings = {"N": 0, "E": 90, "S": 180, "W": 270}
    return {"arms": [{"id": name, "bearing_deg": b, **arm} for name, b in bearings.items()]}


@pytest.fixture
def junction() -> Junction:
    return junction_of(crossroads())


@pytest.fixture
def counts(junction: Junction) -> Counts:
    return counts_of({"minutes": 60, "peak": 0.92, "vehicles": FLOWS}, junction)


@pytest.fixture
def split(junction: Junction) -> Program:
    """An arm after the other, 30 s each: what a controller does that nobody ever set."""
    return program_of(
        {
            "phases": [
                {"movements": [f"{arm}.{turn}" for turn in "LTR"], "green_s": 30}
                for arm in ("N", "S", "E", "W")
            ]
        },
        junction,
    )
