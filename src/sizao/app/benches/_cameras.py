"""Load and baseline of ``sizao bench intake``, each in a process of its own.

``load HOST PORT CONNECTIONS SECONDS BATCH PICTURE_BYTES DIGEST`` prints figures as JSON; with
DIGEST 1 each connection registers first, password ``bench-password``. ``answer`` is the baseline:
the same HTTP server, reading the body and answering, without looking at it; it names its port.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from sizao.feeds.gat1400.digest import Client
from sizao.feeds.gat1400.status import local_time

PASSWORD = "bench-password"


def device(number: int) -> str:
    return f"5104000100119{number:07d}"


class _Connection:
    """One keep-alive connection, one request at a time."""

    def __init__(self, host: str, port: int, number: int) -> None:
        self.device = device(number)
        self._address = host, port

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(*self._address)

    def close(self) -> None:
        self._writer.close()

    async def post(self, path: str, body: bytes, extra: str = "") -> tuple[int, str, bytes]:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: bench\r\nUser-Identify: {self.device}\r\n"
            f"Content-Type: application/VIID+JSON\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
        )
        self._writer.write(head.encode() + body)
        headers = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = int(_header(headers, "content-length") or 0)
        return int(headers[9:12]), headers, await self._reader.readexactly(length)

    async def register(self) -> None:
        path = "/VIID/System/Register"
        body = json.dumps({"RegisterObject": {"DeviceID": self.device}}).encode()
        _, headers, _ = await self.post(path, body)
        digest = Client(self.device, PASSWORD, lambda: secrets.token_hex(8))
        digest.challenged(_header(headers, "www-authenticate"))
        extra = f"Authorization: {digest.authorization('POST', path)}\r\n"
        status, _, answer = await self.post(path, body, extra)
        if status != 200:
            raise SystemExit(f"registration: HTTP {status} {answer!r}")


def _header(headers: str, name: str) -> str | None:
    for line in headers.split("\r\n"):
        if line.lower().startswith(f"{name}:"):
            return line.partition(":")[2].strip()
    return None


async def _load(
    host: str, port: int, connections: int, seconds: float, batch: int, picture: int, digest: bool
) -> dict[str, Any]:
    links = [_Connection(host, port, number) for number in range(connections)]
    for link in links:
        await link.open()
        if digest:
            await link.register()
    photo = base64.b64encode(os.urandom(picture)).decode() if picture else ""
    passed = local_time(round(time.time() * 1e6))
    until = time.monotonic() + seconds
    acked = failed = 0
    waits: list[float] = []

    async def talk(link: _Connection) -> None:
        nonlocal acked, failed
        number = 0
        while time.monotonic() < until:
            objects = []
            for _ in range(batch):
                number += 1
                one: dict[str, Any] = {
                    "MotorVehicleID": f"{link.device}{number:09d}",
                    "DeviceID": link.device,
                    "TollgateID": "T1",
                    "LaneNo": "2",
                    "PassTime": passed,
                    "HasPlate": "1",
                    "PlateNo": f"川DI{number % 10000:04d}",
                    "PlateColor": "6",
                    "PlateClass": "01",
                    "VehicleClass": "H11",
                    "Speed": "61.5",
                }
                if photo:
                    info = {"ImageID": str(number), "FileFormat": "Jpeg", "Data": photo}
                    one["SubImageList"] = {"SubImageInfoObject": [info]}
                objects.append(one)
            sent = {"MotorVehicleListObject": {"MotorVehicleObject": objects}}
            body = json.dumps(sent).encode()
            began = time.monotonic()
            status, _, _ = await link.post("/VIID/MotorVehicles", body)
            waits.append(time.monotonic() - began)
            if status == 200:
                acked += batch
            else:
                failed += batch

    began = time.monotonic()
    await asyncio.gather(*(talk(link) for link in links))
    took = time.monotonic() - began
    for link in links:
        link.close()
    waits.sort()
    return {
        "acked": acked,
        "failed": failed,
        "acked_per_s": round(acked / took),
        "p50_ms": round(waits[len(waits) // 2] * 1000, 1),
        "p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 1),
    }


def _answer() -> None:
    import uvicorn
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response

    async def handle(request: Request) -> Response:
        await request.body()
        return JSONResponse({"ResponseStatusListObject": {"ResponseStatusObject": []}})

    async def application(
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        answer = await handle(Request(scope, receive))
        await answer(scope, receive, send)

    config = uvicorn.Config(application, lifespan="off", log_level="critical", access_log=False)
    # Said only once it listens: a connection is taken from then on, whenever the server looks.
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        print(f"listening on 127.0.0.1:{listening.getsockname()[1]}", file=sys.stderr, flush=True)
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    if sys.argv[1] == "answer":
        _answer()
    else:
        _, _, host, port, connections, seconds, batch, picture, digest = sys.argv
        figures = asyncio.run(
            _load(
                host,
                int(port),
                int(connections),
                float(seconds),
                int(batch),
                int(picture),
                digest == "1",
            )
        )
        print(json.dumps(figures))
