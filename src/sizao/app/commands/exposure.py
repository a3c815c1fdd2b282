"""``sizao exposure``: add the fleet's own flow and behaviour up by road and hour of the day."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sizao.app.options import data_option
from sizao.core.errors import ConfigError
from sizao.log.datadir import DataDir


@click.command()
@data_option
@click.option("--days", type=click.IntRange(1, 180), default=28, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Also write the rows as Parquet.")
def command(data: DataDir, days: int, out: Path | None) -> None:
    """Add up kilometres, speeds, harsh braking and fatigue of the track archive.

    Rows are edges and hours of the day; what fewer than five vehicles made is withheld. The web
    process does the same each night. Prints one JSON object with what it covers.
    """
    from sizao.app.wiring import setup_django
    from sizao.runtime.embedded.log import SqliteLog

    setup_django(data)
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    from sizao.web.clock import feed_now
    from sizao.web.exposure import compute, services

    detections = SqliteLog(data.detect_log)
    opened = services.open_sum(f"command:{feed_now():%Y-%m-%dT%H:%M:%S}", days)
    found = services.run(opened.pk, compute.compute, detections)
    detections.close()
    if found.error:
        raise ConfigError(found.error)
    if out is not None:
        out.write_bytes((services.folder(found) / "fleet.parquet").read_bytes())
    click.echo(json.dumps({"sum": found.pk, **found.summary}))
