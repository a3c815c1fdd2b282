"""The gateway over real sockets, with the real session and the real log."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sizao.core.clock import SystemClock
from sizao.core.errors import LogError
from sizao.core.schemas import COMMAND, COMMAND_RESULT
from sizao.feeds.jt808.auth import DerivedCodes
from sizao.feeds.jt808.cards import Cards
from sizao.feeds.jt808.encode import encode_body, encode_frame
from sizao.log.tally import Key
from sizao.runtime.collector import Collector, Item, Ticks
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.gateway import Gateway, Service, Settings
from sizao.runtime.link import Link
from sizao.runtime.loops import new_event_loop
from sizao.runtime.sessions import sessions
from sizao.runtime.wire import Peer
from tests.runtime.terminal import Terminal, authentication, location

CODES = DerivedCodes(b"sixteen bytes at the least")
CLOCK = SystemClock()
PHONE = "13800000001"


class Refusing(SqliteLog):
    """A real log whose disk can be told to be full."""

    full = False
    gate: threading.Event | None = None

    def append(
        self, batches: Mapping[str, pa.RecordBatch], counts: Mapping[Key, int] | None = None
    ) -> dict[str, int]:
        if self.gate is not None:
            self.gate.wait(30)
        if self.full:
            raise LogError("disk is full")
        return super().append(batches, counts)


Scene = Callable[[Gateway, Refusing, Path], Awaitable[None]]


def serve(
    folder: Path,
    scene: Scene,
    *,
    auth: bool = False,
    services: Sequence[Service] = (),
    kind: type[Gateway] = Gateway,
    **settings: Any,
) -> Gateway:
    """Run a scene against a gateway on a port of its own, as ``sizao gateway`` would run it."""
    settings.setdefault("ticks", Ticks(busy_s=0.005, calm_s=0.005, retry_s=2.0, retry_every_s=0.05))

    async def run() -> Gateway:
        with (
            Refusing(folder / "feeds.sqlite", writer=True) as log,
            SqliteLog(folder / "commands.sqlite") as commands,
        ):
            gateway = kind(
                log,
                commands,
                CLOCK,
                sessions(CODES, CLOCK, Cards(), require_auth=auth),
                Settings(port=0, orders_every_s=0.02, status_every_s=0.1, **settings),
                services=services,
            )
            task = asyncio.create_task(gateway.run())
            await gateway.listening.wait()
            try:
                await asyncio.wait_for(scene(gateway, log, folder), 60)
            finally:
                gateway.stop()
                await asyncio.wait_for(task, 30)
            return gateway

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(run())


def logged(log: SqliteLog, topic: str) -> list[dict[str, Any]]:
    return [row for segment in log.read(topic, 0, 10**9) for row in segment.batch.to_pylist()]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what must happen, however busy the machine is."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "did not happen"
        await asyncio.sleep(0.005)


def test_a_terminal_registers_authenticates_reports_and_is_answered(tmp_path: Path) -> None:
    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        terminal = await Terminal(PHONE).connect(gateway.port)
        early = terminal.position()
        assert await terminal.answered(early) == 1, "taken without authentication"
        assert await terminal.answered(terminal.send(0x0102, authentication("wrong"))) == 1
        good = terminal.send(0x0102, authentication(CODES.code(PHONE)))
        assert await terminal.answered(good) == 0
        assert await terminal.answered(terminal.position(61.5)) == 0
        assert await terminal.answered(terminal.position(alarm=1)) == 4
        assert await terminal.answered(terminal.send(0x0002)) == 0
        rows = logged(log, "positions")
        assert [(row["vehicle"], row["speed_kmh"], row["alarm"]) for row in rows] == [
            (PHONE, 61.5, 0),
            (PHONE, 50.0, 1),
        ]
        await terminal.leave()
        await until(lambda: not gateway.counters.connections)

    gateway = serve(tmp_path, scene, auth=True)
    counters = gateway.counters.as_dict()
    assert counters["positions"] == 2
    assert counters["closed"] == {"left": 1}
    assert counters["ack_p99_ms"] is not None


def test_malformed_input_is_kept_with_a_reason_and_the_connection_lives_on(tmp_path: Path) -> None:
    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        terminal = await Terminal(PHONE).connect(gateway.port)
        good = terminal.frame(0x0200, location())
        bad = bytearray(terminal.frame(0x0200, location()))
        bad[20] ^= 0x01
        terminal.writer.write(good + bytes(bad))
        last = terminal.position()
        assert await terminal.answered(last) == 0
        assert len(logged(log, "positions")) == 2
        (kept,) = logged(log, "quarantine")
        assert kept["reason"] == "bad_checksum"
        assert kept["raw"].strip(b"\x7e") == bytes(bad).strip(b"\x7e")
        await terminal.leave()

    assert serve(tmp_path, scene).counters.quarantined == {"bad_checksum": 1}


def test_nothing_is_acknowledged_while_the_log_refuses_and_nothing_is_lost(tmp_path: Path) -> None:
    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        terminal = await Terminal(PHONE).connect(gateway.port)
        assert await terminal.answered(terminal.position(1.0)) == 0
        log.full = True
        waiting = terminal.position(2.0)
        await until(lambda: gateway.counters.commit_failures > 0)
        assert terminal.results() == [0], "acknowledged what is not in the log"
        log.full = False
        assert await terminal.answered(waiting) == 0
        assert [row["speed_kmh"] for row in logged(log, "positions")] == [1.0, 2.0]

        log.full = True
        terminal.position(3.0)
        await asyncio.wait_for(terminal.closed.wait(), 30)
        assert len(terminal.results()) == 2, "acknowledged what is not in the log"
        log.full = False
        # As a terminal does that got no answer: dial again, send again.
        again = await Terminal(PHONE).connect(gateway.port)
        assert await again.answered(again.position(3.0)) == 0
        assert [row["speed_kmh"] for row in logged(log, "positions")] == [1.0, 2.0, 3.0]
        await again.leave()

    serve(tmp_path, scene)


def test_connections_that_die_in_the_middle_of_a_tick_stall_nobody(tmp_path: Path) -> None:
    """kernels.md: the generator hung up, a write raised inside the flush, the server span."""

    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        for turn in range(3):
            log.gate = threading.Event()
            dying = []
            for number in range(20):
                sock = socket.create_connection(("127.0.0.1", gateway.port))
                phone = str(13_900_000_000 + number)
                sock.sendall(encode_frame(0x0200, phone, 1, location()) * 3)
                dying.append(sock)
            living = await Terminal(PHONE).connect(gateway.port)
            serials = [living.position() for _ in range(5)]
            await until(lambda turn=turn: gateway.counters.positions == 65 * (turn + 1))
            for sock in dying:
                # RST, not FIN: the transport is gone by the time the answers are due.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.close()
            await until(lambda: gateway.counters.connections == 1)
            log.gate.set()
            for serial in serials:
                assert await living.answered(serial) == 0
            await living.leave()
            await until(lambda: gateway.counters.connections == 0)

    gateway = serve(tmp_path, scene)
    assert gateway.counters.unanswered == 3 * 20 * 3
    assert gateway.counters.commits < 200, "the batch was not cleared"
    with SqliteLog(tmp_path / "feeds.sqlite") as log:
        assert len(logged(log, "positions")) == 3 * (20 * 3 + 5)


async def authenticated(port: int, phone: str = PHONE) -> Terminal:
    terminal = await Terminal(phone).connect(port)
    code = authentication(CODES.code(phone))
    assert await terminal.answered(terminal.send(0x0102, code)) == 0
    return terminal


def test_a_newer_connection_of_a_phone_replaces_the_older(tmp_path: Path) -> None:
    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        older = await authenticated(gateway.port)
        assert await older.answered(older.position()) == 0
        newer = await authenticated(gateway.port)
        await asyncio.wait_for(older.closed.wait(), 30)
        assert await newer.answered(newer.position()) == 0
        await newer.leave()

    gateway = serve(tmp_path, scene, auth=True)
    assert gateway.counters.closed["replaced by a newer connection"] == 1


def test_without_authentication_nobody_is_replaced(tmp_path: Path) -> None:
    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        one = await Terminal(PHONE).connect(gateway.port)
        assert await one.answered(one.position()) == 0
        other = await Terminal(PHONE).connect(gateway.port)
        assert await other.answered(other.position()) == 0
        assert await one.answered(one.position()) == 0
        await one.leave()
        await other.leave()

    serve(tmp_path, scene)


def test_an_unauthenticated_stranger_does_not_replace_anybody(tmp_path: Path) -> None:
    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        owner = await authenticated(gateway.port)
        stranger = await Terminal(PHONE).connect(gateway.port)
        assert await stranger.answered(stranger.position()) == 1
        assert await stranger.answered(stranger.send(0x0102, authentication("guess"))) == 1
        assert await owner.answered(owner.position()) == 0
        assert not owner.closed.is_set()
        await owner.leave()
        await stranger.leave()

    serve(tmp_path, scene, auth=True)


def test_silence_and_crowds_end_connections(tmp_path: Path) -> None:
    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        silent = await Terminal("13800000009").connect(gateway.port)
        talker = await Terminal(PHONE).connect(gateway.port)
        await talker.answered(talker.position())
        third = await Terminal("13800000008").connect(gateway.port)
        await asyncio.wait_for(third.closed.wait(), 30)
        assert gateway.counters.refused_connections == 1
        while not silent.closed.is_set():
            await asyncio.sleep(0.1)
            assert await talker.answered(talker.send(0x0002)) == 0
        assert not talker.closed.is_set()
        await talker.leave()

    gateway = serve(tmp_path, scene, idle_s=1.5, max_connections=2)
    assert gateway.counters.closed["idle"] == 1


def test_a_sender_that_half_closes_still_gets_its_answers(tmp_path: Path) -> None:
    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        terminal = await Terminal(PHONE).connect(gateway.port)
        serials = [terminal.position() for _ in range(50)]
        terminal.writer.write_eof()
        for serial in serials:
            assert await terminal.answered(serial) == 0
        await asyncio.wait_for(terminal.closed.wait(), 30)

    serve(tmp_path, scene, ticks=Ticks(busy_s=0.05, calm_s=0.05))


def test_one_who_never_reads_is_cut_off_and_the_others_are_served(tmp_path: Path) -> None:
    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        deaf = socket.create_connection(("127.0.0.1", gateway.port))
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        frames = encode_frame(0x0002, "13900000000", 1, b"") * 200

        def shout() -> None:
            with contextlib.suppress(OSError):
                while True:
                    deaf.sendall(frames)

        shouting = asyncio.create_task(asyncio.to_thread(shout))
        terminal = await Terminal(PHONE).connect(gateway.port)
        while not gateway.counters.closed:
            assert await terminal.answered(terminal.position()) == 0
            await asyncio.sleep(0.02)
        await asyncio.wait_for(shouting, 30)
        assert gateway.counters.closed == {"does not read its answers": 1}
        deaf.close()
        await terminal.leave()

    serve(tmp_path, scene)


def test_stopping_answers_what_was_read_and_closes(tmp_path: Path) -> None:
    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        terminal = await Terminal(PHONE).connect(gateway.port)
        serials = [terminal.position(float(number)) for number in range(20)]
        await until(lambda: gateway.counters.positions == 20)
        assert terminal.results() == []
        gateway.stop()
        for serial in serials:
            assert await terminal.answered(serial) == 0
        await asyncio.wait_for(terminal.closed.wait(), 30)
        with pytest.raises(OSError, match="Connect"):
            await Terminal().connect(gateway.port)

    serve(tmp_path, scene, ticks=Ticks(busy_s=60, calm_s=60))
    with SqliteLog(tmp_path / "feeds.sqlite") as log:
        assert len(logged(log, "positions")) == 20


def order(name: str, vehicle: str = PHONE, expires_in_s: float = 600.0) -> pa.RecordBatch:
    now_us = int(CLOCK.time_s() * 1_000_000)
    row = {
        "command": name,
        "time": now_us,
        "vehicle": vehicle,
        "kind": "text",
        "text": "您已超速，请减速行驶",
        "expires": now_us + int(expires_in_s * 1_000_000),
    }
    return pa.RecordBatch.from_pylist([row], schema=COMMAND)


def states(log: SqliteLog) -> list[tuple[str, str]]:
    return [(row["command"], row["state"]) for row in logged(log, "command_results")]


def test_an_order_is_spoken_and_its_answer_recorded(tmp_path: Path) -> None:
    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        terminal = await Terminal(PHONE).connect(gateway.port)
        await terminal.answered(terminal.position())
        # The file appears only now: the web process makes it with the first order.
        with SqliteLog(folder / "commands.sqlite", writer=True) as commands:
            commands.append({"commands": order("c1")})
            commands.append({"commands": order("c2", "13999999999")})
            body = await terminal.heard(0x8300)
            assert body[0] == 0b1101
            assert body[1:].decode("gbk") == "您已超速，请减速行驶"
            assert states(log) == [("c1", "sent"), ("c2", "offline")]
            serial = terminal.last_serial[0x8300]
            terminal.send(0x0001, serial.to_bytes(2, "big") + b"\x83\x00\x00")
            await until(lambda: ("c1", "acknowledged") in states(log))
            late = await Terminal("13999999999").connect(gateway.port)
            await late.answered(late.position())
            await late.heard(0x8300)
            assert ("c2", "sent") in states(log)
            await late.leave()
        await terminal.leave()

    serve(tmp_path, scene)


def test_an_order_is_not_sent_again_after_a_restart(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "commands.sqlite", writer=True) as commands:
        commands.append({"commands": order("c1")})
        commands.append({"commands": order("c2", "13999999999", expires_in_s=-1)})

        async def first(gateway: Gateway, log: Refusing, folder: Path) -> None:
            terminal = await Terminal(PHONE).connect(gateway.port)
            terminal.position()
            await terminal.heard(0x8300)
            await terminal.leave()

        async def second(gateway: Gateway, log: Refusing, folder: Path) -> None:
            commands.append({"commands": order("c3")})
            terminal = await Terminal(PHONE).connect(gateway.port)
            await terminal.answered(terminal.position())
            await until(lambda: ("c3", "sent") in states(log))
            await asyncio.sleep(0.1)
            texts = [body for message_id, body in terminal.answers if message_id == 0x8300]
            assert len(texts) == 1
            await terminal.leave()

        serve(tmp_path, first)
        serve(tmp_path, second)
    with SqliteLog(tmp_path / "feeds.sqlite") as log:
        found = states(log)
        assert [state for name, state in found if name == "c1"] in (["sent"], ["offline", "sent"])
        assert [state for name, state in found if name == "c2"] == ["expired"]
        rows = log.read("command_results", 0)
        assert all(segment.batch.schema.names == COMMAND_RESULT.names for segment in rows)


def test_an_order_that_cannot_be_recorded_is_not_sent(tmp_path: Path) -> None:
    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        terminal = await Terminal(PHONE).connect(gateway.port)
        await terminal.answered(terminal.position())
        log.full = True
        with SqliteLog(folder / "commands.sqlite", writer=True) as commands:
            commands.append({"commands": order("c1")})
            await asyncio.sleep(0.2)
            assert [m for m, _ in terminal.answers if m == 0x8300] == []
            log.full = False
            await terminal.heard(0x8300)
            assert states(log) == [("c1", "sent")]
        await terminal.leave()

    serve(tmp_path, scene)


class Letterbox:
    """Another way in: one record as soon as it is opened."""

    def __init__(self, trace: list[str]) -> None:
        self.trace = trace

    async def open(self, collector: Collector) -> None:
        row = (1_700_000_000_000_000, "letterbox", "peer", "reason", None, b"raw")
        collector.add(
            Item(
                [("quarantine", [row])],
                lambda: self.trace.append("durable"),
                lambda reason: self.trace.append(reason),
            )
        )

    def figures(self) -> dict[str, object]:
        return {"letterbox": len(self.trace)}

    async def close(self) -> None:
        self.trace.append("closed")


def test_a_service_shares_the_log_and_the_heartbeat(tmp_path: Path) -> None:
    trace: list[str] = []

    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        while gateway.counters.services.get("letterbox") != 1:
            await asyncio.sleep(0.01)
        assert [len(one.batch) for one in log.read("quarantine", 0)] == [1]

    serve(tmp_path, scene, services=[Letterbox(trace)])
    assert trace == ["durable", "closed"]


def short(gateway: Gateway, phone: str = PHONE) -> bool:
    """Whether the terminal's next report goes the short way."""
    fds = [fd for fd, peer in gateway._wire.peers.items() if peer.link.phone == phone]
    return [gateway._table.lent(fd) for fd in fds] == [True]


