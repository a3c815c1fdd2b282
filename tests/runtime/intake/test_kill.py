"""``kill -9`` of the real intake under load: what was acknowledged is in the log.

The control is the same process with one safeguard off, answering before the append: it loses.
"""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sizao.feeds.gat1400.status import OK, codes
from sizao.log.datadir import DataDir
from sizao.runtime.embedded.log import SqliteLog
from sizao.sim.outbox import Camera, Refused
from tests.runtime.intake.desk import PASSWORD, register

ROOT = Path(__file__).resolve().parents[3]
CAMERAS = [f"5104000100119000{number:04d}" for number in range(8)]

EARLY = """
import asyncio
from sizao.app.commands.intake import command
from sizao.runtime.intake.door import Door

append = Door.append

def early(self, *args, **more):
    append(self, *args, **more)
    done = asyncio.get_running_loop().create_future()
    done.set_result(None)
    return done

Door.append = early
command()
"""


class Counting(Camera):
    """A camera that remembers which passages were acknowledged."""

    def __init__(self, device: str) -> None:
        super().__init__(device, PASSWORD)
        self.device = device
        self.acked: set[str] = set()

    def talk(self, port: int, life: int, stop: threading.Event) -> None:
        """One passage after the other until the connection is gone."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        number = 0
        try:
            self._registered = False
            self._register(connection)
            while not stop.is_set():
                name = f"{self.device}-{life}-{number}"
                passed = time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + 8 * 3600))
                sent = {"MotorVehicleID": name, "DeviceID": self.device, "PassTime": passed}
                wrapped = {"MotorVehicleListObject": {"MotorVehicleObject": [sent]}}
                status, _, answer = self._send(connection, "/VIID/MotorVehicles", wrapped)
                if status == 200 and codes(json.loads(answer)) == [OK]:
                    self.acked.add(name)
                number += 1
        except (OSError, http.client.HTTPException, Refused, ValueError):
            pass
        finally:
            connection.close()


def start(folder: Path, program: list[str]) -> tuple[subprocess.Popen[str], int]:
    command = [sys.executable, *program, "--data", str(folder), "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"listening on [\d.]+:(\d+)", line):
            return process, int(found[1])
    raise AssertionError("the intake did not start")


def lost_after_kills(folder: Path, program: list[str], lives: int) -> tuple[int, int]:
    """(acknowledged, acknowledged and not in the log)."""
    data = DataDir(folder).create()
    register(data, [f"gat1400:{name}" for name in CAMERAS])
    cameras = [Counting(name) for name in CAMERAS]
    for life in range(lives):
        process, port = start(folder, program)
        stop = threading.Event()
        threads = [
            threading.Thread(target=camera.talk, args=(port, life, stop)) for camera in cameras
        ]
        for thread in threads:
            thread.start()
        before = sum(len(camera.acked) for camera in cameras)
        until = time.monotonic() + 30
        while sum(len(camera.acked) for camera in cameras) < before + 60:
            assert time.monotonic() < until, "hardly anything was acknowledged"
            time.sleep(0.02)
        time.sleep(0.037 * life)
        process.send_signal(signal.SIGKILL)
        stop.set()
        for thread in threads:
            thread.join()
        process.communicate()
    with SqliteLog(data.intake_log) as log:
        kept = {
            name
            for segment in log.read("passages", 0, 10**9)
            for name in segment.batch.column("passage").to_pylist()
        }
    acked = set().union(*(camera.acked for camera in cameras))
    return len(acked), len(acked - kept)


@pytest.mark.slow
def test_what_was_acknowledged_survives_kills(tmp_path: Path) -> None:
    acked, lost = lost_after_kills(tmp_path, ["-m", "sizao", "intake"], 3)
    assert acked >= 180
    assert lost == 0


@pytest.mark.slow
def test_control_answering_before_the_append_loses(tmp_path: Path) -> None:
    _, lost = lost_after_kills(tmp_path, ["-c", EARLY], 1)
    assert lost > 0
