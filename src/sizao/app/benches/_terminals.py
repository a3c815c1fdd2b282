"""Load for the gateway benchmark, run as a process of its own.

``python -m sizao.app.benches._terminals load HOST PORT CONNECTIONS SECONDS FILE PID`` drives
terminals in a closed loop: each sends a report and the next one only after its acknowledgement,
as in the field, so one message a read. How often each was acknowledged goes to FILE (npy); PID is
the server's. The loop is compiled, so that the generator's core is not what is measured.

``... answer PORT`` is the baseline: the gateway's own sockets, and an acknowledgement made
beforehand for whatever comes, without decoding, checking or keeping anything.
"""

from __future__ import annotations

import asyncio
import errno
import json
import resource
import select
import socket
import sys
import time
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.app.benches.processes import cpu_s
from sizao.core.loads import address, get32, get64, u8, u16
from sizao.core.tied import watch_parent
from sizao.feeds.jt808.encode import encode_frame
from sizao.feeds.jt808.location import encode_location
from sizao.feeds.jt808.steady import REPLIES
from sizao.runtime.link import Link
from sizao.runtime.loops import new_event_loop, raise_file_limit
from sizao.runtime.syscalls import (
    DATA,
    EVENT,
    READ,
    WRITE,
    clock_gettime,
    epoll_wait,
    errno_at,
    recv,
    send,
)
from sizao.runtime.wire import Peer, Wire

FRAMES = 4
"""Different reports a terminal has ready, sent in turn."""
FIRST = 13_800_000_000
"""Phone of the first terminal."""
WARM_UP_S = 1.0
PATIENCE_S = 20.0
_BUFFER = 4096
_LATENCIES = 1 << 21


