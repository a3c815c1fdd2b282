"""``sizao crashes``: import crash records, undo the last import, write a sample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from sizao.app.commands import _imports
from sizao.app.options import data_option
from sizao.log.datadir import DataDir


@click.group()
def command() -> None:
    """Import crash records."""


@command.command("import")
@_imports.import_options
def import_(file: Path, data: DataDir, **options: Any) -> None:
    """Import the crash records of FILE (CSV or .xlsx).

    Prints a line for each row that is bad, repeated or worth a look, then one JSON object. Good
    rows are imported, in one transaction; with --strict only if there is no bad one.
    """
    _imports.run("crash", file, data, **options)


@command.command()
@data_option
def undo(data: DataDir) -> None:
    """Undo the last import of crash records."""
    _imports.undo(("crash",), data)


@command.command()
@click.argument("out", type=_imports.FILE)
def sample(out: Path) -> None:
    """Write a sample table with made-up crashes to OUT (.csv or .xlsx)."""
    _imports.sample("crash", out)


@command.command()
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--years", default="2023-2025", show_default=True, help="Years of the history.")
@click.option("--seed", default=1, show_default=True, help="Makes the history repeatable.")
def simulate(out: Path, years: str, seed: int) -> None:
    """Write made-up crashes of the schematic city, and its roads, to the folder OUT.

    nodes.csv, edges.csv and crashes.csv are what screen, forecast, backtest and patrol read;
    crashes.csv can be imported too. truth.csv says where the next crash was truly likely, which
    real records never do.
    """
    from sizao.risk.crashes import years_of
    from sizao.sim import crash_files
    from sizao.sim.city import build
    from sizao.sim.crashes import history

    chosen = years_of(years)
    city = build()
    past = history(city, chosen, seed)
    rows = crash_files.write(out, city.network, past)
    hot = len(past.truth.hot)
    click.echo(json.dumps({"out": str(out), "rows": rows, "hot_spots": hot, "seed": seed}))