def test_reports_go_the_short_way_with_all_that_belongs_to_them(tmp_path: Path) -> None:
    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        terminal = await authenticated(gateway.port)
        assert short(gateway)
        serials = [terminal.position(float(n), alarm=n % 2) for n in range(10)]
        results = [await terminal.answered(serial) for serial in serials]
        assert results == [0, 4] * 5
        assert await terminal.answered(terminal.send(0x0002)) == 0
        assert short(gateway)
        card = {"status": 1, "time": "2026-01-01T00:00:00+08:00", "ic_read_result": 0}
        card |= {"driver_name": "张三", "license_no": "510000198001010001"}
        await terminal.answered(terminal.send(0x0702, encode_body(0x0702, card)))
        await terminal.answered(terminal.position(77.0))
        assert short(gateway)
        await terminal.answered(terminal.position(78.0))
        rows = logged(log, "positions")
        assert [row["speed_kmh"] for row in rows] == [*map(float, range(10)), 77.0, 78.0]
        drivers = [row["driver"] for row in rows]
        assert drivers == [None] * 10 + ["510000198001010001"] * 2
        serials_down = terminal.last_serial[0x8001]
        assert serials_down == len(terminal.answers) - 1, "one serial an answer, none twice"
        # Somebody else's phone on the connection is the session's business.
        terminal.phone = "13800000009"
        assert await terminal.answered(terminal.position()) == 1
        assert [row["reason"] for row in logged(log, "quarantine")] == ["phone_mismatch"]
        await terminal.leave()

    counters = serve(tmp_path, scene, auth=True).counters
    assert (counters.positions, counters.answers) == (12, 16)
    assert counters.records["positions"] == 12


