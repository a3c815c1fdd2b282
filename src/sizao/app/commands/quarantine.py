"""``sizao quarantine``: what could not be used, looked at and read again."""

from __future__ import annotations

import json
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from sizao.app.options import data_option
from sizao.core.clock import load_clock
from sizao.core.errors import ConfigError, LogError
from sizao.feeds.redecode import Kept, Links, again, explain
from sizao.log.datadir import DataDir
from sizao.log.evidence import EvidenceStore
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.quarantine import LogQuarantine, Order, Replayer, select
from sizao.runtime.platforms.config import load as load_links
from sizao.runtime.platforms.rereading import link_readers

_EVER_US = 1 << 62

_LOG = click.option(
    "--log", "log", type=click.Choice(["feeds", "intake"]), default="feeds", show_default=True,
    help="feeds is the gateway's, intake the intake's.",
)  # fmt: skip
_SOURCE = click.option("--source", help="Only of this source.")
_REASON = click.option("--reason", help="Only with this reason.")
_SINCE = click.option(
    "--since", type=click.DateTime(), help="Only received since this moment, UTC."
)


def _links(data: DataDir) -> Links:
    """Readers of the platform links of this installation."""
    return link_readers(load_links(data.links, data.secrets), data.register)


def _path(data: DataDir, log: str) -> Any:
    return data.feeds_log if log == "feeds" else data.intake_log


def _order(log: str, source: str | None, reason: str | None, since: datetime | None) -> Order:
    since_us = None if since is None else round(since.replace(tzinfo=UTC).timestamp() * 1e6)
    return Order(uuid.uuid4().hex, log, source, reason, since_us, _EVER_US)


def _walk(log: SqliteLog, order: Order) -> Iterator[tuple[str, Kept, bool]]:
    """Name, record and whether it was replayed, oldest first."""
    store = LogQuarantine(log)
    after = store.first() - 1
    while segments := store.read(after, 5_000):
        taken = store.replayed(segments[0].seq, segments[-1].seq)
        for segment in segments:
            for row, kept in select(segment.batch, order):
                name = f"{order.log}-{segment.seq}-{row}"
                yield name, kept, (segment.seq, row) in taken
        after = segments[-1].seq


@click.group()
def command() -> None:
    """Look at quarantine, try to decode it again, replay what decodes."""


@command.command("list")
@data_option
@_LOG
@_SOURCE
@_REASON
@_SINCE
@click.option("--limit", default=50, show_default=True, help="The newest so many.")
def list_(
    data: DataDir,
    log: str,
    source: str | None,
    reason: str | None,
    since: datetime | None,
    limit: int,
) -> None:
    """Records, a JSON object a line, oldest first, without their bytes."""
    with SqliteLog(_path(data, log)) as opened:
        found = list(_walk(opened, _order(log, source, reason, since)))
    for name, kept, replayed in found[-limit:]:
        row = {
            "ref": name,
            "received": datetime.fromtimestamp(kept.received_us / 1e6, UTC).isoformat(),
            "source": kept.source,
            "peer": kept.peer,
            "reason": kept.reason,
            "detail": kept.detail,
            "bytes": len(kept.raw),
            "replayed": replayed,
        }
        click.echo(json.dumps(row, ensure_ascii=False))


@command.command()
@click.argument("ref")
@data_option
@click.option("--raw", is_flag=True, help="Write the bytes to standard output and nothing else.")
def show(ref: str, data: DataDir, raw: bool) -> None:
    """One record, such as feeds-1203-0: its bytes, what can be read, and whether it decodes now."""
    log, _, place = ref.partition("-")
    seq, _, row = place.partition("-")
    if log not in ("feeds", "intake") or not seq.isdigit() or not row.isdigit():
        raise ConfigError(f"{ref!r} is no name of a record; sizao quarantine list shows them")
    with SqliteLog(_path(data, log)) as opened:
        segments = LogQuarantine(opened).read(int(seq) - 1, 1)
    every = dict(select(segments[0].batch, _order(log, None, None, None))) if segments else {}
    if not segments or segments[0].seq != int(seq) or int(row) not in every:
        raise ConfigError(f"there is no record {ref}, or it is no longer kept")
    kept = every[int(row)]
    if raw:
        sys.stdout.buffer.write(kept.raw)
        return
    links = _links(data)
    now = again(kept, links)
    shown = {
        "ref": ref,
        "source": kept.source,
        "peer": kept.peer,
        "reason": kept.reason,
        "detail": kept.detail,
        "hex": kept.raw.hex(),
        "fields": explain(kept, links),
        "decodes_now": now.good,
        "records": {topic: len(rows) for topic, rows in now.records}
        | ({"evidence": len(now.media)} if now.media else {}),
        "still_wrong": None if now.good else {"reason": now.reason, "detail": now.detail},
    }
    click.echo(json.dumps(shown, ensure_ascii=False, indent=1))


@command.command()
@data_option
@_LOG
@_SOURCE
@_REASON
@_SINCE
def redecode(
    data: DataDir, log: str, source: str | None, reason: str | None, since: datetime | None
) -> None:
    """Read records again without keeping anything, and say how many decode now."""
    good, before = 0, 0
    rows: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    links = _links(data)
    with SqliteLog(_path(data, log)) as opened:
        for _, kept, replayed in _walk(opened, _order(log, source, reason, since)):
            if replayed:
                before += 1
                continue
            found = again(kept, links)
            good += found.good
            rows["evidence"] += len(found.media)
            for topic, some in found.records:
                rows[topic] += len(some)
            if not found.good:
                bad[found.reason] += 1
    answer = {
        "tried": good + sum(bad.values()),
        "decode_now": good,
        "records": dict(+rows),
        "still_wrong": dict(bad),
        "replayed_before": before,
    }
    click.echo(json.dumps(answer, indent=1))


@command.command()
@data_option
@_LOG
@_SOURCE
@_REASON
@_SINCE
def replay(
    data: DataDir, log: str, source: str | None, reason: str | None, since: datetime | None
) -> None:
    """Append what decodes now, each record once. The part that writes the log must be stopped;
    while it runs, order it on the page Data sources, Quarantine."""
    part = "gateway" if log == "feeds" else "intake"
    try:
        opened = SqliteLog(_path(data, log), writer=True)
    except LogError as error:
        if "another process" not in str(error):
            raise
        raise ConfigError(
            f"the {part} writes this log now; order the replay on the page"
            f" Data sources > Quarantine, or stop the {part} first"
        ) from error
    order = _order(log, source, reason, since)
    with opened:
        replayer = Replayer(opened, _links(data), EvidenceStore(data.evidence))
        now_us = round(load_clock(data.clock).time_s() * 1e6)
        while replayer.commit(replayer.prepare(order), now_us):
            pass
        found = replayer.store.outcome(order.id) or {}
    found.pop("finished_us", None)
    click.echo(json.dumps(found))
