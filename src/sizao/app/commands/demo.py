"""``sizao demo``: everything on one machine, in one terminal, stopped by Ctrl-C."""

from __future__ import annotations

import fcntl
import json
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from sizao.app.commands.doctor import free_port, port_is_free
from sizao.app.options import PORT, data_option
from sizao.app.parts import Parts
from sizao.core.clock import ScaledClock, load_clock, save_clock
from sizao.core.errors import ConfigError, SizaoError
from sizao.core.kernel_cache import use_kernel_cache
from sizao.log.datadir import COMPILING, DataDir, read_status

HOST = "127.0.0.1"
INTAKE_PORT = 6811
ATTACHMENTS_PORT = 6818
START_S = 1800
"""How long a part may take to start. Compiling the rules takes minutes of two cores; a busy
machine has far less to give."""
AGAIN_S = 30
"""Who waits is told this often that it still goes on."""


@click.command()
@click.option("--port", type=PORT, default=8000, show_default=True, help="Port of the web pages.")
@click.option(
    "--gateway-port", type=PORT, default=6808, show_default=True, help="Port of the gateway."
)
@click.option(
    "--intake-port", type=PORT, help="Port of the intake; 6811 where that is free, else any."
)
@data_option
@click.option("--seed", default=1, show_default=True, help="Makes the city repeatable.")
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="Feed seconds in one wall second.",
)
@click.option(
    "--vehicles",
    type=click.IntRange(1),
    default=2000,
    show_default=True,
    help="How many vehicles drive.",
)
@click.option("--host", default=HOST, show_default=True, help="Address the web pages listen on.")
def command(
    port: int,
    gateway_port: int,
    intake_port: int | None,
    data: DataDir,
    seed: int,
    speed: float,
    vehicles: int,
    host: str,
) -> None:
    """Run a schematic city, the gateway, the pipeline and the web pages together.

    The city and every vehicle in it are made up. A second start with the same --data goes on
    where the first one stopped.
    """
    for label, wanted, option in (
        ("web", port, "--port"),
        ("gateway", gateway_port, "--gateway-port"),
        ("intake", intake_port, "--intake-port"),
    ):
        if wanted is not None and not port_is_free(HOST, wanted):
            raise ConfigError(
                f"port {wanted} for the {label} is in use; choose another with {option}"
            )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    data.create()
    with _only_one(data):
        try:
            _prepare(data, seed=seed, vehicles=vehicles, speed=speed)
            _run(
                data,
                stop,
                port=port,
                gateway_port=gateway_port,
                intake_port=intake_port,
                host=host,
                seed=seed,
                vehicles=vehicles,
            )
        except SizaoError:
            if not stop.is_set():
                raise
    click.echo("stopped; start again with the same --data to go on.")


@contextmanager
def _only_one(data: DataDir) -> Iterator[None]:
    """Two demonstrations on one folder would be two writers of every file: refuse the second."""
    with (data.root / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"another sizao demo uses {data.root}; stop it or name another --data"
            ) from None
        yield


def _step(text: str) -> None:
    click.echo(f"  {text}")


def _prepare(data: DataDir, *, seed: int, vehicles: int, speed: float) -> None:
    """Make the city, the register, the database and the accounts; quick when they exist."""
    from sizao.app import setup

    click.echo(f"Sizao 四早 - data in {data.root}")
    _set_clock(data, speed)
    began = time.monotonic()
    for text in setup.prepare(data, seed=seed, vehicles=vehicles):
        _step(text)
    _step(f"ready in {time.monotonic() - began:.0f} s")


def _set_clock(data: DataDir, speed: float) -> None:
    """Feed time never runs backwards: a faster run in this folder may have put it ahead."""
    wall = time.time()
    before = load_clock(data.clock).time_s() if data.clock.exists() else wall
    last = _last_feed_time(data)
    feed = max(wall, min(before, last) if last else before)
    if speed == 1.0 and feed - wall < 1:
        data.clock.unlink(missing_ok=True)
    else:
        save_clock(ScaledClock(wall_start_s=wall, feed_start_s=feed, factor=speed), data.clock)


def _last_feed_time(data: DataDir) -> float | None:
    status = read_status(data, "gateway")
    return float(status["counters"].get("feed_time_s", 0)) or None if status else None