class Careless(Gateway):
    """Leaves what was lent to whoever has the number next."""

    def opened(self, peer: Peer) -> Link:
        return Link(self)


@pytest.mark.parametrize(("kind", "taken"), [(Gateway, False), (Careless, True)])
def test_a_stranger_does_not_inherit_a_number(
    tmp_path: Path, kind: type[Gateway], taken: bool
) -> None:
    """File descriptors are used again. What the one before had proven is not the next one's; the
    control shows what would happen."""

    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        terminal = await authenticated(gateway.port)
        assert await terminal.answered(terminal.position()) == 0
        (number,) = gateway._wire.peers
        await terminal.leave()
        await until(lambda: not gateway._wire.peers)
        stranger = await Terminal(PHONE).connect(gateway.port)
        result = await stranger.answered(stranger.position())
        assert list(gateway._wire.peers) == [number], "another number: the test shows nothing"
        assert (result == 0) == taken
        assert len(logged(log, "positions")) == 1 + taken
        await stranger.leave()

    serve(tmp_path, scene, auth=True, kind=kind)


def test_a_flood_of_one_is_slowed_and_all_of_it_kept(tmp_path: Path) -> None:
    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        terminal = await authenticated(gateway.port)
        other = await authenticated(gateway.port, "13800000002")
        for _ in range(9):
            terminal.writer.write(b"".join(terminal.frame(0x0200, location()) for _ in range(1000)))
        last = terminal.position()
        assert await other.answered(other.position()) == 0
        assert await terminal.answered(last) == 0
        assert len(logged(log, "positions")) == 9002
        terminal.writer.write_eof()
        await asyncio.wait_for(terminal.closed.wait(), 30)
        await other.leave()

    counters = serve(tmp_path, scene, auth=True).counters
    assert (counters.positions, counters.unanswered) == (9002, 0)