def _frames(number: int, at_us: int) -> list[bytes]:
    items = [{"id": "0x01", "mileage_km": 12.3}, {"id": "0x03", "recorder_speed_kmh": 60.0}]
    return [
        encode_frame(
            0x0200,
            str(FIRST + number),
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
    ]


@njit(cache=True, nogil=True)
def _now_s(scratch: int) -> float:
    clock_gettime(1, scratch)
    return get64(scratch) + get64(scratch + 8) * 1e-9


SENT, ACKED, DROPPED, STRANGE, SILENT, KEPT = range(6)
"""Places of the counters of :func:`_drive`."""


@njit(cache=True, nogil=True)
def _drive(
    epoll: int,
    events: int,
    buffer: int,
    fds: npt.NDArray[np.int32],
    numbers: npt.NDArray[np.int32],
    frames: int,
    bounds: npt.NDArray[np.int64],
    turn: npt.NDArray[np.int64],
    sent_s: npt.NDArray[np.float64],
    acked: npt.NDArray[np.int64],
    seconds: float,
    all_heard: bool,
    sending: bool,
    latencies: npt.NDArray[np.float32],
    counts: npt.NDArray[np.int64],
) -> float:
    """For some seconds: await an answer, send the next report. Returns how long it took.

    bounds : int64 (connections, FRAMES + 1), places in ``frames``
    all_heard : stop early once everyone was answered
    sending : send on; otherwise stop once nobody is owed an answer
    """
    scratch = buffer
    data = buffer + 64
    began = _now_s(scratch)
    while True:
        got = epoll_wait(epoll, events, 4096, 10)
        now = _now_s(scratch)
        for k in range(got):
            one = numbers[get32(events + k * EVENT + DATA)]
            size = recv(fds[one], data, _BUFFER - 64, READ)
            if size <= 0:
                if size == 0 or get32(errno_at()) != errno.EAGAIN:
                    counts[DROPPED] += 1
                continue
            # A whole 0x8001 that answers the report sent last; one with escapes is longer.
            good = size >= 20 and u8(data) == 0x7E and u16(data + 1) == 0x8001
            good &= u8(data + size - 1) == 0x7E
            if size == 20:
                good &= u16(data + 13) == turn[one] and u8(data + 17) == 0
            counts[STRANGE] += not good
            counts[ACKED] += 1
            counts[SILENT] -= acked[one] == 0
            acked[one] += 1
            latencies[counts[KEPT] % len(latencies)] = now - sent_s[one]
            counts[KEPT] += 1
            if sending:
                turn[one] = (turn[one] + 1) % FRAMES
                at = bounds[one, turn[one]]
                sent_s[one] = now
                if send(fds[one], frames + at, bounds[one, turn[one] + 1] - at, WRITE) < 0:
                    counts[DROPPED] += 1
                counts[SENT] += 1
        if now - began >= seconds or (all_heard and counts[SILENT] <= 0):
            return now - began
        if not sending and counts[ACKED] + counts[DROPPED] >= counts[SENT]:
            return now - began


def load(
    host: str, port: int, connections: int, seconds: float, path: str, server: int
) -> dict[str, object]:
    """Connect, wait until everyone was answered and a second more, measure, then let every report
    be answered. ``server`` is the process whose processor time is looked at meanwhile."""
    sockets = []
    epoll = select.epoll()
    fds = np.zeros(connections, np.int32)
    for number in range(connections):
        one = socket.create_connection((host, port))
        one.setblocking(False)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        fds[number] = one.fileno()
        epoll.register(one.fileno(), select.EPOLLIN | select.EPOLLET)
        sockets.append(one)
    numbers = np.zeros(int(fds.max()) + 1, np.int32)
    numbers[fds] = np.arange(connections)
    at_us = int(time.time() * 1_000_000)
    pieces = [frame for number in range(connections) for frame in _frames(number, at_us)]
    ends = np.cumsum([0, *map(len, pieces)])
    frames = np.frombuffer(b"".join(pieces), np.uint8)
    bounds = ends[np.arange(connections)[:, None] * FRAMES + np.arange(FRAMES + 1)].copy()
    acked, turn = np.zeros(connections, np.int64), np.zeros(connections, np.int64)
    sent_s = np.full(connections, time.monotonic())
    latencies = np.zeros(_LATENCIES, np.float32)
    counts = np.zeros(6, np.int64)
    counts[SILENT] = counts[SENT] = connections
    buffer, events = np.zeros(_BUFFER, np.uint8), np.zeros(4096 * EVENT, np.uint8)

    def drive(seconds: float, all_heard: bool = False, sending: bool = True) -> float:
        took_s: float = _drive(
            epoll.fileno(),
            address(events),
            address(buffer),
            fds,
            numbers,
            address(frames),
            bounds,
            turn,
            sent_s,
            acked,
            seconds,
            all_heard,
            sending,
            latencies,
            counts,
        )
        return took_s

    drive(0.0)  # compiled before anybody waits
    for one, number in zip(sockets, range(connections), strict=True):
        one.send(pieces[number * FRAMES])
    set_up_s = drive(PATIENCE_S, all_heard=True)
    drive(WARM_UP_S)
    counts[KEPT] = 0
    before, cpu, own = int(counts[ACKED]), cpu_s(server), resource.getrusage(resource.RUSAGE_SELF)
    took_s = drive(seconds)
    measured, after = int(counts[ACKED]) - before, cpu_s(server)
    own_after = resource.getrusage(resource.RUSAGE_SELF)
    spread = np.sort(latencies[: min(int(counts[KEPT]), len(latencies))])
    drive(PATIENCE_S, sending=False)
    np.save(path, acked)
    own_s = own_after.ru_utime - own.ru_utime + own_after.ru_stime - own.ru_stime
    each = 1e6 / max(measured, 1)
    return {
        "acked_per_s": round(measured / took_s),
        "acked": int(counts[ACKED]),
        "unanswered": int(counts[SENT] - counts[ACKED]),
        "dropped": int(counts[DROPPED]),
        "strange": int(counts[STRANGE]),
        "set_up_s": round(set_up_s, 2),
        "p50_ms": round(float(spread[len(spread) // 2]) * 1e3, 1) if len(spread) else None,
        "p99_ms": round(float(spread[len(spread) * 99 // 100]) * 1e3, 1) if len(spread) else None,
        "generator_cpu_us": round(own_s * each, 2),
        "user_us": round((after[0] - cpu[0]) * each, 2),
        "cpu_us": round((sum(after) - sum(cpu)) * each, 2),
        "server_busy": round((sum(after) - sum(cpu)) / took_s, 2),
    }


class Answerer:
    """Acknowledges each chunk with bytes made beforehand: sockets and nothing else."""

    wire: Wire

    def __init__(self) -> None:
        self.ack = np.frombuffer(encode_frame(0x8001, str(FIRST), 1, bytes(5)), np.uint8)

    def opened(self, peer: Peer) -> Link:
        return cast(Link, Ear(peer))

    def arrived(self, chunks: npt.NDArray[np.void], now_s: float) -> None:
        replies = np.zeros(len(chunks), REPLIES)
        replies["fd"] = chunks["fd"]
        replies["size"] = len(self.ack)
        self.wire.wait(replies)
        self.wire.send(self.ack, replies)


class Ear:
    """The least that a wire asks of a link."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    def connection_made(self, transport: object) -> None:
        pass

    def eof_received(self) -> None:
        self.peer.close()

    def pause_writing(self) -> None:
        self.peer.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        pass


async def answer(port: int) -> None:
    """The baseline server, until it is ended."""
    answerer = Answerer()
    answerer.wire = Wire(answerer)
    found = answerer.wire.listen("127.0.0.1", port)
    sys.stderr.write(f"listening on 127.0.0.1:{found}\n")
    sys.stderr.flush()
    await asyncio.Event().wait()


def main(words: list[str]) -> None:
    raise_file_limit(20_000)
    if words[0] == "load":
        host, port, connections, seconds, path, server = words[1:]
        figures: dict[str, Any] = load(
            host, int(port), int(connections), float(seconds), path, int(server)
        )
        sys.stdout.write(json.dumps(figures))
        return
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(answer(int(words[1])))


if __name__ == "__main__":
    watch_parent()
    main(sys.argv[1:])
