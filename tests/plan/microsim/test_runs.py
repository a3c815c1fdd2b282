"""Two plans in SUMO itself. Skipped, saying so, where it is not installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sizao.core.errors import ConfigError
from sizao.plan.microsim import program
from sizao.plan.microsim.compare import build, compare
from sizao.plan.signals.counts import counts_of
from sizao.plan.signals.junction import junction_of
from sizao.plan.signals.model import Model
from sizao.plan.signals.optimise import optimise
from sizao.plan.signals.program import program_of
from tests.plan.signals.conftest import FLOWS, crossroads

needs_sumo = pytest.mark.skipif(
    not program.available(), reason="SUMO is not installed: pip install 'sizao[sumo]'"
)


@needs_sumo
@pytest.mark.slow
def test_the_better_plan_is_better_in_the_simulator_too(tmp_path: Path) -> None:
    """Three seeds of 15 minutes; ten of an hour stand in docs/reference/junctions.md.

    An arm after the other, 40 s each, against the optimised plan: a margin of 20 % of the delay
    at the least, and the interval of the paired difference on one side of nothing. The simulator
    and the formulas, which know nothing of each other, agree on the better plan within 8 s: the
    simulator also counts slowing down to turn.
    """
    junction = junction_of(crossroads())
    less = {name: round(count * 0.8) for name, count in FLOWS.items()}
    counts = counts_of({"vehicles": less}, junction)
    before = program_of(
        {
            "phases": [
                {"movements": [f"{arm}.{turn}" for turn in "LTR"], "green_s": 40}
                for arm in ("N", "S", "E", "W")
            ]
        },
        junction,
    )
    found = optimise(Model(junction, counts), before)
    told: list[tuple[int, int]] = []
    outcome = compare(
        tmp_path, junction, counts, before, found.program, seeds=[1, 2, 3], measured_s=900,
        done=lambda part, whole: told.append((part, whole)),
    )  # fmt: skip
    assert told == [(n, 6) for n in range(1, 7)]
    assert outcome.saved.sure
    assert outcome.share > 0.2
    assert outcome.after_s == pytest.approx(found.result.delay_s, abs=8)
    assert all(film.startswith(b"SZJ1") and len(film) > 10_000 for film in outcome.films)
    assert [one.vehicles for one in outcome.before] == [one.vehicles for one in outcome.after]


@needs_sumo
def test_a_run_that_is_cancelled_leaves_no_process(tmp_path: Path) -> None:
    junction = junction_of(crossroads())
    with pytest.raises(program.Cancelled):
        build(tmp_path, junction, stop=lambda: True)


@needs_sumo
def test_what_sumo_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sumo failed: Error: .*nothing"):
        program.run("sumo", ["-n", "nothing.xml"], tmp_path, lambda: False)
