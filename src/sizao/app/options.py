"""Command-line options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

from sizao.log.datadir import DataDir

DEFAULT_DATA = "demo-data"


def _to_datadir(ctx: click.Context, param: click.Parameter, value: Path) -> DataDir:
    return DataDir(value.resolve())


data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_DATA,
    envvar="SIZAO_DATA",
    show_default=True,
    callback=_to_datadir,
    help="Folder of the installation.",
)
"""``--data DIR``, given to the command as a DataDir."""

PORT = click.IntRange(1, 65_535)
"""A TCP port; anything else is refused before a server wraps it round to another."""
