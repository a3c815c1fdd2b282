"""Load for the benchmark of platform links, run as a process of its own.

``python -m sizao.app.benches._platforms EDITION PORT LINKS SECONDS`` logs in as so many lower
platforms, sends positions made beforehand as fast as they are read, in whole passes, then a
keepalive on each link, and waits for its answer: that goes out when everything before it is
durable. Each pass has frames with a wrong CRC and frames that are cut off, at known numbers.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
import time
from dataclasses import dataclass

from sizao.feeds.jt809.decode import decode_frame
from sizao.feeds.jt809.encode import encode_frame
from sizao.feeds.jt809.framing import Framer
from sizao.feeds.jt809.lower import Lower
from sizao.feeds.jt809.outcome import MAIN
from sizao.feeds.jt809.params import LinkParams
from sizao.feeds.jt809.rows import from_row
from sizao.feeds.jt809.subs import join
from sizao.feeds.jt809.vehicles import Directory
from sizao.log.datadir import DataDir

FRAMES = 50_000
"""Different positions of one pass."""
VEHICLES = 5_000
BAD_EVERY, CUT_EVERY = 5_000, 10_000
WRITE = 256 << 10
START_US = 1_767_225_600_000_000
"""2026-01-01 00:00 UTC."""


def params(edition: str, number: int) -> LinkParams:
    """The link of one lower platform."""
    return LinkParams(
        name=f"city{number}", edition=edition, access_code=1000 + number, user=number, password="pw"
    )


def write_links(data: DataDir, edition: str, number_of: int) -> int:
    """So many lower platforms at one door. Returns its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    links, secrets = [], {}
    for number in range(1, number_of + 1):
        link = params(edition, number)
        links.append(
            {
                "name": link.name,
                "role": "upper",
                "edition": edition,
                "access_code": link.access_code,
                "user": link.user,
                "main": f"127.0.0.1:{port}",
            }
        )
        secrets[link.source] = {"password": link.password}
    # JSON is YAML.
    data.links.write_text(json.dumps({"links": links}), encoding="utf-8")
    data.secrets.touch(mode=0o600)
    data.secrets.write_text(json.dumps(secrets), encoding="utf-8")
    return port


def wait_for(port: int, limit_s: float = 120.0) -> None:
    """Until somebody listens. Raises OSError if nobody does."""
    until = time.monotonic() + limit_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


@dataclass(frozen=True)
class Pass:
    """The bytes of one pass and what is in them."""

    data: bytes
    good: int
    bad: int
    cut: int


def one_pass(link: LinkParams, frames: int = FRAMES) -> Pass:
    """Positions as a platform forwards them, one a frame."""
    chance = random.Random(link.access_code)
    sent = START_US // 1_000_000 if link.edition == "2019" else None
    parts = []
    bad = cut = 0
    for number in range(frames):
        row = {
            "time": START_US + number // VEHICLES * 10_000_000,
            "lat": 26.05 + chance.random(),
            "lon": 101.2 + chance.random(),
            "speed_kmh": float(chance.randrange(100)),
            "heading_deg": float(chance.randrange(360)),
            "altitude_m": float(chance.randrange(900, 3000)),
            "recorder_speed_kmh": float(chance.randrange(1, 100)),
            "mileage_km": float(chance.randrange(1, 300_000)),
            "alarm": 0,
            "status": 3,
            "positioned": True,
        }
        plate = f"川D{link.user}{number % VEHICLES:04d}", 2
        data = from_row(row, link.edition)
        body = join(0x1202, data, link.edition, link.dialect, *plate)
        frame = encode_frame(
            0x1202, link.access_code, number, body, sent=sent, version=link.version
        )
        if number % BAD_EVERY == 1:
            # Another byte in the middle, none that delimits or escapes.
            wrong = 0x21 if frame[30] != 0x21 else 0x22
            frame = frame[:30] + bytes((wrong,)) + frame[31:]
            bad += 1
        elif number % CUT_EVERY == 2:
            frame = frame[: len(frame) // 2]
            cut += 1
        parts.append(frame)
    return Pass(b"".join(parts), frames - bad - cut, bad, cut)


class City(threading.Thread):
    """One lower platform."""

    def __init__(self, edition: str, port: int, number: int, content: Pass | None = None) -> None:
        super().__init__(daemon=True)
        self.link = params(edition, number)
        self.content = content or one_pass(self.link)
        self.passes = 0
        self.until = 0.0
        self.done_at = 0.0
        self.problem = ""
        self._framer = Framer()
        lower = Lower(self.link, Directory())
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self._socket.sendall(lower.connected(MAIN, START_US).sends[0][1])
        self._lower = lower
        if self._answer("0x1002")["result"] != 0:
            raise SystemExit(f"{self.link.name}: login refused")

    def load(self) -> None:
        """Send passes until it is time."""
        view = memoryview(self.content.data)
        while time.perf_counter() < self.until:
            for at in range(0, len(view), WRITE):
                self._socket.sendall(view[at : at + WRITE])
            self.passes += 1

    def run(self) -> None:
        try:
            self.load()
            self._socket.sendall(self._lower.writer.frame(0x1005, {}, START_US)[1])
            self._answer("0x1006")
        except (OSError, SystemExit) as error:
            self.problem = str(error) or type(error).__name__
        self.done_at = time.perf_counter()

    def close(self) -> None:
        self._socket.close()

    def _answer(self, business: str) -> dict[str, object]:
        """The next message of a kind; others, such as counts, are passed over."""
        while True:
            data = self._socket.recv(65_536)
            if not data:
                raise SystemExit(f"{self.link.name}: hung up")
            for raw in self._framer.feed(data):
                fields = decode_frame(raw, edition=self.link.edition)
                if fields.get("business_type") == business:
                    return fields


def main(words: list[str]) -> None:
    edition, port, links, seconds = words[0], int(words[1]), int(words[2]), float(words[3])
    cities = [City(edition, port, number + 1) for number in range(links)]
    before_s = time.process_time()
    began = time.perf_counter()
    for city in cities:
        city.until = began + seconds
        city.start()
    for city in cities:
        city.join()
    took_s = max(city.done_at for city in cities) - began
    cpu_s = time.process_time() - before_s
    sent = sum(city.passes * city.content.good for city in cities)
    figures = {
        "positions": sent,
        "bad": sum(city.passes * city.content.bad for city in cities),
        "cut": sum(city.passes * city.content.cut for city in cities),
        "bytes": sum(city.passes * len(city.content.data) for city in cities),
        "took_s": took_s,
        "generator_cpu_us": cpu_s / max(sent, 1) * 1e6,
        "problems": [city.problem for city in cities if city.problem],
    }
    for city in cities:
        city.close()
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
