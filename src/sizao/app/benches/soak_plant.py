"""The installation of the soak: gateway, pipeline, web process and simulated city, all real."""

from __future__ import annotations

import os
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from sizao.app.commands.doctor import free_port
from sizao.app.parts import Parts
from sizao.core.clock import ScaledClock, save_clock
from sizao.core.errors import SizaoError
from sizao.log.datadir import DataDir, read_status

PARTS = ("gateway", "pipeline", "serve", "sim")


def prepare(folder: Path, *, users: int, vehicles: int, factor: float) -> list[str]:
    """City, register, database, clock and accounts; returns a token for each account."""
    from sizao.app import setup

    data = DataDir(folder).create()
    now_s = time.time()
    save_clock(ScaledClock(wall_start_s=now_s, feed_start_s=now_s, factor=factor), data.clock)
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
    """A context: everything runs and vehicles report as long as it is open."""

    def __init__(self, folder: Path, vehicles: int) -> None:
        self.data = DataDir(folder)
        self.port = free_port()
        self._vehicles = vehicles
        self._parts = Parts(self.data)

    def __enter__(self) -> Plant:
        folder = ("--data", str(self.data.root))
        listen = ("--port", str(free_port()))
        parts = self._parts
        try:
            parts.start("gateway", *folder, *listen, "--registered-only")
            parts.start("pipeline", *folder)
            parts.start("serve", *folder, "--port", str(self.port))
            parts.wait_ready("gateway", 60)
            parts.start("sim", *folder, *listen, "--vehicles", str(self._vehicles), "--seed", "1")
            parts.wait_ready("pipeline", 300)
            parts.wait_ready("sim", 300)
            parts.wait_ready("serve", 120, self._healthy)
        except BaseException:
            parts.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._parts.stop(15)

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5):
                return True
        except OSError:
            return False

    def check_alive(self) -> None:
        """Raises SizaoError if a part has died."""
        for part in self._parts.parts:
            if part.process is None or part.process.poll() is not None:
                raise SizaoError(f"{part.name} died:\n{self._parts.tail(part.name)}")

    def log(self) -> str:
        """What the parts printed."""
        return "".join(
            self.data.log_file(part).read_text(encoding="utf-8", errors="replace") for part in PARTS
        )

    def counters(self, part: str) -> dict[str, Any]:
        """The last heartbeat of a part; empty before its first."""
        found = read_status(self.data, part)
        return dict(found["counters"]) if found else {}

    def rounds(self) -> int:
        """Rounds that the desk has made."""
        return int(self.counters("web").get("rounds", 0))

    def behind(self) -> int:
        """Segments of detections that the desk has not delivered."""
        from sizao.runtime.embedded.log import SqliteLog
        from sizao.web.desk.services import cursor

        with SqliteLog(self.data.detect_log) as log:
            return log.last("detections") - cursor("detections")

    def cpu_s(self) -> dict[str, float]:
        """Processor seconds of each part so far."""
        tick_s = 1 / os.sysconf("SC_CLK_TCK")
        found = {}
        for part in self._parts.parts:
            if part.process is not None:
                stat = Path(f"/proc/{part.process.pid}/stat").read_text(encoding="ascii")
                user, system = stat.rpartition(")")[2].split()[11:13]
                found[part.name] = (int(user) + int(system)) * tick_s
        return found

    def audit_intact(self) -> bool:
        """Whether the audit chain holds."""
        from sizao.web.audit.services import verify_chain

        return verify_chain().intact
