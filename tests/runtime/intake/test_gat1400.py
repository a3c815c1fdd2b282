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
        for method, path in (("PATCH", "/MotorVehicles"), ("GET", "/x"), ("POST", "/Tollgates")):
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


def test_queries_changes_and_deletions_are_refused_with_a_status_for_each(tmp_path: Path) -> None:
    """A sender that gets no answer it can read stops, or sends the same for ever."""

    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        camera = Camera(client)
        for method, path in (("PUT", "/MotorVehicles"), ("DELETE", "/MotorVehicles?IDList=a"),
                             ("GET", "/MotorVehicles"), ("POST", "/Faces")):  # fmt: skip
            assert (await camera.send(method, path, {})).status_code == 401, "strangers: nothing"
        await camera.register()
        assert codes(await camera.passages(passage(1))) == [0]
        changed = {"MotorVehicleListObject": {"MotorVehicleObject": [
            passage(1, PlateNo="川DI9999"), {"MotorVehicleID": "other"}]}}  # fmt: skip
        answer = await camera.send("PUT", "/MotorVehicles", changed)
        assert (answer.status_code, codes(answer)) == (200, [4, 4])
        told = answer.json()["ResponseStatusListObject"]["ResponseStatusObject"]
        assert [one["Id"] for one in told] == ["M000001", "other"]
        assert "not changed" in told[0]["StatusString"]
        answer = await camera.send("DELETE", "/MotorVehicles?IDList=M000001,x", None)
        assert (answer.status_code, codes(answer)) == (200, [4, 4])
        for path in ("/MotorVehicles?MotorVehicle.PlateNo=x", "/MotorVehicles/M000001"):
            answer = await camera.send("GET", path, None)
            assert (answer.status_code, code(answer)) == (403, 4)
            assert "川DI0001" not in answer.text
        (row,) = desk.rows("passages")
        assert row["plate"] == "川DI0001", "it stands as it came"

    Desk(tmp_path).run(scene)


def test_faces_and_persons_are_refused_and_nothing_of_them_is_kept(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        camera = Camera(client)
        await camera.register()
        image = {"ImageID": "I", "Data": base64.b64encode(JPEG).decode(), "FileFormat": "Jpeg"}
        for what in ("Face", "Person", "NonMotorVehicle"):
            one = {f"{what}ID": "p1", "SubImageList": {"SubImageInfoObject": [image]}}
            sent = {f"{what}ListObject": {f"{what}Object": [one]}}
            answer = await camera.send("POST", f"/{what}s", sent)
            assert (answer.status_code, codes(answer)) == (200, [4])
            (told,) = answer.json()["ResponseStatusListObject"]["ResponseStatusObject"]
            assert (told["Id"], "nothing of it was kept" in told["StatusString"]) == ("p1", True)
        assert (await camera.send("POST", "/Faces", {"x": 1})).status_code == 400
        assert desk.rows("evidence") == desk.rows("quarantine") == []
        assert not [path for path in desk.data.evidence.rglob("*") if path.is_file()]

    Desk(tmp_path).run(scene)


def test_a_subscriber_reads_back_what_it_subscribed_to(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        camera = Camera(client)
        await camera.register()
        sent = {"SubscribeID": "S1", "Title": "all", "SubscribeDetail": "13",
                "ReceiveAddr": "http://127.0.0.1:9/x", "ReportInterval": 5}  # fmt: skip
        answer = await camera.send("POST", "/Subscribes", {"SubscribeObject": sent})
        assert codes(answer) == [0]
        for path, names in (("", ["S1"]), ("?IDList=S1", ["S1"]), ("?IDList=S2", [])):
            answer = await camera.send("GET", f"/Subscribes{path}", None)
            found = answer.json()["SubscribeListObject"]["SubscribeObject"]
            assert [one["SubscribeID"] for one in found] == names
        assert (await client.get("/VIID/Subscribes")).status_code == 401

    Desk(tmp_path).run(scene)
