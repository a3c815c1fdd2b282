"""``sizao gateway``: listen for terminals, make what they report durable, answer."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time

import click

from sizao.app.options import data_option
from sizao.core.clock import load_clock
from sizao.core.errors import ConfigError
from sizao.feeds.jt808.auth import DerivedCodes
from sizao.log.datadir import DataDir, write_status
from sizao.runtime.admission import RegisteredOnly
from sizao.runtime.counters import GatewayCounters
from sizao.runtime.embedded.housekeeping import DAY_S, Housekeeping, Retention
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.gateway import Gateway, Settings
from sizao.runtime.loops import new_event_loop, raise_file_limit, settle_garbage_collector
from sizao.runtime.reporting import report_to_stderr
from sizao.runtime.sessions import remembered_cards, secret, sessions

logger = logging.getLogger(__name__)


@click.command()
@data_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=6808,
    show_default=True,
    help="Port; 0 lets the system choose.",
)
@click.option("--no-auth", is_flag=True, help="Take messages without authentication (replays).")
@click.option("--registered-only", is_flag=True, help="Admit only terminals of the register.")
@click.option("--idle-s", default=180.0, show_default=True, help="Close after so much silence.")
@click.option("--max-connections", default=16_000, show_default=True)
@click.option("--max-age-days", type=float, help="Refuse positions older than this.")
@click.option("--keep-days", default=7.0, show_default=True, help="Keep appended segments.")
@click.option("--keep-track-days", default=183.0, show_default=True, help="Keep tracks.")
def command(
    data: DataDir,
    host: str,
    port: int,
    no_auth: bool,
    registered_only: bool,
    idle_s: float,
    max_connections: int,
    max_age_days: float | None,
    keep_days: float,
    keep_track_days: float,
) -> None:
    """Listen for terminals and write what they report to the log."""
    report_to_stderr()
    data.create()
    clock = load_clock(data.clock)
    admit = RegisteredOnly(data.register) if registered_only else None
    allowed = raise_file_limit(max_connections + 64)
    if allowed < max_connections + 64:
        max_connections = max(allowed - 64, 1)
        logger.warning(
            "the system allows %d open files: room for %d connections", allowed, max_connections
        )

    def publish(counters: GatewayCounters) -> None:
        figures = counters.as_dict() | {"feed_time_s": clock.time_s()}
        write_status(data, "gateway", at_s=time.time(), counters=figures)

    with SqliteLog(data.feeds_log, writer=True) as log, SqliteLog(data.commands_log) as orders:
        gateway = Gateway(
            log,
            orders,
            clock,
            sessions(
                DerivedCodes(secret(data.root / "gateway.secret"), admit),
                clock,
                remembered_cards(log),
                require_auth=not no_auth,
                max_age_s=None if max_age_days is None else max_age_days * DAY_S,
            ),
            Settings(host=host, port=port, idle_s=idle_s, max_connections=max_connections),
            publish=publish,
            tidy=Housekeeping(log, clock, Retention(segments=keep_days, tracks=keep_track_days)),
        )
        settle_garbage_collector()
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_serve(gateway))


async def _serve(gateway: Gateway) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, gateway.stop)
    settings = gateway.settings
    try:
        await gateway.run()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise ConfigError(f"{settings.host}:{settings.port}: {why}") from error
