"""``sizao detect FILE.parquet --out OUT.parquet``: the rules over recorded positions."""

from __future__ import annotations

import csv
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from sizao.core.errors import ConfigError
from sizao.detect import recording
from sizao.detect.engine import Context
from sizao.detect.rules_file import OwnRules, own_rules
from sizao.roads.network import Network

_FIRST = 10
"""Row numbers of rejected rows named in the summary, a reason; ``--rejects`` lists all."""

_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_new_file = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_file)
@click.option("--out", required=True, type=_new_file, help="Parquet file of episodes to write.")
@click.option(
    "--rules",
    type=click.Path(exists=True, path_type=Path),
    help="YAML with other rules or parameters, or a folder of such files.",
)
@click.option("--network", type=_file, help="Road network (.npz) that gives limits and places.")
@click.option("--rejects", type=_new_file, help="CSV to write every rejected row's number to.")
@click.option("--strict", is_flag=True, help="Write nothing if any row is rejected.")
def command(
    file: Path,
    out: Path,
    rules: Path | None,
    network: Path | None,
    rejects: Path | None,
    strict: bool,
) -> None:
    """Run the rules over the recorded positions in FILE and write one row an episode.

    FILE has the columns vehicle, time, lat, lon, speed_kmh and may have heading_deg,
    recorder_speed_kmh, driver, vehicle_kind, limit_kmh, alarm, status, positioned. Rows may come
    in any order. A limit_kmh goes before the road's; without --network only those are known.
    Prints a summary as JSON.
    """
    began = time.perf_counter()
    read = recording.read(_table(file))
    own = _own_rules(rules) if rules else own_rules([])
    context = Context.build(
        Network.load(network) if network else None,
        kinds=read.kinds,
        book=own.book,
        changes=own.changes,
        only=own.only,
    )
    if rejects:
        _write_rejects(rejects, read.rejected)
    if strict and read.rejected:
        number, reason = read.rejected[0]
        raise ConfigError(
            f"{file}: {len(read.rejected)} rows rejected, the first is row {number} "
            f"({recording.REASONS[reason]}); nothing written"
        )
    found, state = recording.episodes(read, context)
    pq.write_table(found, out)
    summary = {
        "file": str(file),
        "out": str(out),
        "rows": len(read.positions) + len(read.rejected),
        "positions": len(read.positions),
        "vehicles": len(state.names),
        "rejected": _rejected(read.rejected),
        "unknown_kinds": dict(sorted(read.unknown_kinds.items())),
        "no_fix": state.counters["no_fix"],
        "frozen": state.counters["frozen"],
        "unmatched": state.counters["unmatched"],
        "rules": {rule.id: rule.version(context.params[rule.id]) for rule in context.rules},
        "detections": len(found),
        "by_rule": _by_rule(found),
        "seconds": round(time.perf_counter() - began, 3),
    }
    click.echo(json.dumps(summary, ensure_ascii=False))


def _table(file: Path) -> pa.Table:
    try:
        return pq.read_table(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise ConfigError(f"{file}: not a Parquet file: {error}") from error


def _own_rules(path: Path) -> OwnRules:
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    if not files:
        raise ConfigError(f"{path}: no .yaml file in it")
    documents = []
    for item in files:
        try:
            documents.append((str(item), yaml.safe_load(item.read_text(encoding="utf-8"))))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ConfigError(f"{item}: not YAML: {error}") from error
    return own_rules(documents)


def _write_rejects(path: Path, rejected: list[tuple[int, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "reason", "meaning"])
        writer.writerows((row, reason, recording.REASONS[reason]) for row, reason in rejected)


def _rejected(rejected: list[tuple[int, str]]) -> dict[str, Any]:
    numbers: dict[str, list[int]] = {}
    for row, reason in rejected:
        numbers.setdefault(reason, []).append(row)
    return {reason: {"rows": len(rows), "first": rows[:_FIRST]} for reason, rows in numbers.items()}


def _by_rule(found: pa.Table) -> dict[str, dict[str, int]]:
    pairs = zip(found["rule"].to_pylist(), found["severity"].to_pylist(), strict=True)
    result: dict[str, dict[str, int]] = {}
    for (rule, severity), count in sorted(Counter(pairs).items()):
        result.setdefault(rule, {})[severity] = count
    return result
