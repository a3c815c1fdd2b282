"""The installation of the soak: a real web process, and a writer in the pipeline's place."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sizao.core.errors import SizaoError
from sizao.core.ids import content_id
from sizao.core.schemas import DETECTION, LIVE
from sizao.log import live
from sizao.log.datadir import DataDir, read_status

BANDS = ((66.0, "10-20"), (75.0, "20-50"), (92.0, "50-70"))


def prepare(folder: Path, *, users: int, vehicles: int) -> list[str]:
    """City, register, database and accounts; returns a token for each account."""
    from sizao.app import setup

    data = DataDir(folder).create()
    for _ in setup.prepare(data, seed=1, vehicles=vehicles):
        pass
    from sizao.web.api.tokens import create_token
    from sizao.web.units.models import Unit, User

    root = Unit.objects.get(parent=None)
    brigades = list(Unit.objects.filter(level=Unit.Level.BRIGADE))
    tokens = []
    for number in range(users):
        role = "operator" if number % 2 else "leader"
        unit = root if number % 3 else brigades[number % len(brigades)]
        user = User(username=f"soak-{number}", role=role, unit=unit)
        user.set_unusable_password()
        user.save()
        tokens.append(create_token(user.username))
    return tokens


class Plant:
    """A context: the web process runs and detections come in as long as it is open."""

    def __init__(self, folder: Path, detections_per_s: float) -> None:
        self.data = DataDir(folder)
        self.detections = 0
        self._rate = detections_per_s
        self._stop = threading.Event()
        self._feeder = threading.Thread(target=self._feed, daemon=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    def __enter__(self) -> Plant:
        from sizao.runtime.embedded.log import SqliteLog

        self._detect = SqliteLog(self.data.detect_log, writer=True)
        self._output = self.data.log_file("web").open("wb")
        self._server = subprocess.Popen(
            [sys.executable, "-m", "sizao", "serve", "--data", str(self.data.root),
             "--port", str(self.port)],
            stdout=self._output, stderr=subprocess.STDOUT,
            env={**os.environ, "SIZAO_DATA": str(self.data.root)},
        )  # fmt: skip
        self._wait_ready()
        self._feeder.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._feeder.is_alive():
            self._feeder.join(10)
        self._server.send_signal(signal.SIGTERM)
        try:
            self._server.wait(15)
        except subprocess.TimeoutExpired:
            self._server.kill()
        self._output.close()
        self._detect.close()

    def _wait_ready(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until and self.alive():
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5)
                return
            except urllib.error.HTTPError as error:
                error.close()  # 503: there is no gateway here, but the web answers
                return
            except OSError:
                time.sleep(0.1)
        raise SizaoError(f"sizao serve did not start:\n{self.log()[-2000:]}")

    def alive(self) -> bool:
        return self._server.poll() is None

    def log(self) -> str:
        """What the server printed."""
        return self.data.log_file("web").read_text(encoding="utf-8", errors="replace")

    def status(self) -> dict[str, Any]:
        """The web's heartbeat."""
        found = read_status(self.data, "web")
        return found or {"counters": {"errors": -1, "rounds": 0}}

    def rounds(self) -> int:
        """Rounds that the desk has made."""
        return int(self.status()["counters"]["rounds"])

    def behind(self) -> int:
        """Segments of detections that the desk has not delivered."""
        from sizao.web.desk.services import cursor

        return self._detect.last("detections") - cursor("detections")

    def audit_intact(self) -> bool:
        """Whether the audit chain holds."""
        from sizao.web.audit.services import verify_chain

        return verify_chain().intact

    def _feed(self) -> None:
        rng, segments = Random(7), pq.read_table(self.data.register).to_pylist()
        places = list(self._places(segments, rng))
        period = 1.0 / self._rate
        due, board_due = time.monotonic(), 0.0
        while not self._stop.is_set():
            now = time.monotonic()
            if now >= board_due:
                self._board(places, rng)
                board_due = now + 1.0
            if now >= due:
                self._detection(rng.choice(places), rng)
                due += period
            self._stop.wait(max(0.0, min(due, board_due) - time.monotonic()))

    @staticmethod
    def _places(register: list[dict[str, Any]], rng: Random) -> Iterator[dict[str, Any]]:
        for row in register:
            yield {
                "vehicle": row["vehicle"],
                "kind": row["kind"],
                "area": row["area"],
                "lat": rng.uniform(26.45, 26.75),
                "lon": rng.uniform(101.55, 101.95),
            }

    def _board(self, places: list[dict[str, Any]], rng: Random) -> None:
        now = datetime.now(UTC)
        common = {"time": now, "received": now, "speed_kmh": 60.0, "limit_kmh": 60.0,
                  "road": "G353", "road_class": "national", "stake_m": 1000.0,
                  "active": ""}  # fmt: skip
        for place in places:
            place["lat"] += rng.uniform(-1e-4, 1e-4)
        rows = [{**common, **place, "heading_deg": 90.0} for place in places]
        live.save(pa.RecordBatch.from_pylist(rows, schema=LIVE), self.data.live)

    def _detection(self, place: dict[str, Any], rng: Random) -> None:
        now = datetime.now(UTC)
        start = now - timedelta(seconds=40)
        measured, severity = rng.choice(BANDS)
        row = {
            "id": content_id("soak", place["vehicle"], start),
            "revision": 0,
            "rule": "speeding",
            "rule_version": "soak",
            "vehicle": place["vehicle"],
            "vehicle_kind": place["kind"],
            "start": start,
            "end": now,
            "fired": now,
            "received": now,
            "measured": measured,
            "limit": 60.0,
            "measured_unit": "km/h",
            "severity": severity,
            "lat": place["lat"],
            "lon": place["lon"],
            "road": "G353",
            "road_class": "national",
            "stake_m": 1000.0,
            "area": place["area"],
            "final": False,
            "evidence": [],
            "quality": "",
        }
        batch = pa.RecordBatch.from_pylist([row], schema=DETECTION)
        self._detect.append({"detections": batch})
        self.detections += 1
