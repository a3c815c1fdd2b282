"""``sizao sim``: the simulated city's vehicles against a gateway."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable

import click

from sizao.app.options import PORT, data_option
from sizao.core.clock import ScaledClock, load_clock, save_clock
from sizao.core.errors import ConfigError
from sizao.log.datadir import DataDir
from sizao.runtime.loops import new_event_loop, raise_file_limit
from sizao.runtime.reporting import report_to_stderr


@click.command()
@data_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the gateway.")
@click.option("--port", type=PORT, default=6808, show_default=True, help="Port of the gateway.")
@click.option(
    "--intake-port", type=PORT, help="Port of the intake; without it no roadside device reports."
)
@click.option("--web-port", type=PORT, help="Port of the web pages; without it nobody reports.")
@click.option(
    "--vehicles",
    type=click.IntRange(1),
    default=2000,
    show_default=True,
    help="How many vehicles drive.",
)
@click.option("--seed", default=1, show_default=True, help="Makes the city repeatable.")
@click.option(
    "--speed",
    type=float,
    help="Feed seconds in one wall second, where the data folder has no clock yet.",
)
def command(
    data: DataDir,
    host: str,
    port: int,
    intake_port: int | None,
    web_port: int | None,
    vehicles: int,
    seed: int,
    speed: float | None,
) -> None:
    """Drive made-up vehicles through a schematic city; each dials in over TCP.

    With --intake-port checkpoints, weigh stations and weather stations report them over HTTP.
    With --web-port made-up people report hazards and crashes by Open311. Simulated roadside signs
    run with it and stand in channels.yaml, unless somebody wrote that file.

    What they really did is written to truth.jsonl in the data folder. After a restart the same
    world goes on at the present moment.
    """
    if vehicles < 1:
        raise ConfigError("--vehicles must be at least 1")
    report_to_stderr()
    data.create()
    if speed is not None and not data.clock.exists() and speed != 1.0:
        now = time.time()
        save_clock(ScaledClock(wall_start_s=now, feed_start_s=now, factor=speed), data.clock)
    allowed = raise_file_limit(vehicles + 64)
    if allowed < vehicles + 64:
        raise ConfigError(
            f"the system allows {allowed} open files, {vehicles} connections need {vehicles + 64}: "
            "raise the limit (ulimit -n) or choose fewer --vehicles"
        )
    # Loaded late: the compiled kernels take a second, and a wrong option should not.
    from sizao.sim.client import Simulation

    logging.getLogger(__name__).info("drawing the city")
    simulation = Simulation(
        data, load_clock(data.clock), host, port, vehicles, seed, intake_port, web_port
    )
    from sizao.app.demo_signs import signs

    with signs(data), asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_until_told(simulation.run()))


async def _until_told(work: Awaitable[None]) -> None:
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        logging.getLogger(__name__).info("stopped")
