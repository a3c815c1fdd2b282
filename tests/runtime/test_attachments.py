"""Evidence files: asked for, sent, resumed, kept, named in the log; media over the gateway."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sizao.feeds.jt808 import decode_body, encode_body, encode_message
from sizao.feeds.jt808.attachments import AttachmentLimits
from sizao.feeds.jt808.location import encode_location
from sizao.feeds.jt808.media import media_body
from sizao.runtime.loops import new_event_loop
from sizao.sim.uploader import File, Uploader, UploadRefused, upload
from tests.feeds.jt808.test_media import FIELDS
from tests.feeds.jt808.test_safety import dsm
from tests.runtime.served import Served, served, until
from tests.runtime.terminal import Terminal

PHONE = "13800000001"
PHOTO = random.Random(1).randbytes(200_000)
VIDEO = random.Random(2).randbytes(150_001)
FILES = [File("00_65_6501_0_n.jpg", 0, PHOTO), File("02_64_6501_1_n.mp4", 2, VIDEO)]

Scene = Callable[[Served, dict[str, Any]], Awaitable[None]]


async def asked(here: Served, dialect: str = "jsatl12") -> dict[str, Any]:
    """Report an alarm with two files; what the platform then asks for."""
    terminal = await Terminal(PHONE).connect(here.gateway.port)
    now_us = int(time.time() * 1e6)
    body = encode_location(time_us=now_us, lat=26.58, lon=101.72, items=[dsm(dialect=dialect)])
    terminal.send(0x0200, body)
    request = decode_body(0x9208, await terminal.heard(0x9208), "2013")
    await terminal.leave()
    return request


def run(scene: Scene, folder: Path, **options: Any) -> None:
    async def all_of_it() -> None:
        async with served(folder, **options) as here:
            await scene(here, await asked(here))

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(asyncio.wait_for(all_of_it(), 60))


@pytest.mark.parametrize("dialect", ["jsatl12", "guangdong"])
def test_the_files_of_an_alarm_are_kept_and_named(tmp_path: Path, dialect: str) -> None:
    async def all_of_it() -> None:
        async with served(tmp_path) as here:
            request = await asked(here, dialect)
            assert request["tcp_port"] == here.attachments.port
            await upload(request, FILES, PHONE)
            (alarm,) = here.rows("device_alarms")
            photo, video = here.rows("evidence")
            assert here.store.read(photo["evidence"]) == PHOTO
            assert here.store.read(video["evidence"]) == VIDEO
            assert {row["refers_to"] for row in (photo, video)} == {alarm["alarm_key"]}
            assert [photo[k] for k in ("kind", "format", "channel", "bytes", "subject")] == [
                *("image", "jpg", 65, len(PHOTO), PHONE)
            ]
            assert photo["time"].isoformat() == "2026-01-01T00:00:00+00:00", "when it was taken"
            assert (here.spool.files, here.spool.bytes) == (0, 0)
            figures: Any = here.attachments.figures()["attachments"]
            assert figures["files"] == figures["kept"] == 2

    asyncio.run(asyncio.wait_for(all_of_it(), 60))


def test_lost_pieces_are_asked_for_again(tmp_path: Path) -> None:
    async def scene(here: Served, request: dict[str, Any]) -> None:
        lost = iter([True, False, True, False])

        def between(at: int, raw: bytes) -> bytes:
            return b"" if next(lost, False) else raw

        async with Uploader("127.0.0.1", here.attachments.port, PHONE) as one:
            await one.announce(request, FILES)
            assert await one.send(FILES[0], between) == 1
        (row,) = here.rows("evidence")
        assert here.store.read(row["evidence"]) == PHOTO

    run(scene, tmp_path)


def test_a_cut_upload_goes_on_where_it_was(tmp_path: Path) -> None:
    async def scene(here: Served, request: dict[str, Any]) -> None:
        async with Uploader("127.0.0.1", here.attachments.port, PHONE) as one:
            await one.announce(request, FILES)
            with pytest.raises(ConnectionError):
                await one.send(FILES[0], _cut_after(130_000))
        await until(lambda: not here.attachments._links)
        assert len(here.attachments.shelf) == 1
        sent: list[int] = []

        def only_what_is_asked(at: int, raw: bytes) -> bytes:
            sent.append(at)
            return raw if len(sent) > 4 else b""  # the first round is lost

        async with Uploader("127.0.0.1", here.attachments.port, PHONE) as one:
            await one.announce(request, FILES)
            assert await one.send(FILES[0], only_what_is_asked) == 1
        assert sent[4:] == [131_072, 196_608], "only the rest was wanted"
        (row,) = here.rows("evidence")
        assert here.store.read(row["evidence"]) == PHOTO

    run(scene, tmp_path)


def _cut_after(limit: int) -> Callable[[int, bytes], bytes]:
    def between(at: int, raw: bytes) -> bytes:
        if at > limit:
            raise ConnectionError("the radio is gone")
        return raw

    return between


def test_control_without_the_shelf_everything_is_sent_again(tmp_path: Path) -> None:
    async def scene(here: Served, request: dict[str, Any]) -> None:
        async with Uploader("127.0.0.1", here.attachments.port, PHONE) as one:
            await one.announce(request, FILES)
            with pytest.raises(ConnectionError):
                await one.send(FILES[0], _cut_after(130_000))
        await until(lambda: not here.attachments._links)
        here.attachments.shelf.close()
        sent: list[int] = []

        def lose_the_first_round(at: int, raw: bytes) -> bytes:
            sent.append(at)
            return raw if len(sent) > 4 else b""

        async with Uploader("127.0.0.1", here.attachments.port, PHONE) as one:
            await one.announce(request, FILES)
            await one.send(FILES[0], lose_the_first_round)
        assert sent[4:] == [0, 65_536, 131_072, 196_608]

    run(scene, tmp_path)


def test_a_repeated_upload_is_complete_at_once_and_one_record(tmp_path: Path) -> None:
    async def scene(here: Served, request: dict[str, Any]) -> None:
        for _ in range(2):
            await upload(request, FILES, PHONE)
        assert len(here.rows("evidence")) == 2

    run(scene, tmp_path)


def test_a_stranger_is_turned_away(tmp_path: Path) -> None:
    async def scene(here: Served, request: dict[str, Any]) -> None:
        for changed in (
            {"alarm_number": "0" * 32},
            {"alarm_ident": {**request["alarm_ident"], "sequence": 9}},
        ):
            async with Uploader("127.0.0.1", here.attachments.port, PHONE) as one:
                with pytest.raises(UploadRefused, match="0x1210"):
                    await one.announce({**request, **changed}, FILES)
        async with Uploader("127.0.0.1", here.attachments.port, "13900000000") as one:
            with pytest.raises(UploadRefused):
                await one.announce(request, FILES)
        assert here.rows("evidence") == here.rows("quarantine") == []

    run(scene, tmp_path)


def test_names_and_sizes_must_be_those_announced(tmp_path: Path) -> None:
    async def scene(here: Served, request: dict[str, Any]) -> None:
        async with Uploader("127.0.0.1", here.attachments.port, PHONE) as one:
            await one.announce(request, FILES)
            for file in (File("other.jpg", 0, PHOTO), File(FILES[0].name, 0, PHOTO[:-1])):
                with pytest.raises(UploadRefused, match="0x1211"):
                    await one.send(file)

    run(scene, tmp_path)


def test_a_file_may_be_too_big(tmp_path: Path) -> None:
    async def scene(here: Served, request: dict[str, Any]) -> None:
        async with Uploader("127.0.0.1", here.attachments.port, PHONE) as one:
            with pytest.raises(UploadRefused):
                await one.announce(request, FILES)

    run(scene, tmp_path, limits=AttachmentLimits(max_file=199_999))


def test_a_store_that_refuses_is_not_answered(tmp_path: Path) -> None:
    async def scene(here: Served, request: dict[str, Any]) -> None:
        here.store.max_bytes = 1000
        with pytest.raises(UploadRefused, match="hung up"):
            await upload(request, FILES, PHONE)
        assert here.rows("evidence") == []
        here.store.max_bytes = 1 << 20
        await upload(request, FILES, PHONE)
        assert len(here.rows("evidence")) == 2, "it comes again and is taken"

    run(scene, tmp_path)


def test_half_received_files_are_given_up_in_time(tmp_path: Path) -> None:
    async def scene(here: Served, request: dict[str, Any]) -> None:
        here.attachments.shelf.keep_us = 100_000
        async with Uploader("127.0.0.1", here.attachments.port, PHONE) as one:
            await one.announce(request, FILES)
            with pytest.raises(ConnectionError):
                await one.send(FILES[0], _cut_after(0))
        await until(lambda: here.spool.files == 0)
        assert here.attachments.counts["given_up"] == 1

    run(scene, tmp_path)


def test_silent_connections_end(tmp_path: Path) -> None:
    async def scene(here: Served, request: dict[str, Any]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.attachments.port)
        assert await reader.read() == b""
        writer.close()

    run(scene, tmp_path, limits=AttachmentLimits(idle_s=0.1))


# Media on the gateway's own connection.


def media_frames(terminal: Terminal, data: bytes) -> list[bytes]:
    body = media_body(FIELDS, data)
    frames = encode_message(0x0801, PHONE, terminal.serial + 1, body)
    terminal.serial += len(frames)
    return frames


def test_a_photo_is_answered_once_it_is_kept(tmp_path: Path) -> None:
    async def scene(here: Served, request: dict[str, Any]) -> None:
        terminal = await Terminal(PHONE).connect(here.gateway.port)
        frames = media_frames(terminal, PHOTO)
        for frame in [*frames[:3], *frames[4:], frames[3]]:
            terminal.writer.write(frame)
        answer = decode_body(0x8800, await terminal.heard(0x8800), "2013")
        assert answer == {"media_id": 77, "retransmit_ids": []}
        (row,) = here.rows("evidence")
        assert here.store.read(row["evidence"]) == PHOTO
        assert (row["kind"], row["name"], row["channel"]) == ("image", "77", 3)
        await terminal.leave()

    run(scene, tmp_path)


def test_media_never_hold_up_a_position(tmp_path: Path) -> None:
    async def scene(here: Served, request: dict[str, Any]) -> None:
        gate = asyncio.Event()
        loop = asyncio.get_running_loop()
        here.gateway._keeper._worker.submit(  # type: ignore[union-attr]  # it has one here
            lambda: asyncio.run_coroutine_threadsafe(gate.wait(), loop).result(30)
        )
        terminal = await Terminal(PHONE).connect(here.gateway.port)
        for frame in media_frames(terminal, b"a photo"):
            terminal.writer.write(frame)
        assert await terminal.answered(terminal.position()) == 0
        assert all(message_id != 0x8800 for message_id, _ in terminal.answers)
        gate.set()
        await terminal.heard(0x8800)
        await terminal.leave()

    run(scene, tmp_path)


def test_what_a_terminal_says_beside_positions_is_kept(tmp_path: Path) -> None:
    async def scene(here: Served, request: dict[str, Any]) -> None:
        terminal = await Terminal(PHONE).connect(here.gateway.port)
        fields = {"reply_serial": 7, "answer_id": 2}
        serial = terminal.send(0x0302, encode_body(0x0302, fields))
        assert await terminal.answered(serial) == 0
        (row,) = here.rows("terminal_messages")
        assert (row["kind"], row["refers_to"], row["vehicle"]) == ("0x0302", "7", PHONE)
        assert row["body"] == '{"reply_serial": 7, "answer_id": 2}'
        await terminal.leave()

    run(scene, tmp_path)
