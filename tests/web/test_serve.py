"""The real process: ``sizao serve`` in a subprocess, streams over sockets, a polite stop."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sizao.core.schemas import REGISTER
from sizao.log.datadir import DataDir, write_status

from .conftest import UNITS, VEHICLES

PREPARE = """
import sys
from pathlib import Path
import pyarrow.parquet as pq
from sizao.app.wiring import setup_django
from sizao.log.datadir import DataDir
data = DataDir(Path(sys.argv[1]))
setup_django(data, demo=True)
from django.core.management import call_command
call_command("migrate", verbosity=0)
from sizao.web.fleet.services import load_register
from sizao.web.units import services
import json
services.load_units(json.loads(sys.argv[2]))
load_register(pq.read_table(data.register).to_batches()[0])
services.create_demo_accounts()
"""


class Server:
    """A running ``sizao serve`` on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.data = DataDir(folder).create()
        register = pa.Table.from_pylist(VEHICLES, schema=REGISTER)
        pq.write_table(register, self.data.register)
        env = {**os.environ, "PYTHONWARNINGS": "error::RuntimeWarning"}
        subprocess.run(
            [sys.executable, "-c", PREPARE, str(folder), json.dumps(UNITS)], check=True, env=env
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.output = (folder / "serve.log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sizao", "serve", "--data", str(folder), "--port",
             str(self.port), "--demo"],
            stdout=self.output, stderr=subprocess.STDOUT, env=env,
        )  # fmt: skip
        self._wait()

    def _wait(self) -> None:
        for _ in range(1800):
            try:
                self.get("/healthz")
                return
            except OSError:
                assert self.process.poll() is None, self.log()
                time.sleep(0.1)
        pytest.fail(self.log())

    def until_no_stream(self) -> None:
        """Wait until the server has noticed that every client is gone."""
        for _ in range(200):
            if 'sizao_streams{stream="vehicles"} 0.0' in self.get("/metrics")[1].decode():
                return
            time.sleep(0.05)
        pytest.fail("a dead client keeps its seat")

    def log(self) -> str:
        self.output.seek(0)
        return self.output.read()

    @contextmanager
    def open(self, path: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
        web = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            web.request("GET", path, headers=headers)
            with web.getresponse() as answer:
                yield answer
        finally:
            web.close()

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        with self.open(path, **headers) as answer:
            body = answer.read()
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return answer.status, json.loads(body) if is_json else body

    def token(self, account: str) -> dict[str, str]:
        """Through the command that users type."""
        done = subprocess.run(
            [sys.executable, "-m", "sizao", "token", account, "--data", str(self.data.root)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return {"Authorization": f"Bearer {done.stdout.strip()}"}

    def stop(self) -> float:
        """Ask it to stop; seconds until it did."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        return time.monotonic() - began


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("serve"))
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.process.wait()
    made.output.close()


def test_health_tells_which_part_is_missing_and_turns_ok(server: Server):
    status, found = server.get("/healthz")
    assert status == 503
    assert found["parts"]["gateway"]["status"] == "missing"
    for part in ("gateway", "pipeline"):
        write_status(server.data, part, at_s=time.time(), counters={})
    for _ in range(50):
        status, found = server.get("/healthz")
        if status == 200:
            break
        time.sleep(0.1)
    assert (status, found["status"]) == (200, "ok")


def test_the_token_command_and_the_api(server: Server):
    header = server.token("demo-squadron")
    assert server.get("/api/v1/cases", **header) == (200, {"items": [], "count": 0})
    assert server.get("/api/v1/cases")[0] == 401


def test_an_unknown_account_is_one_clear_line(server: Server):
    done = subprocess.run(
        [sys.executable, "-m", "sizao", "token", "ghost", "--data", str(server.data.root)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no account 'ghost'; known: demo-auditor" in done.stderr
    assert "Traceback" not in done.stderr


def test_static_files_come_from_the_package(server: Server):
    with server.open("/static/admin/css/base.css") as answer:
        assert answer.status == 200
        assert "text/css" in answer.getheader("Content-Type")
        assert len(answer.read()) > 1000


def test_pages_carry_the_security_headers(server: Server):
    with server.open("/login/") as answer:
        policy = answer.getheader("Content-Security-Policy")
        assert "script-src 'self'" in policy
        assert "unsafe-eval" not in policy
        assert answer.getheader("X-Frame-Options") == "DENY"
        assert answer.getheader("X-Content-Type-Options") == "nosniff"


def test_dead_clients_give_their_seats_back(server: Server):
    header = server.token("demo-brigade")
    for _ in range(15):  # more than an account may hold at once, each hung up in the middle
        with server.open("/stream/vehicles", **header) as answer:
            assert answer.status == 200, answer.read()
            answer.read(4)
        server.until_no_stream()


def test_a_stop_ends_open_streams_at_once(server: Server):
    header = server.token("demo-detachment")
    with (
        server.open("/stream/vehicles", **header) as vehicles,
        server.open("/stream/events", **header) as events,
    ):
        (length,) = struct.unpack("<I", vehicles.read(4))
        assert struct.unpack("<I", vehicles.read(length)[:4]) == (0,)
        assert events.readline() == b"retry: 2000\n"
        took = server.stop()
        assert took < 5, server.log()
        assert server.process.returncode == 0, server.log()
        vehicles.read()
        events.read()
    assert "Traceback" not in server.log()
    assert "Warning" not in server.log()
