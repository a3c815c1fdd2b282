"""``sizao assess``: assess the installation's roads by its crash register."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sizao.app.options import data_option
from sizao.app.risk_inputs import Progress
from sizao.core.errors import ConfigError
from sizao.log.datadir import DataDir
from sizao.risk.crashes import years_of
from sizao.risk.estimators import ESTIMATORS


@click.command()
@data_option
@click.option("--years", default="", help="Years to assess by, e.g. 2023-2025; default the last 3.")
@click.option(
    "--method",
    type=click.Choice(list(ESTIMATORS)),
    default="pooled",
    show_default=True,
    help="pooled learns from surroundings; eb is the textbook baseline.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(1.0, 20.0),
    default=2.0,
    show_default=True,
    help="Times the mean rate, for the probability that a site is above it.",
)
def command(data: DataDir, years: str, method: str, threshold: float) -> None:
    """Assess every segment and junction, and keep the results for the risk pages.

    Reads the crash records that were imported and the road network of the data folder. The page
    "Assessments" does the same in the background. Prints one JSON object.
    """
    from sizao.app.wiring import setup_django

    progress = Progress()
    setup_django(data)
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    from sizao.web.risk import compute, services

    chosen = years_of(years) if years else services.usual_years()
    if chosen is None:
        raise ConfigError("the register has no crash yet: import some with `sizao crashes import`")
    progress.done("crash register")

    def here(folder: Path, note: services.Step) -> None:
        def step(name: str, share: float) -> None:
            note(name, share)
            progress.done(name)

        compute.compute(folder, step)

    opened = services.open_run(None, years=chosen, method=method, threshold=threshold)
    run = services.run(opened.pk, here)
    if run.error:
        raise ConfigError(run.error)
    progress.done("stored", f"run {run.pk}")
    summary = {"run": run.pk, **run.summary, "data": run.data, "backtest": run.backtest}
    click.echo(json.dumps({**summary, "seconds": progress.steps}, ensure_ascii=False))
