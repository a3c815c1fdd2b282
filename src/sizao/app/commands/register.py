"""``sizao register``: import vehicles and enterprises, undo the last import, write a sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sizao.app.commands import _imports
from sizao.app.options import data_option
from sizao.log.datadir import DataDir

_kind_option = click.option(
    "--kind",
    type=click.Choice(["vehicle", "enterprise"]),
    default="vehicle",
    show_default=True,
    help="What the rows are.",
)


@click.group()
def command() -> None:
    """Import the registers of vehicles and enterprises."""


@command.command("import")
@_kind_option
@_imports.import_options
def import_(kind: str, file: Path, data: DataDir, **options: Any) -> None:
    """Import the register in FILE (CSV or .xlsx).

    Vehicles that are registered are updated, others stay. The file that pipeline and gateway
    read is replaced whole; they take it up within seconds.
    """
    _imports.run(kind, file, data, **options)


@command.command()
@data_option
def undo(data: DataDir) -> None:
    """Undo the last import of vehicles or enterprises."""
    _imports.undo(("vehicle", "enterprise"), data)


@command.command()
@_kind_option
@click.argument("out", type=_imports.FILE)
def sample(kind: str, out: Path) -> None:
    """Write a sample table with made-up contents to OUT (.csv or .xlsx)."""
    _imports.sample(kind, out)
