"""CAP into the intake: posted, dropped in a folder, fetched from a list."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from sizao.core.errors import ConfigError
from sizao.feeds.cap import encode
from sizao.runtime.intake import cap as cap_module
from sizao.runtime.intake.cap import Cap
from sizao.runtime.intake.cap_polls import List, Polls, load_lists
from tests.feeds.cap.alerts import NOW as SENT
from tests.feeds.cap.alerts import national, standard
from tests.feeds.cap.test_codec import BOMB
from tests.runtime.intake.desk import NOW_S, Desk

SOURCE = "weather:qx-01"


def document(identifier: str = "fog-1", **over: Any) -> bytes:
    return encode(standard(identifier=identifier, **over))


def desk(folder: Path) -> Desk:
    made = Desk(folder)
    made.clock.advance(SENT.timestamp() + 60 - NOW_S)
    return made


async def post(desk: Desk, client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    return await client.post("/intake/cap", content=body, headers=desk.bearer(SOURCE))


def test_a_document_becomes_a_notice_once(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        answer = await post(desk, client, document())
        assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
        again = await post(desk, client, document())
        assert again.json()["repeated"] == 1
        (row,) = desk.rows("weather_notices")
        assert (row["notice"], row["kind"], row["source"]) == ("fog-1", "fog", SOURCE)
        assert row["sent"] == SENT
        assert (await post(desk, client, national("GBK"))).json()["accepted"] == 1

    desk(tmp_path).run(scene)

    async def after_a_restart(desk: Desk, client: httpx.AsyncClient) -> None:
        assert (await post(desk, client, document())).json()["repeated"] == 1

    desk(tmp_path).run(after_a_restart)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (BOMB, "forbidden_xml"),
        (b"<html/>", "not_cap"),
        (b"\xff\x00 nothing", "not_xml"),
        (document(msg_type="Ack"), "not_for_use"),
    ],
)
def test_what_is_wrong_is_kept_with_its_reason(tmp_path: Path, body: bytes, reason: str) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        answer = await post(desk, client, body)
        assert answer.status_code == 422
        assert answer.json()["items"][0]["problems"][0]["reason"] == reason
        (row,) = desk.rows("quarantine")
        assert (row["reason"], row["raw"], row["source"]) == (reason, body, SOURCE)

    desk(tmp_path).run(scene)


def test_too_large_and_without_a_key(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        assert (await post(desk, client, b" " * (1 << 20) + b"  ")).status_code == 413
        assert (await client.post("/intake/cap", content=document())).status_code == 401

    desk(tmp_path).run(scene)


async def until(check: Any) -> None:
    for _ in range(400):
        if check():
            return
        await asyncio.sleep(0.02)
    pytest.fail("waited in vain")


def test_files_of_a_drop_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cap_module, "LOOK_S", 0.05)

    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        folder = desk.data.drop / "cap" / "qx-01"
        stranger = desk.data.drop / "cap" / "nobody"
        for place in (folder, stranger):
            place.mkdir(parents=True)
        for name, data, place in (
            ("1.xml", document(), folder), ("2.xml", b"broken", folder),
            ("3.xml", document("fog-3"), stranger),
        ):  # fmt: skip
            (place / name).write_bytes(data)
            os.utime(place / name, (NOW_S - 100, NOW_S - 100))
        (folder / "4.xml").write_bytes(b"<half")  # still being written
        await until(lambda: len(list(folder.glob("*/*.xml"))) == 2)
        assert [path.name.rpartition("-")[2] for path in (folder / "taken").iterdir()] == ["1.xml"]
        assert [path.name.rpartition("-")[2] for path in (folder / "refused").iterdir()] == [
            "2.xml"
        ]
        assert (folder / "4.xml").exists()
        # Nobody registered this source: its file waits.
        assert (stranger / "3.xml").exists()
        (row,) = desk.rows("weather_notices")
        assert row["notice"] == "fog-1"
        assert [row["reason"] for row in desk.rows("quarantine")] == ["not_xml"]

    desk(tmp_path).run(scene)


class Service:
    """A weather service of the test: addresses to bodies, and what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.asked: list[str] = []
        self.url = ""


