"""``sizao sources``: the registry of sources, from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

import click
import yaml

from sizao.app.options import data_option
from sizao.core import durable
from sizao.core.clock import load_clock
from sizao.core.errors import ConfigError
from sizao.core.source_access import load_access, load_secrets, new_key, revoke_keys
from sizao.core.sources import HOUR_S, KINDS, kind_of
from sizao.core.sources_file import load_registry, read_registry
from sizao.log.datadir import DataDir
from sizao.log.source_figures import hourly, last_heard, total
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.tally_reader import LogTallies


@click.group()
def command() -> None:
    """Register sources, check the registry, make keys."""


@command.command("list")
@data_option
@click.option("--hours", default=24, show_default=True, type=click.IntRange(1, 9600))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(data: DataDir, hours: int, as_json: bool) -> None:
    """Every source that is registered or was heard, with what it sent of late."""
    registry = load_registry(data.sources)
    access = load_access(data.source_access)
    now_s = load_clock(data.clock).time_s()
    hour = int(now_s // HOUR_S)
    logs = [SqliteLog(path) for path in (data.feeds_log, data.intake_log, data.commands_log)]
    try:
        readers = [LogTallies(log) for log in logs]
        figures = hourly(readers, registry, hour - hours + 1, hour, now_s)
        heard = last_heard(readers)
    finally:
        for log in logs:
            log.close()
    for source in dict.fromkeys([*figures, *heard]):
        entry, sums = registry.get(source), total(figures.get(source, {}).values())
        last_us = max((us for topic, us in heard.get(source, {}).items() if topic != "quarantine"),
                      default=None)  # fmt: skip
        share, delay = sums.completeness, sums.delay(0.95)
        row = {
            "id": source,
            "name": entry.name_en if entry else None,
            "registered": entry is not None,
            "off": access.off[source].reason if source in access.off else None,
            "last": None
            if last_us is None
            else datetime.fromtimestamp(last_us / 1e6, UTC).isoformat(),
            "accepted": sums.accepted_total,
            "quarantined": sums.quarantined_total,
            "delay_p95_s": None if delay is None else round(delay, 1),
            "completeness": None if share is None else round(share, 4),
            "keys": [key.id for key in access.keys.get(source, ())],
        }
        click.echo(json.dumps(row, ensure_ascii=False) if as_json else _line(row))


def _moment(us: int) -> str:
    return datetime.fromtimestamp(us / 1e6, UTC).isoformat()


def _line(row: Mapping[str, object]) -> str:
    shown = "" if row["registered"] else "  not registered"
    shown += f"  off: {row['off']}" if row["off"] else ""
    unknown = {name: "-" if row[name] is None else row[name] for name in row}
    return (
        f"{row['id']:<28} accepted {row['accepted']:>9,}  quarantined {row['quarantined']:>7,}"
        f"  p95 {unknown['delay_p95_s']:>7} s  complete {unknown['completeness']:>6}"
        f"  last {unknown['last']}{shown}"
    )


@command.command()
@data_option
def check(data: DataDir) -> None:
    """Say everything that is wrong with sources.yaml, source-access.json and secrets.yaml."""
    problems: list[str] = []
    if data.sources.exists():
        text = data.sources.read_text(encoding="utf-8", errors="replace")
        registry, problems = read_registry(text, name=data.sources.name)
    else:
        registry, problems = load_registry(data.sources), [f"{data.sources}: there is no such file"]
    for load, path in ((load_access, data.source_access), (load_secrets, data.secrets)):
        try:
            load(path)
        except ConfigError as error:
            problems.append(str(error))
    for problem in problems:
        click.echo(problem, err=True)
    click.echo(f"{len(registry.sources)} sources, {len(problems)} problems")
    if problems:
        sys.exit(1)


@command.command()
@click.argument("source")
@data_option
@click.option("--name-zh", required=True, help="Name in Chinese.")
@click.option("--name-en", required=True, help="Name in English.")
@click.option("--owner", required=True, help="The party that answers for it.")
@click.option("--contact", default="", help="How to reach its duty office.")
@click.option("--topic", help="What it promises; default: the kind's first topic.")
@click.option("--per-hour", type=float, help="Records an hour.")
@click.option("--interval-s", type=float, help="Or a record each so many seconds.")
@click.option("--complete", type=float, help="Share that is promised, 0 to 1.")
@click.option("--max-delay-s", type=float, help="95 % arrive within this.")
@click.option("--silence-s", type=float, help="Alarm after so much silence.")
def add(
    source: str,
    data: DataDir,
    name_zh: str,
    name_en: str,
    owner: str,
    contact: str,
    topic: str | None,
    **promise: float | None,
) -> None:
    """Add SOURCE (KIND:NAME) to the end of sources.yaml; what stands there is left as it is."""
    kind = KINDS.get(kind_of(source))
    line: dict[str, object] = {"topic": topic or (kind.topics[0] if kind else "")}
    line |= {name: value for name, value in promise.items() if value is not None}
    entry = {
        "id": source,
        "name_zh": name_zh,
        "name_en": name_en,
        "owner": {"party": owner} | ({"contact": contact} if contact else {}),
        "contract": [line],
    }
    before = data.sources.read_text(encoding="utf-8") if data.sources.exists() else ""
    known = load_registry(data.sources)
    if source in known.sources:
        raise ConfigError(f"{data.sources.name}: source {source!r} is there already; edit the file")
    text = _appended(before, entry)
    registry, problems = read_registry(text, name=data.sources.name)
    if problems or set(registry.sources) != {*known.sources, source}:
        raise ConfigError("\n".join(problems) or f"{data.sources}: add the entry by hand")
    durable.replace(data.sources, text.encode())
    click.echo(f"{source} added to {data.sources}")


def _appended(before: str, entry: Mapping[str, object]) -> str:
    """The file with one entry more, comments and all. Entries that stand in a flow list, or
    something after them, cannot be added to by appending: the caller checks what came out."""
    block = yaml.safe_dump([dict(entry)], allow_unicode=True, sort_keys=False, width=100)
    raw = yaml.safe_load(before) if before.strip() else None
    if not raw or "sources" not in raw:
        return f"{before.rstrip()}\nsources:\n{block}".lstrip("\n")
    # As far in as the entries before it, which YAML wants alike.
    dashes = [text for text in before.splitlines() if text.lstrip().startswith("- id:")]
    indent = " " * (len(dashes[-1]) - len(dashes[-1].lstrip())) if dashes else ""
    lines = [f"{indent}{text}" for text in block.splitlines()]
    return before.rstrip() + "\n" + "\n".join(lines) + "\n"


@command.command()
@click.argument("source")
@data_option
@click.option("--keep-old-hours", default=0.0, show_default=True, help="Older keys work so long.")
@click.option("--revoke", is_flag=True, help="Take every key back and make none.")
def key(source: str, data: DataDir, keep_old_hours: float, revoke: bool) -> None:
    """Make a key for SOURCE and print it, this once."""
    if load_registry(data.sources).get(source) is None:
        raise ConfigError(f"source {source} is not registered: sizao sources add {source} ...")
    if revoke:
        revoke_keys(data.source_access, source)
        click.echo(f"{source} has no key any more")
        return
    now_s = load_clock(data.clock).time_s()
    click.echo(new_key(data.source_access, source, now_s, keep_old_s=keep_old_hours * HOUR_S))
