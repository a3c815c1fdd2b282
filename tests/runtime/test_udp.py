"""UDP terminals on the same gateway: admission, durability, answers to where they came from."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from sizao.core.errors import LogError
from sizao.core.schemas import COMMAND
from sizao.feeds.jt808 import decode_frame, encode_body, encode_frame
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.loops import new_event_loop
from sizao.runtime.udp import phone_of
from tests.runtime.served import CODES, Served, served, until
from tests.runtime.terminal import location

PHONE = "13800000001"


OPEN: list[Sender] = []


class Sender(asyncio.DatagramProtocol):
    """A terminal: one socket, numbered messages, every answer kept."""

    def __init__(self, phone: str = PHONE) -> None:
        self.phone = phone
        self.serial = 0
        self.answers: list[dict[str, Any]] = []

    async def dial(self, port: int) -> Sender:
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(
            lambda: self, remote_addr=("127.0.0.1", port)
        )
        OPEN.append(self)
        return self

    def datagram_received(self, data: bytes, addr: Any) -> None:
        assert data.count(0x7E) == 2, "a datagram a frame"
        self.answers.append(decode_frame(data[1:-1]))

    def frame(self, message_id: int, body: bytes = b"") -> bytes:
        self.serial += 1
        return encode_frame(message_id, self.phone, self.serial, body)

    def send(self, message_id: int, body: bytes = b"") -> int:
        self.transport.sendto(self.frame(message_id, body))
        return self.serial

    def result(self, serial: int) -> int | None:
        found = [one["result"] for one in self.answers if one.get("reply_serial") == serial]
        return found[0] if found else None

    async def answered(self, serial: int) -> int:
        await until(lambda: self.result(serial) is not None)
        result = self.result(serial)
        assert result is not None
        return result


def run(scene: Any, folder: Path, **options: Any) -> None:
    async def all_of_it() -> None:
        try:
            async with served(folder, **options) as here:
                await scene(here)
        finally:
            await hang_up()

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(all_of_it())


async def hang_up() -> None:
    while OPEN:
        OPEN.pop().transport.close()
    await asyncio.sleep(0)


def test_a_position_by_datagram_is_durable_before_its_answer(tmp_path: Path) -> None:
    async def scene(here: Served) -> None:
        assert here.udp.port == here.gateway.port, "UDP takes the number of the TCP port"
        one = await Sender().dial(here.udp.port)
        serial = one.send(0x0200, location())
        assert await one.answered(serial) == 0
        assert [row["vehicle"] for row in here.rows("positions")] == [PHONE]
        assert here.udp.figures()["udp"]["peers"] == 1

    run(scene, tmp_path)


def test_admission_is_that_of_tcp(tmp_path: Path) -> None:
    async def scene(here: Served) -> None:
        one = await Sender().dial(here.udp.port)
        assert await one.answered(one.send(0x0200, location())) == 1
        code = encode_body(0x0102, {"auth_code": CODES.code(PHONE)})
        assert await one.answered(one.send(0x0102, code)) == 0
        assert await one.answered(one.send(0x0200, location())) == 0
        stranger = await Sender().dial(here.udp.port)
        assert await stranger.answered(stranger.send(0x0200, location())) == 1, (
            "the phone alone, from another address, is not believed"
        )
        assert len(here.rows("positions")) == 1

    run(scene, tmp_path, auth=True)


def test_two_terminals_behind_one_address(tmp_path: Path) -> None:
    async def scene(here: Served) -> None:
        one = await Sender().dial(here.udp.port)
        first = one.send(0x0200, location())
        one.phone = "13800000002"
        second = one.send(0x0200, location())
        await one.answered(first)
        await one.answered(second)
        assert {row["vehicle"] for row in here.rows("positions")} == {PHONE, "13800000002"}

    run(scene, tmp_path)


def test_a_cut_frame_does_not_go_on_in_the_next_datagram(tmp_path: Path) -> None:
    async def scene(here: Served) -> None:
        one = await Sender().dial(here.udp.port)
        one.transport.sendto(one.frame(0x0200, location())[:-9])
        assert await one.answered(one.send(0x0200, location())) == 0
        assert [row["reason"] for row in here.rows("quarantine")] == ["incomplete"]

    run(scene, tmp_path)


def test_noise_gets_no_answer_and_is_kept(tmp_path: Path) -> None:
    async def scene(here: Served) -> None:
        one = await Sender().dial(here.udp.port)
        one.transport.sendto(b"hello")
        await until(lambda: here.rows("quarantine"))
        assert one.answers == []
        assert phone_of(b"hello") == b""
        assert phone_of(b"\x7e\x7d\x7e") == b""

    run(scene, tmp_path)


def test_silence_ends_a_peer(tmp_path: Path) -> None:
    async def scene(here: Served) -> None:
        one = await Sender().dial(here.udp.port)
        await one.answered(one.send(0x0200, location()))
        # Counted once the peer's task has ended, which is after it left the list.
        await until(lambda: here.gateway.counters.closed["idle"] == 1)
        assert here.udp.figures()["udp"]["peers"] == 0
        assert await one.answered(one.send(0x0200, location())) == 0, "it may come back"

    run(scene, tmp_path, idle_s=0.2)


def test_peers_are_bounded(tmp_path: Path) -> None:
    async def scene(here: Served) -> None:
        here.udp.max_peers = 2
        senders = [await Sender(f"1380000000{n}").dial(here.udp.port) for n in range(3)]
        for one in senders:
            one.send(0x0200, location())
        await until(lambda: here.udp.counts["refused"] == 1)
        assert here.udp.figures()["udp"]["peers"] == 2

    run(scene, tmp_path)


def test_an_order_reaches_a_udp_terminal(tmp_path: Path) -> None:
    async def scene(here: Served) -> None:
        one = await Sender().dial(here.udp.port)
        await one.answered(one.send(0x0200, location()))
        with SqliteLog(tmp_path / "commands.sqlite", writer=True) as orders:
            row = {
                "command": "c1",
                "time": int(time.time() * 1e6),
                "vehicle": PHONE,
                "kind": "text",
                "text": "请减速",
            }
            orders.append({"commands": pa.RecordBatch.from_pylist([row], COMMAND)})
        await until(lambda: any(a["message_id"] == "0x8300" for a in one.answers))
        (text,) = [a for a in one.answers if a["message_id"] == "0x8300"]
        assert text["text"] == "请减速"

    run(scene, tmp_path)


class Full(SqliteLog):
    """A log whose disk is full."""

    def append(self, batches: Mapping[str, pa.RecordBatch], *rest: Any) -> Any:
        raise LogError("disk is full")


def test_no_answer_without_a_durable_record(tmp_path: Path) -> None:
    async def scene(here: Served) -> None:
        one = await Sender().dial(here.udp.port)
        serial = one.send(0x0200, location())
        await until(lambda: here.gateway.counters.closed)
        assert one.result(serial) is None
        assert here.gateway.counters.commit_failures

    run(scene, tmp_path, log=Full)


def test_what_is_on_its_way_is_answered_when_the_gateway_stops(tmp_path: Path) -> None:
    async def all_of_it() -> None:
        async with served(tmp_path) as here:
            one = await Sender().dial(here.udp.port)
            serial = one.send(0x0200, location())
            await until(lambda: here.gateway.counters.positions == 1)
        await until(lambda: one.result(serial) == 0)
        await hang_up()

    asyncio.run(all_of_it())
