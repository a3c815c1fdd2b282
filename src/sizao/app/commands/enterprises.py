"""``sizao enterprises``: how enterprises keep their statutory duties, with how sure that is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
from pyarrow import csv

from sizao.core.errors import ConfigError
from sizao.risk.duties import TOO_LITTLE, TOO_SMALL, WORSE, duties
from sizao.risk.enterprises import REASONS, assess, read_records


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV to write.")
@click.option("--strict", is_flag=True, help="Stop if any row is rejected.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as one JSON object.")
def command(file: Path, out: Path, strict: bool, as_json: bool) -> None:
    """Say how enterprises keep their statutory duties, weighed by how much is known of each.

    FILE has enterprise, duty, events, exposure; kind (compared within) and vehicles if known. A
    small fleet is never ranked by its raw rate: with few vehicles or little exposure it has no
    rank. No driver and no plate is read.
    """
    records, rejected = read_records(file)
    for one in rejected:
        click.echo(f"row {one.row}: {REASONS.get(one.reason, one.reason)}", err=True)
    if rejected and strict:
        raise ConfigError(f"{file}: {len(rejected)} rows rejected; nothing done (--strict)")
    table = assess(records)
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    csv.write_csv(table, draft, csv.WriteOptions(quoting_style="needed"))
    draft.replace(out)
    if as_json:
        notes = table["note"].to_pylist()
        summary = {
            "out": str(out),
            "enterprises": len(set(table["enterprise"].to_pylist())),
            "duties": {
                name: {"weight": duty.weight, "unit": duty.unit, "certainty": duty.certainty}
                for name, duty in duties().items()
            },
            "too_few_vehicles": notes.count(TOO_SMALL),
            "too_little_exposure": notes.count(TOO_LITTLE),
            "worse_than_similar": notes.count(WORSE),
            "rejected": len(rejected),
        }
        click.echo(json.dumps(summary, ensure_ascii=False))
