"""GA/T 1400 over real sockets: who may, what is kept, what every error says."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import httpx

from sizao.log.evidence import EvidenceStore
from sizao.runtime.intake.gat1400.sessions import LOST_S, Sessions
from sizao.runtime.intake.gat1400.way import Gat1400
from tests.runtime.intake.camera import Camera, code, codes, passage
from tests.runtime.intake.desk import CAMERA, Desk

JPEG = b"\xff\xd8\xff\xe0 and so on"


def sessions(desk: Desk) -> Sessions:
    (way,) = (way for way in desk.intake.ways if isinstance(way, Gat1400))
    return way.sessions


def test_registered_by_digest_then_passages_with_pictures(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        camera = Camera(client)
        asked = await camera.send(
            "POST", "/System/Register", {"RegisterObject": {"DeviceID": CAMERA}}
        )
        assert (asked.status_code, code(asked)) == (401, 4)
        assert 'qop="auth"' in asked.headers["WWW-Authenticate"]
        answer = await camera.register()
        assert (answer.status_code, code(answer)) == (200, 0)
        status = answer.json()["ResponseStatusObject"]
        assert (status["Id"], status["RequestURL"]) == (CAMERA, "/VIID/System/Register")
        assert status["LocalTime"] == "20260921221320"
        assert code(await camera.keepalive()) == 0

        images = [{"ImageID": "I1", "Data": base64.b64encode(JPEG).decode(), "FileFormat": "Jpeg"}]
        sent = passage(1, SubImageList={"SubImageInfoObject": images}, StorageUrl1="http://x/1.jpg")
        answer = await camera.passages(sent, passage(2))
        assert codes(answer) == [0, 0]
        rows = {row["passage"]: row for row in desk.rows("passages")}
        row = rows["M000001"]
        assert (row["source"], row["checkpoint"]) == (f"gat1400:{CAMERA}", CAMERA)
        assert (row["plate"], row["plate_colour"]) == ("川DI0001", 2)
        assert row["picture_urls"] == ["http://x/1.jpg"]
        (name,) = row["images"]
        assert EvidenceStore(desk.data.evidence).read(name) == JPEG
        assert desk.rows("evidence")[0]["refers_to"] == "M000001"

        time = (await client.get("/VIID/System/Time")).json()["SystemTimeObject"]
        assert time["LocalTime"] == "20260921221320"
        assert (
            await camera.send(
                "POST", "/System/UnRegister", {"UnRegisterObject": {"DeviceID": CAMERA}}
            )
        ).status_code == 200
        assert (await camera.keepalive()).status_code == 401

    Desk(tmp_path).run(scene)


def test_strangers_and_wrong_passwords_stay_outside(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        for camera in (
            Camera(client, password="wrong-password"),
            Camera(client, device="51040001001190000099"),
            Camera(client, device="../etc"),
        ):
            answer = await camera.register()
            assert (answer.status_code, code(answer)) == (401, 4)
            assert "wrong user or password" in answer.json()["ResponseStatusObject"]["StatusString"]
            assert (await camera.passages(passage(1))).status_code == 401
        assert (await client.post("/VIID/MotorVehicles", json={})).status_code == 401
        assert desk.rows("passages") == desk.rows("quarantine") == []

    Desk(tmp_path).run(scene)


def test_a_recorded_registration_cannot_be_played_again(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        camera = Camera(client)
        body = {"RegisterObject": {"DeviceID": CAMERA}}
        asked = await camera.send("POST", "/System/Register", body)
        camera.digest.challenged(asked.headers["WWW-Authenticate"])
        header = camera.digest.authorization("POST", "/VIID/System/Register") or ""
        first = await camera.send("POST", "/System/Register", body, Authorization=header)
        again = await camera.send("POST", "/System/Register", body, Authorization=header)
        assert (first.status_code, again.status_code) == (200, 401)
        assert "used before" in again.json()["ResponseStatusObject"]["StatusString"]

    Desk(tmp_path).run(scene)


def test_lost_after_three_missed_keepalives(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        camera = Camera(client)
        await camera.register()
        now = 0.0
        found = sessions(desk)
        found._now = lambda: now
        found._by_device[CAMERA].heard = now
        now = LOST_S - 1
        assert (await camera.keepalive()).status_code == 200
        now += LOST_S + 1
        assert found.sweep() == [CAMERA]
        answer = await camera.keepalive()
        assert answer.status_code == 401
        assert "WWW-Authenticate" in answer.headers
        assert (await camera.register()).status_code == 200

    Desk(tmp_path).run(scene)


def test_a_name_is_believed_from_its_own_address_only(tmp_path: Path) -> None:
    """The control: with the address forged to match, the same request is let in."""

    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        camera = Camera(client)
        await camera.register()
        session = sessions(desk)._by_device[CAMERA]
        session.host = "10.9.9.9"
        answer = await camera.passages(passage(1))
        assert answer.status_code == 401
        assert "another address" in answer.json()["ResponseStatusObject"]["StatusString"]
        session.host = "127.0.0.1"
        assert codes(await camera.passages(passage(1))) == [0]

    Desk(tmp_path).run(scene)


def test_every_item_gets_its_own_status(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        camera = Camera(client)
        await camera.register()
        answer = await camera.passages(
            passage(1), passage(2, PassTime="2026"), "x", passage(3, Speed=900), passage(1)
        )
        assert codes(answer) == [0, 8, 8, 0, 0]
        items = answer.json()["ResponseStatusListObject"]["ResponseStatusObject"]
        assert "PassTime" in items[1]["StatusString"]
        assert "Speed" in items[3]["StatusString"]
        assert sorted(row["passage"] for row in desk.rows("passages")) == ["M000001", "M000003"]
        reasons = sorted(row["reason"] for row in desk.rows("quarantine"))
        assert reasons == ["bad_value", "impossible_value", "missing_field"]
        assert desk.intake.counters.repeated["passages"] == 1

    Desk(tmp_path).run(scene)

    async def after_a_restart(desk: Desk, client: httpx.AsyncClient) -> None:
        camera = Camera(client)
        assert (await camera.passages(passage(1))).status_code == 401, "it must register again"
        await camera.register()
        again = passage(1, PassTime="20260921213500")
        assert codes(await camera.passages(passage(1), again)) == [0, 0]
        assert len(desk.rows("passages")) == 3, "the same id at another time is another passage"

    Desk(tmp_path).run(after_a_restart)


def test_no_body_is_without_an_answer(tmp_path: Path) -> None:
    bodies = [
        *(b"", b"{", b"\xff", b"[" * 5000, b'{"a": 1' + b"0" * 5000 + b"}"),
        *(b"{}", b'{"MotorVehicleListObject": 7}', b"[]", b"null"),
    ]

    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        await Camera(client).register()
        for body in bodies:
            headers = {"User-Identify": CAMERA}
            answer = await client.post("/VIID/MotorVehicles", content=body, headers=headers)
            assert (answer.status_code, code(answer)) == (400, 7), body[:20]
        held = desk.rows("quarantine")
        assert {row["raw"] for row in held} == set(bodies)
        assert {row["reason"] for row in held} == {"bad_json"}

    Desk(tmp_path).run(scene)


def test_what_is_not_there_is_a_status_too(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        for method, path in (("POST", "/Faces"), ("DELETE", "/MotorVehicles"), ("GET", "/x")):
            answer = await client.request(method, f"/VIID{path}")
            assert (answer.status_code, code(answer)) == (404, 4)
        for sent in ({}, {"RegisterObject": []}, {"RegisterObject": {"DeviceID": True}}, [1]):
            answer = await client.post("/VIID/System/Register", json=sent)
            assert (answer.status_code, code(answer)) == (400, 7)

    Desk(tmp_path).run(scene)


def test_notifications_of_a_lower_platform_never_stop_its_queue(tmp_path: Path) -> None:
    def notice(name: str, *objects: Any) -> dict[str, Any]:
        return {
            "NotificationID": name,
            "SubscribeID": "S1",
            "MotorVehicleObjectList": {"MotorVehicleObject": list(objects)},
        }

    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        camera = Camera(client)
        await camera.register()
        sent = {
            "SubscribeNotificationListObject": {
                "SubscribeNotificationObject": [
                    notice("N1", passage(1, DeviceID="D7"), passage(2, PassTime="x")),
                    notice("N2", passage(3)),
                    {"NotificationID": "N3", "FaceObjectList": {}},
                ]
            }
        }
        answer = await camera.send("POST", "/SubscribeNotifications", sent)
        assert codes(answer) == [0, 0, 0]
        items = answer.json()["ResponseStatusListObject"]["ResponseStatusObject"]
        assert "1 of 2 objects are in quarantine" in items[0]["StatusString"]
        kept = {row["passage"]: row["checkpoint"] for row in desk.rows("passages")}
        assert kept == {"M000001": "D7", "M000003": CAMERA}
        assert len(desk.rows("quarantine")) == 1

    Desk(tmp_path).run(scene)


def test_many_at_once_share_commits(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        camera = Camera(client)
        await camera.register()
        answers = await asyncio.gather(*(camera.passages(passage(n)) for n in range(60)))
        assert all(codes(answer) == [0] for answer in answers)
        assert len(desk.rows("passages")) == 60
        assert desk.intake.counters.commits < 60

    Desk(tmp_path).run(scene)
