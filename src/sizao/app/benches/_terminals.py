"""Load for the gateway benchmark, run as a process of its own.

``python -m sizao.app.benches._terminals load HOST PORT CONNECTIONS SECONDS`` drives terminals in a
closed loop: each sends a report and the next one only after its acknowledgement, as in the field,
so one message a read. ``... answer PORT`` is the baseline: a server that acknowledges whatever
comes without decoding, checking or keeping anything.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from functools import partial
from typing import cast

from sizao.feeds.jt808.encode import encode_frame
from sizao.feeds.jt808.location import encode_location
from sizao.runtime.counters import Spread
from sizao.runtime.loops import new_event_loop, raise_file_limit

FRAMES = 16
"""Different reports a terminal has ready, sent in turn."""


class Load:
    """What all connections of one run share."""

    def __init__(self) -> None:
        self.measuring = False
        self.stopping = False
        self.sent = 0
        self.acked = 0
        self.measured = 0
        self.dropped = 0
        self.latency = Spread(200_000)


class Caller(asyncio.Protocol):
    """One terminal in a closed loop."""

    def __init__(self, load: Load, number: int) -> None:
        self.load = load
        phone = str(13_800_000_000 + number)
        at_us = int(time.time() * 1_000_000)
        items = [{"id": "0x01", "mileage_km": 12.3}, {"id": "0x03", "recorder_speed_kmh": 60.0}]
        self.frames = deque(
            encode_frame(
                0x0200,
                phone,
                serial,
                encode_location(
                    time_us=at_us + serial * 1_000_000,
                    lat=26.5 + number / 1e5,
                    lon=101.7,
                    speed_kmh=60.0,
                    heading_deg=90,
                    items=items,
                ),
            )
            for serial in range(FRAMES)
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.load.stopping:
            self.load.dropped += 1

    def report(self) -> None:
        self.frames.rotate(-1)
        self.at = time.perf_counter()
        self.load.sent += 1
        self.transport.write(self.frames[0])

    def data_received(self, data: bytes) -> None:
        load = self.load
        load.acked += 1
        if load.measuring:
            load.measured += 1
            load.latency.add(time.perf_counter() - self.at)
        if not load.stopping:
            self.report()


async def drive(host: str, port: int, connections: int, seconds: float) -> dict[str, object]:
    """Connect, warm up for a second, measure, then let every report be answered."""
    loop = asyncio.get_running_loop()
    load = Load()
    callers: list[Caller] = []
    for number in range(connections):
        _, caller = await loop.create_connection(partial(Caller, load, number), host, port)
        callers.append(caller)
    for caller in callers:
        caller.report()
    await asyncio.sleep(1)
    load.measuring, began = True, time.perf_counter()
    await asyncio.sleep(seconds)
    took_s = time.perf_counter() - began
    load.measuring, load.stopping = False, True
    until = time.perf_counter() + 10
    while load.acked < load.sent and time.perf_counter() < until:
        await asyncio.sleep(0.01)
    for caller in callers:
        caller.transport.close()
    return {
        "acked_per_s": round(load.measured / took_s),
        "acked": load.acked,
        "unanswered": load.sent - load.acked,
        "dropped": load.dropped,
        **load.latency.figures("ms", 1000, 1),
    }


class Answerer(asyncio.Protocol):
    """Acknowledges each chunk with bytes made beforehand: sockets and nothing else."""

    ack = encode_frame(0x8001, "13800000000", 1, bytes(5))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(self.ack)


async def answer(port: int) -> None:
    """The baseline server, until it is ended."""
    server = await asyncio.get_running_loop().create_server(Answerer, "127.0.0.1", port)
    sys.stderr.write("listening\n")
    sys.stderr.flush()
    await server.serve_forever()


def main(words: list[str]) -> None:
    raise_file_limit(20_000)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        if words[0] == "load":
            host, port, connections, seconds = words[1:]
            figures = runner.run(drive(host, int(port), int(connections), float(seconds)))
            sys.stdout.write(json.dumps(figures))
        else:
            runner.run(answer(int(words[1])))


if __name__ == "__main__":
    main(sys.argv[1:])