def test_the_short_way_survives_who_dies_or_leaves_before_the_answer(tmp_path: Path) -> None:
    async def scene(gateway: Gateway, log: Refusing, folder: Path) -> None:
        good = await authenticated(gateway.port)
        dying = await authenticated(gateway.port, "13800000002")
        leaving = await authenticated(gateway.port, "13800000003")
        everybody = (good, dying, leaving)
        assert all(short(gateway, one.phone) for one in everybody)
        log.gate = threading.Event()
        serials = [one.position() for one in everybody]
        await until(lambda: gateway.counters.positions == 3)
        leaving.writer.write_eof()
        reset = struct.pack("ii", 1, 0)
        dying.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        dying.writer.transport.abort()
        await until(lambda: len(gateway._wire.peers) == 2)
        assert [len(one.results()) for one in (good, leaving)] == [1, 1], "not durable yet"
        log.gate.set()
        assert await good.answered(serials[0]) == 0
        assert await leaving.answered(serials[2]) == 0
        await asyncio.wait_for(leaving.closed.wait(), 30)
        assert await good.answered(good.position()) == 0
        assert len(logged(log, "positions")) == 4
        await good.leave()

    counters = serve(tmp_path, scene, auth=True).counters
    assert (counters.answers, counters.unanswered) == (6, 1)
