"""``sizao gateway``: listen for terminals, make what they report durable, answer."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time

import click

from sizao.app.options import PORT, data_option
from sizao.core.clock import load_clock
from sizao.core.errors import ConfigError
from sizao.feeds.jt808.auth import DerivedCodes
from sizao.feeds.jt808.policy import EvidencePolicy, derived_numbers
from sizao.log.datadir import DataDir, write_status
from sizao.log.evidence import EvidenceStore
from sizao.log.spool import Spool
from sizao.runtime.admission import RegisteredOnly
from sizao.runtime.archive.held import held
from sizao.runtime.attachments import Attachments, AttachmentSettings
from sizao.runtime.counters import GatewayCounters
from sizao.runtime.embedded.housekeeping import DAY_S, Housekeeping, Retention
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.gateway import Gateway, Service, Settings
from sizao.runtime.keeper import Keeper
from sizao.runtime.loops import new_event_loop, raise_file_limit, settle_garbage_collector
from sizao.runtime.platforms.config import load as load_links
from sizao.runtime.platforms.rereading import link_readers
from sizao.runtime.platforms.service import PlatformLinks
from sizao.runtime.replays import QuarantineReplays
from sizao.runtime.reporting import report_to_stderr
from sizao.runtime.sessions import remembered_cards, secret, sessions
from sizao.runtime.udp import Udp

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
@click.option("--udp-port", type=PORT, help="Port for UDP.  [default: the number of --port]")
@click.option("--no-udp", is_flag=True, help="Take TCP only.")
@click.option(
    "--attachments-port",
    type=click.IntRange(0, 65_535),
    default=0,
    show_default=True,
    help="Port for the files of active-safety alarms; 0: they are not asked for.",
)
@click.option(
    "--attachments-host",
    help="Address at which terminals reach that port.  [default: --host]",
)
@click.option("--no-auth", is_flag=True, help="Take messages without authentication (replays).")
@click.option("--registered-only", is_flag=True, help="Admit only terminals of the register.")
@click.option("--idle-s", default=180.0, show_default=True, help="Close after so much silence.")
@click.option("--max-connections", default=16_000, show_default=True)
@click.option("--max-age-days", type=float, help="Refuse positions older than this.")
@click.option("--keep-days", default=7.0, show_default=True, help="Keep appended segments.")
@click.option(
    "--keep-track-days",
    default=8.0,
    show_default=True,
    help="Keep tracks in the log of what no archive took.",
)
def command(
    data: DataDir,
    host: str,
    port: int,
    udp_port: int | None,
    no_udp: bool,
    attachments_port: int,
    attachments_host: str | None,
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

    key = secret(data.root / "gateway.secret")
    spool, keeper = Spool(data.spool), Keeper(EvidenceStore(data.evidence))
    evidence: EvidencePolicy | None = None
    services: list[Service] = []
    udp = None if no_udp else Udp(host, udp_port, max_peers=max_connections)
    if udp is not None:
        services.append(udp)
    if attachments_port:
        number = derived_numbers(key)
        told = attachments_host or host
        if told in ("0.0.0.0", "::"):
            raise ConfigError(
                f"--attachments-host is missing: terminals cannot dial {told}, give the address"
                " they reach this machine at"
            )
        evidence = EvidencePolicy(told, attachments_port, number)
        where = AttachmentSettings(host=host, port=attachments_port)
        services.append(Attachments(clock, keeper, spool, number, where))

    def publish(counters: GatewayCounters) -> None:
        figures = counters.as_dict() | {"feed_time_s": clock.time_s()}
        write_status(data, "gateway", at_s=time.time(), counters=figures)

    links = load_links(data.links, data.secrets)
    readers = link_readers(links, data.register)
    with SqliteLog(data.feeds_log, writer=True) as log, SqliteLog(data.commands_log) as orders:
        if links:
            services.append(PlatformLinks(data, links, clock, orders))
        gateway = Gateway(
            log,
            orders,
            clock,
            sessions(
                DerivedCodes(key, admit),
                clock,
                remembered_cards(log),
                require_auth=not no_auth,
                max_age_s=None if max_age_days is None else max_age_days * DAY_S,
                evidence=evidence,
                spool=spool,
            ),
            Settings(host=host, port=port, idle_s=idle_s, max_connections=max_connections),
            publish=publish,
            tidy=Housekeeping(
                log,
                clock,
                Retention(segments=keep_days, tracks=keep_track_days),
                archived=lambda: held(log, data.archive),
            ),
            services=[
                *services,
                QuarantineReplays("feeds", log, orders, clock, readers, keeper.store),
            ],
            keeper=keeper,
        )
        if udp is not None:
            udp.attach(gateway)
        settle_garbage_collector()
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_serve(gateway))
        keeper.close()


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
