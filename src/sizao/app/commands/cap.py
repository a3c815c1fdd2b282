"""``sizao cap``: look into CAP documents, and hand files to a running intake."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import click

from sizao.core.errors import ConfigError
from sizao.feeds.cap.decode import read
from sizao.feeds.cap.problems import Problem
from sizao.feeds.cap.taken import take
from sizao.feeds.cap.xml import MAX_BYTES

FILES = click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)


@click.group()
def command() -> None:
    """CAP 1.2 documents of weather services."""


@command.command("read")
@FILES
def read_files(files: tuple[Path, ...]) -> None:
    """Say what Sizao understands of FILES: a JSON object each, with the notices, the ways in
    which the document departs from the standard, and why it would be refused."""
    for path in files:
        data = _bytes(path)
        found = read(data)
        said: dict[str, Any] = {"file": path.name}
        if not isinstance(found, Problem):
            said |= {"departures": found.departures, "signed": found.signed}
        items = take(data, "weather:file", round(time.time() * 1_000_000))
        said["notices"] = [item.row for item in items if item.row]
        said["problems"] = [problem._asdict() for item in items for problem in item.problems]
        click.echo(json.dumps(said, ensure_ascii=False))


@command.command("import")
@FILES
@click.option("--url", default="http://127.0.0.1:6811", show_default=True, help="The intake.")
@click.option(
    "--key", required=True, envvar="SIZAO_KEY", help="Key of the source; or set SIZAO_KEY."
)
def import_files(files: tuple[Path, ...], url: str, key: str) -> None:
    """Hand FILES to a running intake as the source whose key is given.

    Prints what became of each file. The exit status is 1 if one was refused.
    """
    refused = 0
    for path in files:
        status, body = _post(f"{url.rstrip('/')}/intake/cap", key, _bytes(path))
        click.echo(json.dumps({"file": path.name, "status": status, **body}, ensure_ascii=False))
        refused += status != 200
    if refused:
        sys.exit(1)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error


def _post(url: str, key: str, data: bytes) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(
        url,
        data,
        {"Authorization": f"Bearer {key}", "Content-Type": "application/cap+xml"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            text = error.read(10_000).decode("utf-8", "replace")
        try:
            body = json.loads(text)
        except ValueError:
            body = {"error": text[:200]}
        return error.code, body if isinstance(body, dict) else {"error": body}
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        raise ConfigError(f"{url}: {why}; is `sizao intake` running?") from error
