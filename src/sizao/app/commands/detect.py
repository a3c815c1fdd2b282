"""``sizao detect``: the rules over recorded positions, or other rules over the archive."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from sizao.app.options import data_option
from sizao.core.clock import SHANGHAI
from sizao.core.errors import ConfigError
from sizao.detect import recording
from sizao.detect.engine import Context
from sizao.detect.rules_file import OwnRules, own_rules
from sizao.log.datadir import DataDir
from sizao.roads.fence_grid import NO_FENCES, Fences
from sizao.roads.fences import load as load_fences
from sizao.roads.network import Network
from sizao.runtime.archive.whatif import of_installation

_FIRST = 10
"""Row numbers of rejected rows named in the summary, a reason; ``--rejects`` lists all."""

_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_new_file = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_file, required=False)
@click.option("--out", type=_new_file, help="Parquet file of episodes, or of changes, to write.")
@click.option(
    "--rules",
    type=click.Path(exists=True, path_type=Path),
    help="YAML with other rules or parameters, or a folder of such files.",
)
@click.option("--network", type=_file, help="Road network (.npz) that gives limits and places.")
@click.option("--fences", type=_file, help="Electronic fences (.geojson) that rules go by.")
@click.option("--rejects", type=_new_file, help="CSV to write every rejected row's number to.")
@click.option("--strict", is_flag=True, help="Write nothing if any row is rejected.")
@click.option("--from", "start", metavar="TIME", help="Replay the archive from here ...")
@click.option("--to", "end", metavar="TIME", help="... to here, and say what --rules would change.")
@click.option(
    "--warm-up-hours",
    type=click.FloatRange(min=0),
    default=24.0,
    show_default=True,
    help="Replayed before --from, so that rules remember; a rule over seven days needs 168.",
)
@click.option("--json", "as_json", is_flag=True, help="With --from: JSON and no table.")
@click.option("--unchanged", is_flag=True, help="With --from: episodes that stay go to --out too.")
@click.option("--progress", is_flag=True, help="With --from: DONE/TOTAL a line on standard error.")
@data_option
def command(
    file: Path | None,
    out: Path | None,
    rules: Path | None,
    network: Path | None,
    fences: Path | None,
    rejects: Path | None,
    strict: bool,
    start: str | None,
    end: str | None,
    warm_up_hours: float,
    as_json: bool,
    unchanged: bool,
    progress: bool,
    data: DataDir,
) -> None:
    """Run the rules over the recorded positions in FILE and write one row an episode.

    Without FILE, but with --from, --to and --rules: what would these rules have found in the
    archive of --data that today's do not, and the other way round. Times as 2026-11-25 or
    2026-11-25T08:30, in Shanghai unless they say otherwise.

    FILE has the columns vehicle, time, lat, lon, speed_kmh and may have heading_deg,
    recorder_speed_kmh, driver, vehicle_kind, limit_kmh, alarm, status, positioned. Rows may come
    in any order. A limit_kmh goes before the road's; without --network only those are known.
    Prints a summary as JSON.
    """
    if file is None:
        if not (start and end and rules):
            raise click.UsageError("give a FILE, or --from, --to and --rules")
        span = _moment(start, "--from"), _moment(end, "--to")
        own = _own_rules(rules)
        warm_up = timedelta(hours=warm_up_hours)
        _what_if(
            data, span, own, network, warm_up, out,
            as_json=as_json, unchanged=unchanged, lines=progress,
        )  # fmt: skip
        return
    if start or end or not out:
        raise click.UsageError("with FILE give --out, and neither --from nor --to")
    _recorded(file, out, rules, network, fences, rejects, strict=strict)


def _recorded(
    file: Path,
    out: Path,
    rules: Path | None,
    network: Path | None,
    fences: Path | None,
    rejects: Path | None,
    *,
    strict: bool,
) -> None:
    began = time.perf_counter()
    read = recording.read(_table(file))
    own = _own_rules(rules) if rules else own_rules([])
    context = Context.build(
        Network.load(network) if network else None,
        kinds=read.kinds,
        book=own.book,
        changes=own.changes,
        only=own.only,
        fences=Fences(load_fences(fences)) if fences else NO_FENCES,
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


def _moment(text: str, option: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option}: {text!r} is no time; write 2026-11-25T08:30") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def _what_if(
    data: DataDir,
    span: tuple[datetime, datetime],
    own: OwnRules,
    network: Path | None,
    warm_up: timedelta,
    out: Path | None,
    *,
    as_json: bool,
    unchanged: bool,
    lines: bool,
) -> None:
    began = time.perf_counter()

    def progress(done: int, total: int) -> None:
        if lines:
            click.echo(f"{done}/{total}", err=True)
        elif sys.stderr.isatty():
            click.echo(f"\r{done}/{total} groups of vehicles", err=True, nl=done == total)

    found = of_installation(
        data, own, *span, network=network, warm_up=warm_up, unchanged=unchanged, progress=progress
    )
    if out:
        pq.write_table(found.changes, out)
    summary = {**found.summary, "seconds": round(time.perf_counter() - began, 3)}
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False))
        return
    click.echo(
        f"{found.summary['positions']:,} positions of {found.summary['vehicles']:,} vehicles"
    )
    for rule, versions in found.summary["rules"].items():
        click.echo(f"{rule}: {versions['before'] or 'off'} -> {versions['after'] or 'off'}")
    names = ("before", "after", "appears", "disappears", "changes", "same")
    for what in ("rule", "kind", "road"):
        click.echo(f"\n{what:<18}" + "".join(f"{name:>12}" for name in names))
        for value, counts in found.summary[f"by_{what}"].items():
            figures = "".join(f"{counts[name]:>12,}" for name in names)
            click.echo(f"{value or '(no road)':<18}{figures}")


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
