"""A checkpoint that speaks GA/T 1400 over real HTTP, for the tests of this folder."""

from __future__ import annotations

import secrets
from typing import Any

import httpx

from sizao.feeds.gat1400.digest import Client
from sizao.feeds.gat1400.encode import motor_vehicles
from tests.runtime.intake.desk import CAMERA, PASSWORD


class Camera:
    """One device; every method gives the HTTP answer."""

    def __init__(
        self, client: httpx.AsyncClient, device: str = CAMERA, password: str = PASSWORD
    ) -> None:
        self.http = client
        self.device = device
        self.digest = Client(device, password, lambda: secrets.token_hex(8))

    async def send(self, method: str, path: str, sent: Any, **headers: str) -> httpx.Response:
        headers = {"User-Identify": self.device, **headers}
        return await self.http.request(method, f"/VIID{path}", json=sent, headers=headers)

    async def register(self, path: str = "/System/Register") -> httpx.Response:
        body = {"RegisterObject": {"DeviceID": self.device}}
        answer = await self.send("POST", path, body)
        if answer.status_code == 401 and self.digest.challenged(answer.headers["WWW-Authenticate"]):
            header = self.digest.authorization("POST", f"/VIID{path}")
            answer = await self.send("POST", path, body, Authorization=header or "")
        return answer

    async def keepalive(self) -> httpx.Response:
        body = {"KeepaliveObject": {"DeviceID": self.device}}
        return await self.send("POST", "/System/Keepalive", body)

    async def passages(self, *objects: Any) -> httpx.Response:
        return await self.send("POST", "/MotorVehicles", motor_vehicles(objects))


def passage(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "MotorVehicleID": f"M{number:06d}",
        "DeviceID": CAMERA,
        "PassTime": "20260921213000",
        "HasPlate": "1",
        "PlateNo": f"川DI{number:04d}",
        "PlateColor": "6",
    } | changes


def code(answer: httpx.Response) -> int:
    """The code of an answer about one thing."""
    found: int = answer.json()["ResponseStatusObject"]["StatusCode"]
    return found


def codes(answer: httpx.Response) -> list[int]:
    items = answer.json()["ResponseStatusListObject"]["ResponseStatusObject"]
    return [item["StatusCode"] for item in items]
