"""``sizao screen``: rank road edges by the crashes to be expected on them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from pyarrow import csv

from sizao.app.risk_fleet import with_fleet, with_passages
from sizao.app.risk_inputs import Progress, check_years, input_options, read_inputs
from sizao.app.road_files import RoadFiles, named
from sizao.app.screen_extras import EXTRAS
from sizao.risk import discount
from sizao.risk.black_spots import side_by_side
from sizao.risk.crashes import years_of
from sizao.risk.estimators import ESTIMATORS
from sizao.risk.screening import screen


def _extras(command: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each file that may be written beside the ranking."""
    for name, (_writer, about) in reversed(EXTRAS.items()):
        option = f"--{name.replace('_', '-')}"
        command = click.option(option, name, type=click.Path(path_type=Path), help=about)(command)
    return command


@click.command()
@input_options
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV to write.")
@click.option(
    "--method",
    type=click.Choice(list(ESTIMATORS)),
    default="pooled",
    show_default=True,
    help="pooled learns from surroundings; eb is the textbook baseline.",
)
@click.option(
    "--discount",
    "yearly",
    type=click.FloatRange(0.05, 1.0),
    default=discount.YEARLY,
    show_default=True,
    help="How much a year counts against the one after it.",
)
@click.option(
    "--fleet",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV of the fleet's km an edge (u, v, km): traffic between counts, surrogate measures.",
)
@click.option(
    "--passages",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV of passages at checkpoints (checkpoint, lat, lon, time): traffic counts.",
)
@_extras
@click.option("--rules", is_flag=True, help="With --json: the black-spot rules side by side.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as one JSON object.")
def command(
    roads: RoadFiles,
    crashes: Path,
    years: str,
    rejects: Path | None,
    strict: bool,
    out: Path,
    method: str,
    yearly: float,
    fleet: Path | None,
    passages: Path | None,
    rules: bool,
    as_json: bool,
    **extras: Path | None,
) -> None:
    """Rank the edges of a road network by expected crashes a kilometre.

    Reads roads and crashes (.csv or .csv.gz; roads also as .geojson or .gpkg) and writes one row
    an undirected edge: observed, predicted by similar sites, expected with 90 % interval, rank,
    and notes that say what the figure rests on. A rank is a lead for engineers and patrols, never
    a quota.
    """
    progress = Progress()
    chosen = years_of(years)
    inputs = read_inputs(roads, crashes, rejects, strict, progress)
    check_years(inputs.crashes, chosen)
    from_fleet, traffic = None, dict[str, Any]()
    if passages is not None:
        inputs, traffic = with_passages(inputs, passages, strict)
        progress.done("passages", f"{int((inputs.sites.aadt > 0).sum()):,} edges counted")
    if fleet is not None:
        inputs, from_fleet, more = with_fleet(inputs, fleet, strict)
        traffic |= more
        progress.done("traffic", f"{int(from_fleet.sum()):,} edges from the fleet")
    result = screen(
        inputs.sites,
        inputs.features,
        inputs.crashes,
        inputs.snapped,
        chosen,
        ESTIMATORS[method],
        yearly,
        from_fleet,
    )
    progress.done("estimates", method)
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    table = result.table() if roads.lines is None else named(inputs.sites, result.table())
    csv.write_csv(table, draft, csv.WriteOptions(quoting_style="needed"))
    draft.replace(out)
    progress.done("written", str(out))
    for name, path in extras.items():
        if path is not None:
            rows = EXTRAS[name][0](inputs, result, path)
            progress.done(name.replace("_", " "), f"{rows:,} rows in {path}")
    if as_json:
        beside = {}
        if rules:
            beside["black_spots"] = side_by_side(
                inputs.sites, result.estimate, inputs.crashes, inputs.snapped, chosen[-1]
            )
            progress.done("black-spot rules")
        summary = {
            "out": str(out),
            "method": method,
            "discount": yearly,
            **result.summary(),
            **beside,
            **traffic,
            **inputs.summary,
            "seconds": progress.steps,
        }
        click.echo(json.dumps(summary, ensure_ascii=False))
