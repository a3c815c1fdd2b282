"""A simulation, in a process of its own: ``python -m sizao.web.junctions.compute FOLDER``.

Touches no database: reads ``job.json``, writes the results beside it, prints a JSON line after
each run, and ends when a file named ``stop`` appears.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from sizao.web.child import answer, say


def compute(folder: Path, done: Callable[[int, int], None]) -> None:
    """Run both plans. Raises ConfigError, in words, or Cancelled."""
    from sizao.plan.microsim.compare import compare
    from sizao.plan.signals.counts import counts_of
    from sizao.plan.signals.junction import junction_of
    from sizao.plan.signals.program import program_of
    from sizao.plan.signals.reporting import outcome_data

    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    junction = junction_of(job["junction"])
    scratch = folder / "sumo"
    try:
        outcome = compare(
            scratch,
            junction,
            counts_of(job["counts"], junction),
            program_of(job["before"], junction),
            program_of(job["after"], junction),
            seeds=job["seeds"],
            done=done,
            stop=(folder / "stop").exists,
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    for name, film in zip(("before", "after"), outcome.films, strict=True):
        (folder / f"{name}.film").write_bytes(film)
    (folder / "outcome.json").write_text(json.dumps(outcome_data(outcome)), encoding="utf-8")


def _work(folder: Path) -> None:
    from sizao.plan.microsim.program import Cancelled

    try:
        compute(folder, lambda part, whole: say(done=part, whole=whole))
    except Cancelled:
        say(cancelled=True)


if __name__ == "__main__":
    answer(_work)
