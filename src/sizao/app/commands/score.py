"""``sizao score``: detection against the simulated city's ground truth."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

from sizao.core.errors import ConfigError

if TYPE_CHECKING:
    from sizao.sim.score import Score


def _seeds(ctx: click.Context, param: click.Parameter, value: str) -> list[int]:
    try:
        return [int(part) for part in value.split(",")]
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a comma list of whole numbers") from None


@click.command()
@click.option("--vehicles", default=2000, show_default=True, help="How many vehicles drive.")
@click.option(
    "--seeds", default="1,2,3", show_default=True, callback=_seeds, help="Comma list of seeds."
)
@click.option("--hours", default=24.0, show_default=True, help="Simulated hours of each seed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@click.option("--jobs", default=1, show_default=True, help="Seeds run at once, a process each.")
@click.option("--mistakes", default=0, show_default=True, help="List so many mistakes of a rule.")
def command(
    vehicles: int, seeds: list[int], hours: float, as_json: bool, jobs: int, mistakes: int
) -> None:
    """Simulate whole days and compare what was detected with what really happened.

    Nothing is left out between a terminal's bytes and a detection but sockets and waiting.
    "Expected" offences are those a sound terminal showed long enough to be seen; precision counts
    every detection, faulty terminals included. Delays are feed seconds from the moment the rule's
    own minimum had passed to the arrival of the report that made it fire.
    """
    if vehicles < 1 or hours <= 0:
        raise ConfigError("--vehicles and --hours must be positive")
    from sizao.sim import score

    total = {rule: score.RuleScore() for rule in score.OVERLAP_S}
    runs: list[dict[str, Any]] = []
    for one in _runs(seeds, vehicles, hours, jobs):
        for rule, figures in one.rules.items():
            total[rule].add(figures)
        runs.append(
            {
                "seed": one.seed,
                "frames": one.frames,
                "positions": one.positions,
                "quarantined": {name: n for name, n in one.quarantined.items() if n},
                "seconds": round(one.seconds, 1),
                "cpu_s": round(one.cpu_s, 1),
                "rules": {rule: figures.figures() for rule, figures in one.rules.items()},
            }
        )
        click.echo(f"seed {one.seed}: {one.positions:,} positions in {one.seconds:.0f} s", err=True)
    answer = {
        "vehicles": vehicles,
        "hours": hours,
        "runs": runs,
        "rules": {rule: figures.figures() for rule, figures in total.items()},
    }
    if as_json:
        click.echo(json.dumps(answer, indent=2))
    else:
        _table(runs, answer["rules"])
    for rule, figures in total.items():
        for offence in figures.missed[:mistakes]:
            click.echo(f"missed {rule}: {offence}", file=sys.stderr)
        for episode in figures.wrong[:mistakes]:
            click.echo(f"wrong {rule}: {episode}", file=sys.stderr)


def _runs(seeds: list[int], vehicles: int, hours: float, jobs: int) -> Iterator[Score]:
    """One seed after another, in this process or in several."""
    if jobs == 1:
        yield from (_one(seed, vehicles, hours) for seed in seeds)
        return
    spawn = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_end_with_parent) as pool:
        yield from pool.map(_one, seeds, [vehicles] * len(seeds), [hours] * len(seeds))


def _end_with_parent() -> None:
    """A worker looks up from its seed after half an hour: too late to see that nobody waits."""

    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()


def _one(seed: int, vehicles: int, hours: float) -> Score:
    from sizao.sim import score

    def tell(done: float) -> None:
        if hours > 6 and done % 6 == 0:
            click.echo(f"seed {seed}: {done:.0f} of {hours:g} h", err=True)

    return score.run(seed, vehicles, hours, tell)


_COLUMNS = (
    ("offences", "offences"),
    ("expected", "expected"),
    ("detections", "detected"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("recall_of_all", "of all"),
    ("false_per_1000_vehicle_hours", "false/kvh"),
    ("delay_median_s", "delay s"),
    ("delay_p95_s", "p95 s"),
)


def _table(runs: list[dict[str, Any]], total: Any) -> None:
    wide = max(len(rule) for rule in total) + 1
    click.echo(f"{'':<6}{'rule':<{wide}}" + "".join(f"{title:>11}" for _, title in _COLUMNS))
    for label, rules in [*((f"{run['seed']}", run["rules"]) for run in runs), ("all", total)]:
        for rule, figures in rules.items():
            cells = "".join(f"{_cell(figures[key]):>11}" for key, _ in _COLUMNS)
            click.echo(f"{label:<6}{rule:<{wide}}{cells}")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) and value <= 1 else f"{value:,}"
