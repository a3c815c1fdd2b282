"""``sizao backtest``: rank by some years, count what the next one did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from sizao.app.risk_inputs import Progress, check_years, input_options, read_inputs
from sizao.app.road_files import RoadFiles
from sizao.core.errors import ConfigError
from sizao.risk.backtest_report import claims
from sizao.risk.backtest_report import report as reported
from sizao.risk.backtesting import Case, Run, runs
from sizao.risk.capture import SHARES
from sizao.risk.crashes import years_of


@click.command()
@input_options
@click.option("--test", required=True, help="Year to judge by; 2018-2019 rolls the years along.")
@click.option(
    "--keep",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="Share of training crashes to keep, to see how few are enough.",
)
@click.option("--seeds", type=click.IntRange(1, 1000), default=5, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
def command(
    roads: RoadFiles,
    crashes: Path,
    years: str,
    rejects: Path | None,
    strict: bool,
    test: str,
    keep: float,
    seeds: int,
    as_json: bool,
) -> None:
    """Judge the ranking by a later year: capture, PAI, calibration, consistency.

    Past counts and textbook Empirical Bayes are ranked beside it, and hindsight says how much
    there was to catch. Where a reporting break lies between the years, treatment claims are
    refused.
    """
    progress = Progress()
    train, tests = years_of(years), years_of(test)
    if tests.start < train.stop:
        raise ConfigError(f"the test year {tests.start} is not after the years {years}")
    inputs = read_inputs(roads, crashes, rejects, strict, progress)
    for back in range(len(tests)):
        check_years(inputs.crashes, range(train.start + back, train.stop + back))
        check_years(inputs.crashes, range(tests.start + back, tests.start + back + 1))
    case = Case(inputs.sites, inputs.features, inputs.crashes, inputs.snapped)
    done: list[Run] = []
    for run in runs(case, train, tests, keep, seeds):
        done.append(run)
        progress.done(f"{run.test}, seed {run.seed}", f"{run.crashes:,} crashes to learn from")
    report = reported(case, done)
    progress.done("calibration and consistency")
    report |= {
        "years": years,
        "test": test,
        "keep": keep,
        "seeds": len({run.seed for run in done}),
        **claims(inputs.breaks, train, tests, len(inputs.sites)),
        **inputs.summary,
    }
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        _show(report)


def _show(report: dict[str, Any]) -> None:
    rows = {report["method"]: report, **report["baselines"], "hindsight": report["hindsight"]}
    click.echo("capture by share of length  " + "".join(f"{share:>8.0%}" for share in SHARES))
    for name, row in rows.items():
        click.echo(f"  {name:<26}" + "".join(f"{v:8.3f}" for v in row["capture"].values()))
    for kind, top in report["top_100"].items():
        click.echo(
            f"top 100 {kind}: {top['before']:,.0f} a year before, {top['expected']:,.0f} expected,"
            f" {top['after']:,.0f} after ({top['lower']:,.0f} to {top['upper']:,.0f} were likely);"
            f" {top['error']:+.1%} at the test year's level"
        )
    for reason in report["refused_because"]:
        click.echo(f"treatment claims refused: {reason}")
