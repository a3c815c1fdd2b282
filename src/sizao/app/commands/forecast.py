"""``sizao forecast``: expected crashes by edge and hour, of an average week or of the next days."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sizao.app.risk_inputs import Progress, check_years, input_options, read_inputs
from sizao.app.road_files import RoadFiles
from sizao.core import durable
from sizao.core.errors import ConfigError
from sizao.log.datadir import DataDir
from sizao.risk import week_ahead
from sizao.risk.assessing import assessments
from sizao.risk.crashes import years_of
from sizao.risk.day_calendar import Calendar, read_calendar
from sizao.risk.forecasting import SCHEMA, forecast
from sizao.risk.weather_hours import read_weather
from sizao.risk.week_shapes import HOURS

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@input_options
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Parquet to write.")
@click.option("--from", "first", help="First day, e.g. 2026-11-25: the days ahead, not a week.")
@click.option("--days", type=click.IntRange(1, 31), default=7, show_default=True)
@click.option("--weather", type=_FILE, help="CSV of weather by hour, past and forecast.")
@click.option("--calendar", type=_FILE, help="YAML of holidays, school terms, market days.")
@click.option(
    "--assessments",
    "spans",
    type=click.Path(path_type=Path),
    help="Parquet of the worst spans, as the topic of that name has them.",
)
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Data folder of an installation: its desk warns of the worst spans.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a summary as one JSON object.")
def command(
    roads: RoadFiles,
    crashes: Path,
    years: str,
    rejects: Path | None,
    strict: bool,
    out: Path,
    first: str | None,
    days: int,
    weather: Path | None,
    calendar: Path | None,
    spans: Path | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Say how many crashes to expect on every edge in every hour.

    Writes u, v, hour_of_week, expected of an average week; hour 0 is Monday 00:00 local. The
    place is what ``screen`` expects; the week is the network's, moved by that of the kind of road
    and of the same street. With --from, rows are hours of the days ahead (u, v, time,
    hour_of_week, expected, factor): month, weather and calendar are learned from the same years
    and multiplied in.
    """
    progress = Progress()
    chosen = years_of(years)
    start = _day(first, weather, calendar, spans or data)
    inputs = read_inputs(roads, crashes, rejects, strict, progress)
    check_years(inputs.crashes, chosen)
    inside = inputs.crashes.in_years(chosen)
    timed = float((inputs.crashes.hour_of_week()[inside] >= 0).mean())
    if timed == 0:
        raise ConfigError(f"{crashes}: no crash has month, day and hour: nothing to tell hours by")
    found = forecast(inputs.sites, inputs.features, inputs.crashes, inputs.snapped, chosen)
    progress.done("estimates and weeks")
    summary: dict[str, Any] = {
        "out": str(out),
        "years": years,
        "edges": len(inputs.sites),
        "share_with_time": round(timed, 4),
    }
    if start is None:
        total = _write(out, SCHEMA, found.batches(), HOURS)
        summary["expected_per_week"] = round(float(total.sum()), 3)
        summary["worst_hour_of_week"] = int(total.argmax())
    else:
        hours, bad = read_weather(weather) if weather else (None, [])
        ahead = week_ahead.look_ahead(
            found,
            inputs.crashes,
            chosen,
            start,
            days,
            read_calendar(calendar) if calendar else Calendar(),
            hours,
        )
        progress.done("days and weather")
        total = _write(out, week_ahead.SCHEMA, ahead.batches(), 24 * days)
        summary["expected"] = round(float(total.sum()), 3)
        summary |= week_ahead.summary(ahead)
        summary["rejected_weather"] = len(bad)
        if spans or data:
            made = datetime.now(UTC)
            table = pa.Table.from_batches([assessments(ahead, made)])
            if spans:
                pq.write_table(table, spans)
            if data:
                summary["told"] = str(leave(table, DataDir(data), made))
            summary["assessments"] = len(table)
    progress.done("written", str(out))
    if as_json:
        summary |= {**inputs.summary, "seconds": progress.steps}
        click.echo(json.dumps(summary, ensure_ascii=False))


def _day(
    first: str | None, weather: Path | None, calendar: Path | None, spans: Path | None
) -> date | None:
    if first is None:
        if weather or calendar or spans:
            raise ConfigError("--weather, --calendar, --assessments and --data need --from DATE")
        return None
    try:
        return date.fromisoformat(first)
    except ValueError:
        raise ConfigError(f"--from {first!r} is no date like 2026-11-25") from None


def leave(table: pa.Table, data: DataDir, made: datetime) -> Path:
    """Leave spans for the desk of an installation, whole or not at all. Returns the file."""
    data.forecasts.mkdir(exist_ok=True)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    path = data.forecasts / f"{made:%Y%m%dT%H%M%S}.parquet"
    durable.replace(path, sink.getvalue().to_pybytes())
    return path


def _write(
    out: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch], hours: int
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Write all batches, whole or not at all; crashes of each hour over the network."""
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    total = np.zeros(hours)
    with pq.ParquetWriter(draft, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            total += batch["expected"].to_numpy().reshape(-1, hours).sum(axis=0)
    draft.replace(out)
    return total
