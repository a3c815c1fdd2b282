"""What a simulated device still has to send, and its connection to the intake."""

from __future__ import annotations

import http.client
import json
import secrets
from collections import deque
from typing import Any, Protocol

from sizao.feeds.gat1400.digest import Client
from sizao.feeds.gat1400.encode import motor_vehicles
from sizao.feeds.gat1400.status import CONTENT_TYPE

KEPT = 2_000
"""Records a device stores while it has no connection; the oldest go first."""
AT_ONCE = 20
WAIT_S = 8.0


class Refused(Exception):
    """The intake did not take a message; the records are kept and sent again."""


class Device(Protocol):
    """How a kind of device hands over. Blocking; called in a thread."""

    def post(self, connection: http.client.HTTPConnection, records: list[Any]) -> None:
        """Raises Refused, OSError or HTTPException when the records are not known as kept."""
        ...

    def idle(self, connection: http.client.HTTPConnection) -> None:
        """Called now and then when there is nothing to send."""
        ...


class Outbox:
    """The records of one device, oldest first."""

    def __init__(self, name: str, host: str, port: int, device: Device) -> None:
        self.name = name
        self.sent = 0
        self.failures = 0
        self.dropped = 0
        self._address = host, port
        self._device = device
        self._queue: deque[Any] = deque()
        self._underway = 0
        self._connection: http.client.HTTPConnection | None = None

    def __len__(self) -> int:
        """Records not known as kept, those on their way included."""
        return len(self._queue) + self._underway

    def add(self, record: Any) -> None:
        self._queue.append(record)
        if len(self._queue) > KEPT:
            self._queue.popleft()
            self.dropped += 1

    def work(self, idle: bool = False) -> bool:
        """Send a helping, or show that we are alive. In a thread. False when it failed: wait."""
        self._underway = min(AT_ONCE, len(self._queue))
        helping = [self._queue.popleft() for _ in range(self._underway)]
        try:
            if self._connection is None:
                host, port = self._address
                self._connection = http.client.HTTPConnection(host, port, timeout=WAIT_S)
            if helping:
                self._device.post(self._connection, helping)
                self.sent += len(helping)
            elif idle:
                self._device.idle(self._connection)
            return True
        except (OSError, http.client.HTTPException, Refused):
            self.failures += 1
            # What was not answered may not have arrived: at least once.
            self._queue.extendleft(reversed(helping))
            self.close()
            return False
        finally:
            self._underway = 0

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Camera:
    """A checkpoint: registers by digest, keeps alive, sends MotorVehicles."""

    def __init__(self, device: str, password: str) -> None:
        self._device = device
        self._digest = Client(device, password, lambda: secrets.token_hex(8))
        self._registered = False

    def post(self, connection: http.client.HTTPConnection, records: list[Any]) -> None:
        self._register(connection)
        status, _, answer = self._send(connection, "/VIID/MotorVehicles", motor_vehicles(records))
        if status != 200:
            self._registered = False
            raise Refused(f"HTTP {status}: {str(answer)[:200]}")

    def idle(self, connection: http.client.HTTPConnection) -> None:
        self._register(connection)
        sent = {"KeepaliveObject": {"DeviceID": self._device}}
        status, _, _ = self._send(connection, "/VIID/System/Keepalive", sent)
        if status != 200:
            self._registered = False
            raise Refused(f"HTTP {status}")

    def _register(self, connection: http.client.HTTPConnection) -> None:
        if self._registered:
            return
        path = "/VIID/System/Register"
        sent = {"RegisterObject": {"DeviceID": self._device}}
        status, asked, _ = self._send(connection, path, sent)
        if status == 401 and self._digest.challenged(asked):
            header = self._digest.authorization("POST", path)
            status, _, _ = self._send(connection, path, sent, header)
        if status != 200:
            raise Refused(f"registration: HTTP {status}")
        self._registered = True

    def _send(
        self,
        connection: http.client.HTTPConnection,
        path: str,
        sent: Any,
        authorization: str | None = None,
    ) -> tuple[int, str | None, Any]:
        headers = {"Content-Type": CONTENT_TYPE, "User-Identify": self._device}
        if authorization is not None:
            headers["Authorization"] = authorization
        connection.request("POST", path, json.dumps(sent), headers)
        answer = connection.getresponse()
        data = answer.read()
        return answer.status, answer.getheader("WWW-Authenticate"), data


class Poster:
    """A station: JSON with a key."""

    def __init__(self, path: str, key: str) -> None:
        self._path = path
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}

    def post(self, connection: http.client.HTTPConnection, records: list[Any]) -> None:
        connection.request("POST", self._path, json.dumps(records), self._headers)
        answer = connection.getresponse()
        data = answer.read()
        # 422: it has been looked at and will never be taken; sending it again is no use.
        if answer.status not in (200, 422):
            raise Refused(f"HTTP {answer.status}: {data[:200]!r}")

    def idle(self, connection: http.client.HTTPConnection) -> None:
        """Nothing: a station without vehicles is silent."""
