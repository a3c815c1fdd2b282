"""``sizao forecast``: expected crashes of every edge in every hour of the week."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
import numpy as np
import pyarrow.parquet as pq

from sizao.app.risk_inputs import Progress, check_years, input_options, read_inputs
from sizao.core.errors import ConfigError
from sizao.risk.crashes import years_of
from sizao.risk.forecasting import SCHEMA, forecast
from sizao.risk.profiles import HOURS


@click.command()
@input_options
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Parquet to write.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as one JSON object.")
def command(
    nodes: Path,
    edges: Path,
    crashes: Path,
    years: str,
    rejects: Path | None,
    strict: bool,
    out: Path,
    as_json: bool,
) -> None:
    """Say how many crashes to expect on every edge in every hour of an average week.

    Writes u, v, hour_of_week, expected; hour 0 is Monday 00:00 local. The place is what
    ``screen`` expects; the week is the network's, moved by that of the kind of road and of the
    same street.
    """
    progress = Progress()
    chosen = years_of(years)
    inputs = read_inputs(nodes, edges, crashes, rejects, strict, progress)
    check_years(inputs.crashes, chosen)
    inside = inputs.crashes.in_years(chosen)
    timed = float((inputs.crashes.hour_of_week()[inside] >= 0).mean())
    if timed == 0:
        raise ConfigError(f"{crashes}: no crash has month, day and hour: nothing to tell hours by")
    found = forecast(inputs.sites, inputs.features, inputs.crashes, inputs.snapped, chosen)
    progress.done("estimates and weeks")
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    total = np.zeros(HOURS)
    with pq.ParquetWriter(draft, SCHEMA, compression="zstd") as writer:
        for batch in found.batches():
            writer.write_batch(batch)
            total += batch["expected"].to_numpy().reshape(-1, HOURS).sum(axis=0)
    draft.replace(out)
    progress.done("written", str(out))
    if as_json:
        summary = {
            "out": str(out),
            "years": years,
            "edges": len(inputs.sites),
            "expected_per_week": round(float(total.sum()), 3),
            "worst_hour_of_week": int(total.argmax()),
            "share_with_time": round(timed, 4),
            **inputs.summary,
            "seconds": progress.steps,
        }
        click.echo(json.dumps(summary, ensure_ascii=False))
