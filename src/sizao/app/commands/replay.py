"""``sizao replay``: play recorded frames into a running gateway."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TextIO

import click

from sizao.app.options import PORT
from sizao.core.errors import ConfigError
from sizao.runtime.replay import Summary, load, play


@click.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the gateway.")
@click.option("--port", type=PORT, default=6808, show_default=True, help="Port of the gateway.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    help="Keep the recorded pace, so many times as fast. Default: as fast as answered.",
)
@click.option("--phone", help="Only the frames of this terminal (without leading zeros).")
@click.option("--wait-s", default=3.0, show_default=True, help="Patience for an answer.")
def command(
    file: TextIO, host: str, port: int, speed: float | None, phone: str | None, wait_s: float
) -> None:
    """Send the frames of FILE ("-" is standard input) to a gateway and say what it answered.

    FILE holds a hex frame a line, or JSON objects with the key "hex". Frames of a platform are
    left out. Recorded terminals carry another platform's authentication: start the gateway with
    --no-auth.
    """
    summary = Summary()
    try:
        shots = load(file, summary, phone)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file.name}: not a text file: {error}") from error
    try:
        asyncio.run(play(shots, host, port, speed=speed, wait_s=wait_s, summary=summary))
    finally:
        click.echo(json.dumps(summary.as_dict(), ensure_ascii=False, indent=2))
    if summary.no_answer:
        sys.stderr.write(f"sizao: {summary.no_answer} frames were not answered\n")
