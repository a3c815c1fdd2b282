"""``sizao bench NAME``: run a benchmark, print one JSON object."""

from __future__ import annotations

import importlib
import inspect
import json
from typing import Any

import click

from sizao.app.machine import facts

BENCHES: dict[str, str] = {
    "decode": "JT/T 808 frames a second, plain and mixed",
    "gateway": "acknowledged messages a second over TCP with a durable log",
    "intake": "passages a second over HTTP with a durable log",
    "links": "durable positions a second over four JT/T 809 links",
    "detect": "positions a second through all rules",
    "pipeline": "positions a second and latency from log to detections",
    "archive": "bytes a position, one vehicle-day out of 100 million rows",
    "screen": "seconds to rank a city's edges, crashes snapped a second, a whole province",
    "soak": "web users and the desk writing to one embedded database at once",
}


@click.command()
@click.argument("name", type=click.Choice(list(BENCHES)))
@click.option("--json", "as_json", is_flag=True, help="One line of JSON (otherwise indented).")
@click.option("--quick", is_flag=True, help="A smaller run, to see that it works.")
@click.option("--seconds", type=float, help="Length of the run, where the benchmark has one.")
def command(name: str, as_json: bool, quick: bool, seconds: float | None) -> None:
    """Run the benchmark NAME and print its figures with facts about the machine."""
    run = importlib.import_module(f"sizao.app.benches.{name}").run
    options: dict[str, Any] = {"quick": quick}
    if seconds is not None:
        if "seconds" not in inspect.signature(run).parameters:
            raise click.UsageError(f"the benchmark {name!r} has no length to set")
        options["seconds"] = seconds
    machine = facts()  # before the run: its own load must not count
    result = {**run(**options), "machine": machine}
    click.echo(json.dumps(result, ensure_ascii=False, indent=None if as_json else 2))