@contextmanager
def weather_service() -> Iterator[Service]:
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service.asked.append(self.path)
            target = service.redirects.get(self.path)
            body = service.pages.get(self.path)
            tag = f'"{hash(body)}"'
            if target:
                self.send_response(302)
                self.send_header("Location", target)
            elif body is None:
                self.send_response(404)
            elif self.headers.get("If-None-Match") == tag:
                self.send_response(304)
            else:
                self.send_response(200)
                self.send_header("ETag", tag)
            self.end_headers()
            if body is not None and self.headers.get("If-None-Match") != tag:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def listing(*names: str) -> bytes:
    entries = "".join(f"<entry><id>{name}</id><link href='{name}'/></entry>" for name in names)
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{entries}</feed>".encode()


def polls_of(desk: Desk) -> Polls:
    return next(way for way in desk.intake.ways if isinstance(way, Cap)).polls


def test_a_list_is_followed_and_remembered(tmp_path: Path) -> None:
    with weather_service() as service:
        service.pages |= {"/list": listing("/2", "/1"), "/1": document("1"), "/2": document("2")}
        one = List(SOURCE, f"{service.url}/list")

        async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
            polls = polls_of(desk)
            await polls.poll(one)
            assert service.asked == ["/list", "/1", "/2"]  # the oldest first
            await polls.poll(one)  # nothing new: 304
            service.pages |= {"/list": listing("/3", "/2", "/1")}
            await polls.poll(one)  # its document is not there yet
            assert "/3" in polls.figures()[one.url]["error"]  # type: ignore[index]  # figures are nested
            service.pages |= {"/3": document("3")}
            await polls.poll(one)
            assert polls.figures()[one.url]["error"] == ""  # type: ignore[index]  # figures are nested
            assert service.asked.count("/1") == 1
            assert [row["notice"] for row in desk.rows("weather_notices")] == ["1", "2", "3"]

        desk(tmp_path).run(scene)

        async def after_a_restart(desk: Desk, client: httpx.AsyncClient) -> None:
            before = len(service.asked)
            await polls_of(desk).poll(one)
            assert service.asked[before:] == ["/list"]

        desk(tmp_path).run(after_a_restart)


def test_a_list_does_not_lead_elsewhere(tmp_path: Path) -> None:
    with weather_service() as service, weather_service() as inside:
        inside.pages["/secret"] = document("inside")
        # 127.0.0.1 and localhost are the same machine and not the same host.
        elsewhere = inside.url.replace("127.0.0.1", "localhost")
        service.pages["/list"] = listing(f"{elsewhere}/secret", "/away")
        service.redirects["/away"] = f"{elsewhere}/secret"
        one = List(SOURCE, f"{service.url}/list")

        async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
            await polls_of(desk).poll(one)
            assert inside.asked == []
            assert desk.rows("weather_notices") == []
            # The control: named among its hosts, it is asked.
            await polls_of(desk).poll(List(SOURCE, one.url, hosts=("localhost",)))
            assert inside.asked == ["/secret", "/secret"]

        desk(tmp_path).run(scene)


def test_a_list_that_is_none_is_quarantined_once(tmp_path: Path) -> None:
    with weather_service() as service:
        service.pages["/list"] = b"<html>sign in</html>"
        one = List(SOURCE, f"{service.url}/list")

        async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
            for _ in range(3):
                await polls_of(desk).poll(one)
            assert [row["reason"] for row in desk.rows("quarantine")] == ["not_a_feed"]
            await polls_of(desk).poll(List(SOURCE, "http://127.0.0.1:9/closed"))

        desk(tmp_path).run(scene)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lists: [{source: weather:a}]", "entry 1: url is missing"),
        ("lists: [{source: jt808, url: 'http://x/'}]", "no weather:NAME"),
        ("lists: [{source: weather:a, url: 'file:///x'}]", "no http or https address"),
        ("lists: [{source: weather:a, url: 'http://x/', every_s: 1}]", "at least 10"),
        ("lists: [{source: weather:a, url: 'http://x/', evry: 1}]", "use source, url"),
        ("nothing: here", "expected lists:"),
    ],
)
def test_mistakes_in_the_file_are_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "cap-lists.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_lists(path)


def test_without_a_file_there_are_no_lists(tmp_path: Path) -> None:
    assert load_lists(tmp_path / "cap-lists.yaml") == []
