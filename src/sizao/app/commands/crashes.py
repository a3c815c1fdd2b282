"""``sizao crashes``: import crash records, undo the last import, write a sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sizao.app.commands import _imports
from sizao.app.options import data_option
from sizao.log.datadir import DataDir


@click.group()
def command() -> None:
    """Import crash records."""


@command.command("import")
@_imports.import_options
def import_(file: Path, data: DataDir, **options: Any) -> None:
    """Import the crash records of FILE (CSV or .xlsx).

    Prints a line for each row that is bad, repeated or worth a look, then one JSON object. Good
    rows are imported, in one transaction; with --strict only if there is no bad one.
    """
    _imports.run("crash", file, data, **options)


@command.command()
@data_option
def undo(data: DataDir) -> None:
    """Undo the last import of crash records."""
    _imports.undo(("crash",), data)


@command.command()
@click.argument("out", type=_imports.FILE)
def sample(out: Path) -> None:
    """Write a sample table with made-up crashes to OUT (.csv or .xlsx)."""
    _imports.sample("crash", out)
