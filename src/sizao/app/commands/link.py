"""``sizao link``: platform links (JT/T 809) for the people who set them up."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace

import click

from sizao.app.options import data_option
from sizao.core.clock import load_clock
from sizao.core.errors import ConfigError
from sizao.log.datadir import DataDir
from sizao.runtime.platforms.check import check
from sizao.runtime.platforms.config import LinkConfig, load
from sizao.runtime.reporting import report_to_stderr
from sizao.runtime.sessions import now_us
from sizao.sim.platform import MadeUpCity, MadeUpProvince


@click.group()
def command() -> None:
    """Check platform links, or play the other platform to try them out."""


@command.command(name="check")
@data_option
@click.option("--offline", is_flag=True, help="Read links.yaml only, connect nowhere.")
def check_links(data: DataDir, offline: bool) -> None:
    """Read links.yaml, try each link, and say in words what the other platform answers.

    A lower platform's login is real: run this before the gateway does, or while it is stopped,
    because the upper platform gives up an earlier connection for a new one.
    """
    links = load(data.links, data.secrets)
    if not links:
        click.echo(f"{data.links}: no links. docs/how-to/connect-your-provincial-platform.md")
        return
    good = True
    for link in links:
        name, role = link.params.name, link.role
        click.echo(f"{name}: {role} platform, edition {link.params.edition}")
        if offline:
            continue
        for finding in asyncio.run(check(link)):
            good = good and finding.ok
            mark = click.style("ok  ", fg="green") if finding.ok else click.style("MEND", fg="red")
            click.echo(f"  {mark} {finding.said}")
    if not good:
        sys.exit(1)


@command.command()
@click.argument("name")
@data_option
@click.option("--vehicles", type=click.IntRange(1, 5000), default=20, show_default=True)
@click.option("--every-s", default=10.0, show_default=True, help="Between a vehicle's positions.")
@click.option("--seconds", type=float, help="Stop after this; otherwise at Ctrl-C.")
def simulate(
    data: DataDir, name: str, vehicles: int, every_s: float, seconds: float | None
) -> None:
    """Play the other platform of the link NAME of links.yaml, on this machine.

    Of a link where we are the lower platform: a province that listens at its main address (which
    must be one of this machine's), asks who is on duty and has a speeding vehicle supervised. Of
    one where we are the upper platform: a city with made-up vehicles, whose people answer.
    """
    report_to_stderr()
    link = next((one for one in load(data.links, data.secrets) if one.params.name == name), None)
    if link is None:
        raise ConfigError(f"{data.links}: no link {name}")
    clock = load_clock(data.clock)
    asyncio.run(_play(link, vehicles, every_s, seconds, lambda: now_us(clock)))


async def _play(
    link: LinkConfig,
    vehicles: int,
    every_s: float,
    seconds: float | None,
    now: Callable[[], int],
) -> None:
    peer: MadeUpCity | MadeUpProvince
    host, port = link.main
    if link.role == "lower":
        params = replace(link.params, down_link=("", 0), duty_every_s=60.0)
        peer = MadeUpProvince(params, link.main, now)
    else:
        main = "127.0.0.1" if host in ("0.0.0.0", "::") else host, port
        listen = link.params.down_link if link.params.down_link[1] else None
        params = replace(link.params, duty_every_s=0.0)
        peer = MadeUpCity(params, main, listen, now, vehicles=vehicles, every_s=every_s)
    try:
        await peer.start()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise ConfigError(f"{link.params.name}: {host}:{port}: {why}") from error
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        async with asyncio.timeout(seconds):
            await stopped.wait()
    except TimeoutError:
        pass
    await peer.stop()
    for what, count in sorted(peer.heard.items()):
        click.echo(f"{what}: {count}")
