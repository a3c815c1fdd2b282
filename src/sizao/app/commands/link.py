"""``sizao link``: platform links (JT/T 809) for the people who set them up."""

from __future__ import annotations

import asyncio
import sys

import click

from sizao.app.options import data_option
from sizao.log.datadir import DataDir
from sizao.runtime.platforms.check import check
from sizao.runtime.platforms.config import load


@click.group()
def command() -> None:
    """Platform links (JT/T 809)."""


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
