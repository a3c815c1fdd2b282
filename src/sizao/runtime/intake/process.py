"""The intake process: HTTP in, durable records and answers out.

Starlette under uvicorn, one writer of ``intake.sqlite`` through the collector the gateway uses
too: requests that arrive in one tick share one transaction, and each is answered after it.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sizao.core.clock import Clock
from sizao.log.datadir import DataDir
from sizao.log.evidence import EvidenceStore
from sizao.log.interface import LogWriter
from sizao.runtime.collector import Collector, Ticks
from sizao.runtime.intake.door import Door, IntakeCounters
from sizao.runtime.intake.senders import Senders
from sizao.runtime.intake.way import Way
from sizao.runtime.intake.ways import WAYS

logger = logging.getLogger(__name__)

KEEP_ALIVE_S = 120
"""A checkpoint that sends a keepalive each 90 s finds its connection open."""


@dataclass(frozen=True)
class Settings:
    """How the intake behaves; times in wall seconds."""

    host: str = "127.0.0.1"
    port: int = 6811
    status_every_s: float = 1.0
    tidy_every_s: float = 60.0
    grace_s: int = 15
    """How long a stop waits for requests in flight: longer than a refused append is retried."""
    connections: int = 2_000
    ticks: Ticks = field(default_factory=lambda: Ticks(busy_s=0.02, few=64, calm_s=0.05))


class Intake:
    """A server; :meth:`run` it until :meth:`stop` is called."""

    def __init__(
        self,
        data: DataDir,
        log: LogWriter,
        clock: Clock,
        senders: Senders,
        settings: Settings | None = None,
        *,
        publish: Callable[[IntakeCounters], None] = lambda counters: None,
        tidy: Callable[[], bool] | None = None,
        ways: Sequence[Callable[[Door], Way]] = WAYS,
        strict: bool = False,
    ) -> None:
        """``publish`` is called each second; ``tidy`` now and then in the log's thread, and says
        whether there is more of it to do. ``strict``: import dropped files whole or not at all."""
        self.settings = settings or Settings()
        self.counters = IntakeCounters()
        self.collector = Collector(log, self.counters, self.settings.ticks)
        evidence = EvidenceStore(data.evidence)
        self.door = Door(data, clock, evidence, senders, self.counters, self.collector, log)
        self.door.strict = strict
        self.ways = [way(self.door) for way in ways]
        self._publish = publish
        self._tidy = tidy
        self._stop = asyncio.Event()
        self.port = self.settings.port
        """The port in use once running: the one asked for, or what the system chose for 0."""
        self.listening = asyncio.Event()

    async def run(self) -> None:
        """Serve until :meth:`stop`; then stop accepting, commit, answer, close.

        Raises OSError if the address cannot be had, LogError if the log cannot be read.
        """
        for way in self.ways:
            await way.open()
        listener = _listen(self.settings.host, self.settings.port)
        self.port = listener.getsockname()[1]
        server = self._server()
        collecting = asyncio.create_task(self.collector.run())
        chores = [
            asyncio.create_task(self._every(self.settings.status_every_s, self._heartbeat)),
            *(asyncio.create_task(self._chores(way)) for way in self.ways),
        ]
        if self._tidy is not None:
            chores.append(
                asyncio.create_task(self._every(self.settings.tidy_every_s, self._tidy_up))
            )
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        stopping = asyncio.create_task(self._stop.wait())
        try:
            while not server.started and not serving.done():
                await asyncio.sleep(0.01)
            logger.info("listening on %s:%d", self.settings.host, self.port)
            self.listening.set()
            await asyncio.wait({stopping, serving, collecting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            server.should_exit = True
            await serving
            self.collector.stop()
            await collecting
            self.collector.close()
            self.door.files.shutdown(cancel_futures=True)
            self.door.hosts.shutdown(wait=False, cancel_futures=True)
            self._figures()
            self._publish(self.counters)
            logger.info(
                "stopped: %s, %d commits", dict(self.counters.accepted), self.counters.commits
            )

    def stop(self) -> None:
        """Ask :meth:`run` to end. Safe to call twice and from a signal handler of the loop."""
        self._stop.set()

    def _server(self) -> _Server:
        config = uvicorn.Config(
            self._application(),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=4096,
            limit_concurrency=self.settings.connections,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=self.settings.grace_s,
        )
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        return _Server(config)

    def _application(self) -> Starlette:
        routes = [route for way in self.ways for route in way.routes()]
        return Starlette(routes=routes, exception_handlers={404: _no_such_way, 405: _no_such_way})

    async def _chores(self, way: Way) -> None:
        """A way's chores; one that fails is logged and begun again."""
        while True:
            try:
                await way.run()
                return
            except Exception:
                logger.exception("%s: chores failed; beginning again", way.name)
                await asyncio.sleep(5)

    async def _every(self, seconds: float, chore: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await chore()
            except Exception:
                logger.exception("%s failed; trying again", chore.__name__)
            await asyncio.sleep(seconds)

    async def _heartbeat(self) -> None:
        self._figures()
        self._publish(self.counters)

    def _figures(self) -> None:
        for way in self.ways:
            if figures := way.figures():
                self.counters.ways[way.name] = figures

    async def _tidy_up(self) -> None:
        assert self._tidy is not None
        loop = asyncio.get_running_loop()
        # One helping at a time, so that the appends that queue meanwhile get their turn.
        while await loop.run_in_executor(self.collector.worker, self._tidy):
            pass


class _Server(uvicorn.Server):
    """Leaves signals to the command, which stops the collector after the last request."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


async def _no_such_way(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    detail = f"nothing here answers {request.method} {request.url.path[:200]}"
    code = "no_such_path" if status == 404 else "wrong_method"
    return JSONResponse({"error": {"code": code, "detail": detail}}, status)
