"""``sizao intake``: take records over HTTP and from drop folders, make them durable, answer."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import click

from sizao.app.options import data_option
from sizao.core.clock import load_clock
from sizao.core.errors import ConfigError
from sizao.core.sources import HOUR_S
from sizao.log.datadir import DataDir, write_status
from sizao.log.tally import used
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.tally_reader import LogTallies
from sizao.runtime.intake.door import IntakeCounters
from sizao.runtime.intake.process import Intake, Settings
from sizao.runtime.intake.retention import Retention
from sizao.runtime.intake.senders import Senders
from sizao.runtime.loops import new_event_loop, raise_file_limit, settle_garbage_collector
from sizao.runtime.reporting import report_to_stderr


@click.command()
@data_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=6811,
    show_default=True,
    help="Port; 0 lets the system choose.",
)
@click.option("--keep-passage-days", type=float, default=30.0, show_default=True)
@click.option("--strict", is_flag=True, help="Import dropped files whole or not at all.")
def command(data: DataDir, host: str, port: int, keep_passage_days: float, strict: bool) -> None:
    """Take what checkpoints, weigh stations and weather stations bring over HTTP.

    Senders are registered in sources.yaml of the data folder; see the how-to "Connect
    checkpoints and weigh stations".
    """
    report_to_stderr()
    data.create()
    clock = load_clock(data.clock)
    senders = Senders(data, clock)
    hour = int(clock.time_s() // HOUR_S)
    with SqliteLog(data.intake_log) as before:
        # A restart renews nobody's quota.
        senders.book.remember_used(hour, used(LogTallies(before).counts(hour, hour), hour))
    raise_file_limit(4_096)

    def publish(counters: IntakeCounters) -> None:
        figures = counters.as_dict() | {"feed_time_s": clock.time_s()}
        write_status(data, "intake", at_s=time.time(), counters=figures)

    def build(log: SqliteLog) -> Intake:
        tidy = Retention(log, clock, {"passages": keep_passage_days})
        settings = Settings(host=host, port=port)
        return Intake(
            data, log, clock, senders, settings, publish=publish, tidy=tidy, strict=strict
        )

    with SqliteLog(data.intake_log, writer=True) as log:
        settle_garbage_collector()
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_serve(build(log)))


async def _serve(intake: Intake) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, intake.stop)
    settings = intake.settings
    try:
        await intake.run()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise ConfigError(f"{settings.host}:{settings.port}: {why}") from error
