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
    "match": "positions a second put on roads, and how many on the right one",
    "detect": "positions a second through all rules",
    "pipeline": "positions a second from platforms' sockets to detections, and how soon",
    "archive": "bytes a position, one vehicle-day out of 100 million rows",
    "imports": "page latency while 100,000 Excel rows are imported",
    "screen": "seconds to rank a city's edges, crashes snapped a second, a whole province",
    "storm": "5,000 detections in a minute: what an operator reads, how soon, nothing lost",
    "soak": "web users and the desk writing to one embedded database at once",
}


@click.command()
@click.argument("name", type=click.Choice(list(BENCHES)))
@click.option("--json", "as_json", is_flag=True, help="One line of JSON (otherwise indented).")
@click.option("--quick", is_flag=True, help="A smaller run, to see that it works.")
@click.option("--seconds", type=float, help="Length of the run, where the benchmark has one.")
@click.option("--roads", type=click.Path(exists=True), help="Roads of one's own, where it has any.")
@click.option("--vehicles", type=int, help="How many vehicles, where it can be chosen.")
def command(name: str, as_json: bool, quick: bool, **chosen: Any) -> None:
    """Run the benchmark NAME and print its figures with facts about the machine."""
    run = importlib.import_module(f"sizao.app.benches.{name}").run
    options: dict[str, Any] = {"quick": quick}
    for option, value in chosen.items():
        if value is not None:
            if option not in inspect.signature(run).parameters:
                raise click.UsageError(f"the benchmark {name!r} does not take --{option}")
            options[option] = value
    machine = facts()  # before the run: its own load must not count
    result = {**run(**options), "machine": machine}
    click.echo(json.dumps(result, ensure_ascii=False, indent=None if as_json else 2))
