"""``sizao decode``: hex frames in, JSON objects out, one line each, for people and pipes."""

from __future__ import annotations

import json
from typing import TextIO

import click

from sizao.feeds.jt808.lines import decode_line


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
def command(protocol: str, file: TextIO, profile: str) -> None:
    """Decode hex frames from FILE (default: standard input) to JSON.

    \b
    One frame a line in, one JSON object a line out, in input order. Blank lines are skipped.
    A frame that cannot be decoded gives {"error": {"kind": ..., "detail": ...}} on its line,
    beside what can still be read, and the run goes on. docs/reference/jt808.md lists the keys.
    """
    if protocol == "jt809":
        raise click.UsageError(
            "JT/T 809 is not decoded by this release; it comes with the next one. "
            "本版本尚不支持 JT/T 809，将在下一版本提供。"
        )
    for line in file:
        if line.strip():
            click.echo(json.dumps(decode_line(line, profile), ensure_ascii=False))
