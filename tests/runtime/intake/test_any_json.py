"""Whatever is posted wherever, there is an answer of the right kind and never a fault of ours."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sizao.feeds.gat1400.status import codes
from tests.feeds.test_forms import JSON
from tests.runtime.intake.camera import passage
from tests.runtime.intake.desk import CAMERA, PASSWORD, Desk
from tests.runtime.intake.test_weighings import weighing

VIID = (
    *("/VIID/MotorVehicles", "/VIID/SubscribeNotifications", "/VIID/Subscribes"),
    *("/VIID/System/Register", "/VIID/System/Keepalive", "/VIID/System/UnRegister", "/VIID/Faces"),
)
OURS = {"/intake/weighings": "weigh:cz-ping", "/intake/weather-readings": "weather:qx-01"}

WRAPPED = st.one_of(
    JSON,
    st.fixed_dictionaries({"MotorVehicleListObject": JSON}),
    JSON.map(lambda one: {"MotorVehicleListObject": {"MotorVehicleObject": [passage(1), one]}}),
    JSON.map(lambda one: {"MotorVehicleObjectList": {"MotorVehicleObject": passage(2, Speed=one)}}),
    JSON.map(
        lambda one: {
            "SubscribeNotificationListObject": {
                "SubscribeNotificationObject": [
                    {"NotificationID": one, "MotorVehicleObjectList": {"MotorVehicleObject": one}}
                ]
            }
        }
    ),
    st.dictionaries(
        st.sampled_from(["SubscribeID", "ReceiveAddr", "OperateType", "ReportInterval"]), JSON
    ).map(lambda one: {"SubscribeObject": {"SubscribeID": "S1", **one}}),
    st.fixed_dictionaries({"RegisterObject": st.fixed_dictionaries({"DeviceID": JSON})}),
    JSON.map(lambda one: [weighing(1), {**weighing(2), "images": one}, one]),
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """An intake in a thread, one camera registered."""
    desk = Desk(tmp_path_factory.mktemp("any"))
    ready, done = threading.Event(), threading.Event()

    async def serve() -> None:
        from tests.runtime.intake.camera import Camera

        async with desk.serving() as client:
            await Camera(client, CAMERA, PASSWORD).register()
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    yield desk
    done.set()
    thread.join()


def ask(desk: Desk, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", desk.intake.port, timeout=30)
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def encoded(sent: Any) -> bytes:
    try:
        return json.dumps(sent).encode()
    except ValueError:  # an integer of more digits than Python writes
        return b'{"a": ' + b"9" * 5000 + b"}"


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(VIID), sent=WRAPPED)
def test_every_viid_request_gets_a_status(desk: Desk, path: str, sent: Any) -> None:
    status, answer = ask(desk, path, encoded(sent), {"User-Identify": CAMERA})
    if path == "/VIID/System/UnRegister" and status == 200:
        raise AssertionError("only with the right DeviceID")
    assert status < 500, answer
    assert codes(answer) is not None or answer == {
        "ResponseStatusListObject": {"ResponseStatusObject": []}
    }


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(list(OURS)), sent=WRAPPED)
def test_every_record_gets_a_verdict(desk: Desk, path: str, sent: Any) -> None:
    status, answer = ask(desk, path, encoded(sent), desk.bearer(OURS[path]))
    assert status in (200, 400, 422), answer
    assert "items" in answer or "error" in answer