def _run(
    data: DataDir,
    stop: threading.Event,
    *,
    port: int,
    gateway_port: int,
    intake_port: int | None,
    host: str,
    seed: int,
    vehicles: int,
) -> None:
    from sizao.app import setup
    from sizao.app.demo_link import NAME as PROVINCE
    from sizao.app.demo_link import write_link

    folder = ("--data", str(data.root))
    url = f"http://{HOST}:{port}"
    with Parts(data, environment={"SIZAO_DEMO": "1"}) as parts:
        use_kernel_cache()
        # Imports Numba, which is to find the folder set.
        from sizao.runtime.warming import is_compiled

        if not is_compiled():
            _step("the rules are not compiled for this source yet: until then no warnings come")
        meanwhile = _Meanwhile(data, stop)
        _step("starting gateway, intake, pipeline, web pages, vehicles and a province above")
        listen = ("--host", HOST, "--port", str(gateway_port))
        if write_link(data):
            parts.start("link", "simulate", PROVINCE, *folder)
        attachments = ("--attachments-port", str(_port(ATTACHMENTS_PORT)))
        # Chosen now: preparing took a minute, in which another program may have taken the usual.
        intake_port = intake_port or _port(INTAKE_PORT)
        parts.start("gateway", *folder, *listen, "--registered-only", *attachments)
        parts.start("intake", *folder, "--host", HOST, "--port", str(intake_port))
        parts.start("pipeline", *folder)
        parts.start("archive", "run", *folder)
        pages = ("--host", host, "--port", str(port))
        made_up = ("--demo", "--sample-hazards")
        parts.start("serve", *folder, *pages, *made_up)
        parts.wait_ready("gateway", START_S, meanwhile=meanwhile)
        parts.wait_ready("intake", START_S, meanwhile=meanwhile)
        parts.start(
            "sim",
            *folder,
            *listen,
            *("--intake-port", str(intake_port), "--web-port", str(port)),
            *("--vehicles", str(vehicles), "--seed", str(seed)),
        )
        parts.wait_ready("pipeline", START_S, meanwhile=meanwhile)
        parts.wait_ready("serve", START_S, lambda: _health(url) is not None, meanwhile=meanwhile)
        parts.wait_ready("sim", START_S, meanwhile=meanwhile)
        parts.wait_ready(
            "serve",
            300,
            lambda: (_health(url) or {}).get("status") == "ok",
            meanwhile=meanwhile,
        )
        click.echo("")
        click.echo(f"  Open {click.style(url, bold=True)} and sign in:")
        for account in setup.accounts():
            names = f"{account.name_zh} {account.name_en}"
            click.echo(f"    {account.username:<16} {account.password:<16} {names}")
        click.echo("")
        click.echo("  The city is schematic; vehicles, plates and enterprises are made up.")
        click.echo("  Ctrl-C stops everything.")
        click.echo("")
        _watch(data, parts, stop)
        click.echo("\nstopping ...")


class Stopped(SizaoError):
    """Ctrl-C while the parts were starting."""


class _Meanwhile:
    """While parts start: heed Ctrl-C, and say how far the compiling of the rules is.

    One loop takes a hundred times as long as another; so no end is promised, only how much is done,
    at each tenth of it, and every half minute in what time.
    """

    def __init__(
        self,
        data: DataDir,
        stop: threading.Event,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._data = data
        self._stop = stop
        self._now = now
        self._began = 0.0
        self._said: tuple[int, int] | None = None

    def __call__(self) -> None:
        if self._stop.is_set():
            raise Stopped("stopped while starting")
        status = read_status(self._data, COMPILING)
        if status is None:
            return
        counters = status["counters"]
        self._began = self._began or self._now()
        passed = int(self._now() - self._began)
        share = counters["done"] / max(counters["of"], 1)
        told = (int(10 * share), passed // AGAIN_S)
        if told == self._said:
            return
        self._said = told
        so_far = f", {passed // 60} min {passed % 60:02d} s so far" if passed >= AGAIN_S else ""
        _step(f"规则首次编译中 compiling the rules: {share:.0%}{so_far}")


def _port(usual: int) -> int:
    return usual if port_is_free(HOST, usual) else free_port()


def _watch(data: DataDir, parts: Parts, stop: threading.Event) -> None:
    """One line that says how things are, until Ctrl-C."""
    terminal = sys.stdout.isatty()
    while not stop.wait(2):
        for name in parts.revive():
            click.echo(f"\n  {name} had stopped and was started again; see {data.log_file(name)}")
        if terminal:
            click.echo(f"\r  {_summary(data):<90}", nl=False)


def _summary(data: DataDir) -> str:
    counters = {
        part: (read_status(data, part) or {"counters": {}})["counters"]
        for part in ("gateway", "intake", "pipeline", "web")
    }
    passages = counters["intake"].get("accepted", {}).get("passages", 0)
    return (
        f"{counters['gateway'].get('connections', 0):,} connections, "
        f"{counters['pipeline'].get('positions', 0):,} positions, "
        f"{passages:,} passages, "
        f"{counters['pipeline'].get('detections', 0):,} detections, "
        f"{counters['web'].get('open_cases', 0):,} open cases"
    )


def _health(url: str) -> dict[str, object] | None:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            body: dict[str, object] = json.load(answer)
            return body
    except urllib.error.HTTPError as error:
        return {"status": f"{error.code}"}
    except (OSError, ValueError):
        return None
