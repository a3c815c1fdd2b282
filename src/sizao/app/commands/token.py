"""``sizao token ACCOUNT``: print a bearer token for the API."""

from __future__ import annotations

import click

from sizao.app.options import data_option
from sizao.core.errors import ConfigError
from sizao.log.datadir import DataDir


@click.command()
@click.argument("account")
@data_option
def command(account: str, data: DataDir) -> None:
    """Print a new API token of ACCOUNT. It is shown once and expires after SIZAO_TOKEN_DAYS."""
    if not data.database.exists():
        raise ConfigError(f"there is no database in {data.root}; start sizao demo or serve first")
    from sizao.app.wiring import setup_django

    setup_django(data)
    from sizao.web.api.tokens import create_token

    click.echo(create_token(account))
