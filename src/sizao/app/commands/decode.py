"""``sizao decode``: hex frames in, JSON objects out, one line each, for people and pipes."""

from __future__ import annotations

import json
from typing import TextIO

import click

from sizao.feeds.jt808 import lines as jt808
from sizao.feeds.jt809 import lines as jt809
from sizao.feeds.jt809.cipher import Keys
from sizao.feeds.jt809.dialect import EDITIONS, Dialect

_U32 = click.IntRange(0, 0xFFFFFFFF)


@click.command(name="decode")
@click.argument("protocol", type=click.Choice(["jt808", "jt809"]))
@click.argument("file", type=click.File("r", encoding="utf-8", errors="replace"), default="-")
@click.option(
    "--profile",
    type=click.Choice(["2011", "2013"]),
    default="2013",
    show_default=True,
    help="Edition of terminals with the short header, which does not say.",
)
@click.option("--m1", type=_U32, help="JT/T 809: M1 of the cipher; with --ia1 and --ic1.")
@click.option("--ia1", type=_U32, help="JT/T 809: IA1 of the cipher.")
@click.option("--ic1", type=_U32, help="JT/T 809: IC1 of the cipher.")
@click.option(
    "--cipher-start",
    type=click.Choice(["key", "m1"]),
    default="key",
    show_default=True,
    help="JT/T 809: what the cipher starts at.",
)
@click.option(
    "--edition", type=click.Choice(EDITIONS), help="JT/T 809: otherwise each frame shows its own."
)
@click.option(
    "--time-shift-h",
    type=click.IntRange(-24, 24),
    default=0,
    show_default=True,
    help="JT/T 809: hours the sender adds to its UTC times by mistake.",
)
def command(
    protocol: str,
    file: TextIO,
    profile: str,
    m1: int | None,
    ia1: int | None,
    ic1: int | None,
    cipher_start: str,
    edition: str | None,
    time_shift_h: int,
) -> None:
    """Decode hex frames from FILE (default: standard input) to JSON.

    \b
    One frame a line in, one JSON object a line out, in input order. Blank lines are skipped.
    A frame that cannot be decoded gives {"error": {"kind": ..., "detail": ...}} on its line,
    beside what can still be read, and the run goes on. docs/reference/jt808.md and jt809.md
    list the keys.
    """
    keys = None
    if m1 is not None and ia1 is not None and ic1 is not None:
        keys = Keys(m1, ia1, ic1, cipher_start)
    elif not (m1 is None and ia1 is None and ic1 is None):
        raise click.UsageError("--m1, --ia1 and --ic1 go together")
    dialect = Dialect(time_shift_h=time_shift_h)
    for line in file:
        if not line.strip():
            continue
        if protocol == "jt808":
            found = jt808.decode_line(line, profile)
        else:
            found = jt809.decode_line(line, keys, edition, dialect)
        click.echo(json.dumps(found, ensure_ascii=False))
