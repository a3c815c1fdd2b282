"""``sizao audit verify``: recompute every hash of the audit log and of every case's timeline."""

from __future__ import annotations

import sys

import click

from sizao.app.options import data_option
from sizao.core.errors import ConfigError
from sizao.log.datadir import DataDir


@click.group()
def command() -> None:
    """Check that nobody changed what was recorded."""


@command.command()
@data_option
def verify(data: DataDir) -> None:
    """Recompute every hash; exit with 1 and say where, if a record was changed.

    Reads only; the installation may run meanwhile.
    """
    if not data.database.exists():
        raise ConfigError(f"there is no database in {data.root}; start sizao demo or serve first")
    from sizao.app.wiring import setup_django

    setup_django(data)
    from sizao.web.audit.services import verify_chain
    from sizao.web.cases.timeline import check_all

    log = verify_chain()
    wrong = 0
    if log.intact:
        click.echo(f"audit log: {log.entries:,} entries, the chain holds")
    else:
        wrong += 1
        click.echo(f"audit log: broken at entry {log.broken_at}")
    cases = lines = 0
    for report in check_all():
        cases += 1
        lines += report.chain.entries
        if not report.intact:
            wrong += 1
            click.echo(f"case {report.number}: broken at line {report.broken_at}")
    click.echo(f"cases: {cases:,} timelines, {lines:,} lines, {wrong} broken records in all")
    sys.exit(1 if wrong else 0)
