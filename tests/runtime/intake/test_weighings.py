"""Weighings over real sockets: kept before the answer, repeated ones once, bad ones named."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import httpx
import pytest

from sizao.core.errors import LogError
from sizao.log.evidence import EvidenceStore
from sizao.runtime.collector import Ticks
from sizao.runtime.intake import bodies
from tests.runtime.intake.desk import Desk, register

PNG = b"\x89PNG\r\n\x1a\n and so on"


def weighing(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"W{number:05d}",
        "time": "2026-09-21 21:30:00",
        "method": "static",
        "plate": "川D·I0001",
        "plate_colour": "黄",
        "axles": 6,
        "gross_kg": 52_300,
        "axle_loads_kg": [6_100, 9_200, 9_300, 9_100, 9_300, 9_300],
    } | changes


async def post(desk: Desk, client: httpx.AsyncClient, sent: Any, **more: Any) -> httpx.Response:
    more = {"headers": desk.bearer("weigh:cz-ping")} | more
    return await client.post("/intake/weighings", json=sent, **more)


def test_a_weighing_with_a_picture_becomes_a_row(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        picture = {"name": "front", "data": base64.b64encode(PNG).decode()}
        answer = await post(desk, client, weighing(1, images=[picture]))
        assert answer.status_code == 200, answer.text
        assert (answer.json()["accepted"], answer.json()["items"][0]["id"]) == (1, "W00001")
        # Durable by the time of the answer: another reader sees it now.
        (row,) = desk.rows("weighings")
        assert (row["station"], row["source"], row["plate"]) == (
            "cz-ping",
            "weigh:cz-ping",
            "川DI0001",
        )
        assert (row["plate_colour"], row["axles"], row["gross_kg"]) == (2, 6, 52_300)
        assert row["time"].isoformat() == "2026-09-21T13:30:00+00:00"
        (evidence,) = desk.rows("evidence")
        assert row["images"] == [evidence["evidence"]]
        assert (evidence["refers_to"], evidence["format"]) == ("W00001", "png")
        assert EvidenceStore(desk.data.evidence).read(evidence["evidence"]) == PNG

    Desk(tmp_path).run(scene)


def test_the_same_weighing_again_is_kept_once(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        answers = await asyncio.gather(*(post(desk, client, weighing(1)) for _ in range(5)))
        states = sorted(one.json()["items"][0]["state"] for one in answers)
        assert states == ["accepted", *["repeated"] * 4]
        within = await post(desk, client, [weighing(2), weighing(2)])
        assert [one["state"] for one in within.json()["items"]] == ["accepted", "repeated"]
        assert len(desk.rows("weighings")) == 2

    Desk(tmp_path).run(scene)

    async def after_a_restart(desk: Desk, client: httpx.AsyncClient) -> None:
        assert (await post(desk, client, weighing(2))).json()["repeated"] == 1
        assert (await post(desk, client, weighing(2, time="2026-09-21 21:31:00"))).json()[
            "accepted"
        ] == 1

    Desk(tmp_path).run(after_a_restart)


def test_dirty_weighings_are_named_and_the_good_ones_kept(tmp_path: Path) -> None:
    dirty = [
        weighing(1),
        weighing(2, gross_kg="heavy"),
        weighing(3, time="2026-13-01 00:00:00"),
        weighing(4, time="2031-01-01 00:00:00"),
        weighing(5, axle_loads_kg=[6_000]),
        weighing(6, lane="left"),
        "not an object",
        weighing(7, gross_kg=70_000),
    ]

    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        answer = (await post(desk, client, dirty)).json()
        assert (answer["accepted"], answer["refused"]) == (3, 5)
        reasons = [
            one["problems"][0]["reason"] if "problems" in one else None for one in answer["items"]
        ]
        assert reasons == [
            None,
            "bad_value",
            "bad_value",
            "future_time",
            "impossible_value",
            "bad_value",
            "bad_value",
            None,
        ]
        kept = desk.rows("weighings")
        assert sorted(row["weighing"] for row in kept) == ["W00001", "W00006", "W00007"]
        assert {row["weighing"]: row["quality"] for row in kept}["W00007"] == "sum_differs"
        held = desk.rows("quarantine")
        assert len(held) == 6
        assert all(row["source"] == "weigh:cz-ping" and row["raw"] for row in held)
        nothing = await post(desk, client, weighing(2, gross_kg="heavy"))
        assert nothing.status_code == 422

    Desk(tmp_path).run(scene)


def test_only_the_source_itself_may_send(tmp_path: Path) -> None:
    cases = [
        (None, 401, "no_key"),
        ("0123abcd.wrong", 401, "unknown_key"),
        ("weather:qx-01", 403, "wrong_kind"),
    ]

    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        for key, status, code in cases:
            headers = {} if key is None else {"Authorization": f"Bearer {desk.keys.get(key, key)}"}
            answer = await post(desk, client, weighing(1), headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert desk.rows("weighings") == desk.rows("quarantine") == []
        assert desk.intake.counters.refused == {code: 1 for _, _, code in cases}

    Desk(tmp_path).run(scene)


def test_bodies_are_bounded_and_no_json_is_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "MAX_BODY", 1_000)

    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        async def sent(content: Any) -> tuple[int, str]:
            answer = await client.post(
                "/intake/weighings", content=content, headers=desk.bearer("weigh:cz-ping")
            )
            return answer.status_code, answer.json()["error"]["code"]

        async def chunks() -> Any:
            for _ in range(20):
                yield b"x" * 100

        assert await sent(b"x" * 1_001) == (413, "too_large")
        assert await sent(chunks()) == (413, "too_large")
        for junk in (b"", b"{", b"\xff\xfe", b"[" * 900, b'{"a": NaN,}'):
            assert await sent(junk) == (400, "bad_json"), junk[:20]
        assert desk.intake.door.in_flight == 0
        assert (await client.get("/nowhere")).json()["error"]["code"] == "no_such_path"

    Desk(tmp_path).run(scene)


def test_a_sender_that_dawdles_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_S", 0.2)

    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        async def dawdling() -> Any:
            yield b"["
            await asyncio.sleep(1)
            yield b"]"

        headers = desk.bearer("weigh:cz-ping")
        slow = client.post("/intake/weighings", content=dawdling(), headers=headers)
        quick = post(desk, client, weighing(1))
        answers = await asyncio.gather(slow, quick)
        assert [one.status_code for one in answers] == [408, 200]
        assert desk.intake.door.in_flight == 0

    Desk(tmp_path).run(scene)


def test_a_stop_answers_what_it_has_taken(tmp_path: Path) -> None:
    answers: list[Any] = []

    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        sending = [asyncio.create_task(post(desk, client, weighing(n))) for n in range(40)]
        await asyncio.sleep(0.02)
        desk.intake.stop()
        answers.extend(await asyncio.gather(*sending, return_exceptions=True))

    desk = Desk(tmp_path)
    desk.run(scene)
    yes = [one for one in answers if isinstance(one, httpx.Response) and one.status_code == 200]
    said = {one.json()["items"][0]["id"] for one in yes}
    assert said <= {row["weighing"] for row in desk.rows("weighings")}
    assert all(isinstance(one, httpx.Response | httpx.TransportError) for one in answers)


class RefusingLog:
    """A disk that refuses, in front of a real log."""

    def __init__(self, log: Any) -> None:
        self.log = log
        self.refuses = True

    def append(self, batches: Any, counts: Any = None) -> dict[str, int]:
        if self.refuses:
            raise LogError("no space left on device")
        seqs: dict[str, int] = self.log.append(batches, counts)
        return seqs

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)


def test_a_log_that_refuses_means_later_and_never_yes(tmp_path: Path) -> None:
    from sizao.runtime.embedded.log import SqliteLog

    log = RefusingLog(SqliteLog(tmp_path / "intake.sqlite", writer=True))

    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        waiting = [asyncio.create_task(post(desk, client, weighing(n))) for n in range(3)]
        await asyncio.sleep(0.05)
        # Meanwhile nobody else is let in, so that memory stays bounded.
        held = await post(desk, client, weighing(9))
        answers = [*(await asyncio.gather(*waiting)), held]
        assert {one.status_code for one in answers} == {503}
        assert all(int(one.headers["Retry-After"]) > 0 for one in answers)
        log.refuses = False
        again = await post(desk, client, [weighing(n) for n in range(3)])
        assert again.json()["accepted"] == 3, "a refused record must not count as kept"

    Desk(tmp_path, log, ticks=Ticks(calm_s=0.005, retry_s=0.2, retry_every_s=0.1)).run(scene)


def test_a_source_switched_off_or_over_its_quota_is_told_so(tmp_path: Path) -> None:
    from sizao.core.source_access import switch_off
    from sizao.log.datadir import DataDir

    register(DataDir(tmp_path).create(), records_per_hour=2)

    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        assert (await post(desk, client, [weighing(1), weighing(2)])).status_code == 200
        over = await post(desk, client, weighing(3))
        assert (over.status_code, over.json()["error"]["code"]) == (429, "over_quota")
        assert 0 < int(over.headers["Retry-After"]) <= 3_600
        switch_off(desk.data.source_access, "weigh:cz-ping", reason="维修", by="x", at_s=0)
        desk.intake.door.senders.book._looked = -10  # a second later
        off = await post(desk, client, weighing(4))
        assert (off.status_code, off.json()["error"]["code"]) == (403, "switched_off")
        assert "维修" in off.json()["error"]["detail"]

    Desk(tmp_path).run(scene)
