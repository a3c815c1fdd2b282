"""``sizao serve``: the web process: pages, API, streams and the warning desk in one process."""

from __future__ import annotations

import signal
import socket
import sys
import threading

import click
import uvicorn

from sizao.app.options import PORT, data_option
from sizao.app.wiring import setup_django, wire
from sizao.log.datadir import DataDir
from sizao.runtime.loops import settle_garbage_collector

SWITCH_S = 0.0005
"""Threads take turns ten times as often as Python's default. A write touches the database a dozen
times and waits for its turn after each; the soak showed half the longest wait with this."""

KEEP_ALIVE_S = 75
"""Longer than anybody pauses between two steps: a program's next call finds its connection open."""

GRACE_S = 5
"""How long a stop waits for requests in flight; open streams are ended at once."""


class _Server(uvicorn.Server):
    """Ends the live streams first, so that they do not hold up a stop."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        from sizao.web.live import channels

        channels.close()
        await super().shutdown(sockets)


@click.command()
@data_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=PORT, default=8000, show_default=True, envvar="SIZAO_PORT", help="TCP port."
)
@click.option("--demo", is_flag=True, envvar="SIZAO_DEMO", help="Show the demo accounts.")
@click.option(
    "--sample-hazards",
    is_flag=True,
    help="Fill an empty ledger of hazards and of treatments with made-up ones.",
)
def command(data: DataDir, host: str, port: int, demo: bool, sample_hazards: bool) -> None:
    """Migrate the database, start the desk and serve the pages and the API.

    Roads are assessed and the risk forecast is renewed on its schedule as soon as there are roads
    and crashes.

    One such process a data folder: it is the only writer of its database.
    """
    setup_django(data, demo=demo)
    from django.core.management import call_command
    from django.urls import get_resolver

    ports = wire(data)
    call_command("migrate", interactive=False, verbosity=0)

    from sizao.web.asgi import application
    from sizao.web.channels.sender import Sender
    from sizao.web.desk.thread import Desk
    from sizao.web.forecast.jobs import Forecaster

    if demo:
        from sizao.app.demo_drills import seed_drill
        from sizao.app.demo_hot_list import seed_hot_list

        seed_drill(ports.now())
        seed_hot_list(ports.now())
    if sample_hazards:
        from sizao.app.demo_hazards import seed_hazards
        from sizao.app.demo_treatments import seed_treatments

        seed_treatments(ports.now())
        threading.Thread(target=seed_hazards, args=(ports.now(),), daemon=True).start()
    get_resolver().url_patterns  # noqa: B018 - loads every view now, not in the first request
    desk = Desk(ports)
    desk.start()
    sender = Sender(ports)
    sender.start()
    forecaster = Forecaster(ports)
    forecaster.start()
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        loop="auto",
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=KEEP_ALIVE_S,
        # A proxy on this machine may say who the client is; nobody else.
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
    )
    sys.setswitchinterval(SWITCH_S)
    # A full collection over Django and its libraries holds up everybody for a tenth of a second.
    settle_garbage_collector()
    server = _Server(config)
    # The server takes a signal, stops, and raises it once more: by then it must not kill us,
    # because the desk still has a round to finish.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    try:
        server.run()
    finally:
        desk.stop()
        sender.stop()
        forecaster.stop()
        ports.commands.close()
    if not server.started:
        sys.exit(1)
