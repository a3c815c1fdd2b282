"""Two intakes chained by GA/T 1400: what the lower one receives appears in the upper one."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from sizao.log.datadir import DataDir
from sizao.log.evidence import EvidenceStore
from sizao.runtime.intake.gat1400 import links, subscribers
from sizao.runtime.intake.gat1400.config import load
from sizao.runtime.intake.gat1400.way import Gat1400
from tests.runtime.intake.camera import Camera, codes, passage
from tests.runtime.intake.desk import CAMERA, Desk, register

UPPER, LOWER = "51000000005030000001", "51040000005030000001"
JPEG = b"\xff\xd8\xff\xe0 and so on"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def way(desk: Desk) -> Gat1400:
    (found,) = (one for one in desk.intake.ways if isinstance(one, Gat1400))
    return found


async def until(condition: Callable[[], Any], seconds: float = 20) -> None:
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come about")


class Pair:
    """Folders and ports of an upper and a lower platform that know each other."""

    def __init__(self, folder: Path) -> None:
        self.upper, self.lower = folder / "upper", folder / "lower"
        self.upper_port, self.lower_port = free_port(), free_port()
        register(DataDir(self.upper).create(), [f"gat1400:{LOWER}"])
        register(DataDir(self.lower).create(), [f"gat1400:{UPPER}", f"gat1400:{CAMERA}"])
        self._configure(
            self.upper,
            id=UPPER,
            address=self.url(self.upper_port),
            lowers=[{"id": LOWER, "url": self.url(self.lower_port), "pause_s": 1}],
        )
        self._configure(
            self.lower, id=LOWER, uppers=[{"id": UPPER, "url": self.url(self.upper_port)}]
        )

    def url(self, port: int) -> str:
        return f"http://127.0.0.1:{port}"

    def _configure(self, folder: Path, **config: Any) -> None:
        (folder / "gat1400.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def upper_desk(self) -> Desk:
        return Desk(self.upper, port=self.upper_port)

    def lower_desk(self) -> Desk:
        return Desk(self.lower, port=self.lower_port)


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pair:
    for module, name in ((links, "RETRY_S"), (subscribers, "RETRY_S")):
        monkeypatch.setattr(module, name, 0.3)
    monkeypatch.setattr(subscribers, "LONGEST_RETRY_S", 0.3)
    return Pair(tmp_path)


def test_passages_go_up_and_outages_lose_nothing(pair: Pair) -> None:
    async def scene() -> None:
        lower = pair.lower_desk()
        async with lower.serving() as client:
            camera = Camera(client)
            await camera.register()
            assert codes(await camera.passages(passage(0))) == [0], "before the subscription"
            upper = pair.upper_desk()
            async with upper.serving():
                await until(lambda: way(upper).links.state.get(LOWER) == "subscribed")
                await until(lambda: way(lower).links.state.get(UPPER) == "registered")
                info = {"ImageID": "I1", "Data": base64.b64encode(JPEG).decode()}
                sent = passage(1, SubImageList={"SubImageInfoObject": [info]})
                await camera.passages(sent, passage(2, PlateColor="9"))
                await until(lambda: len(upper.rows("passages")) == 2)
                rows = {row["passage"]: row for row in upper.rows("passages")}
                assert rows["M000001"]["source"] == f"gat1400:{LOWER}"
                assert rows["M000001"]["checkpoint"] == CAMERA
                assert rows["M000002"]["plate_colour"] == 5
                (name,) = rows["M000001"]["images"]
                assert EvidenceStore(upper.data.evidence).read(name) == JPEG
            # The upper platform is away; passages wait in the lower one's log.
            await camera.passages(*(passage(n) for n in range(3, 103)))
            await until(lambda: way(lower).subscribers.figures()["problems"])

        # Both restart.
        lower = pair.lower_desk()
        async with lower.serving() as client:
            camera = Camera(client)
            await camera.register()
            await camera.passages(passage(103))
            upper = pair.upper_desk()
            async with upper.serving():
                await until(lambda: len(upper.rows("passages")) == 103)
                names = sorted(row["passage"] for row in upper.rows("passages"))
                assert names == [f"M{n:06d}" for n in range(1, 104)]

    asyncio.run(scene())


def test_a_cancelled_subscription_sends_no_more(pair: Pair) -> None:
    async def scene() -> None:
        lower, upper = pair.lower_desk(), pair.upper_desk()
        async with lower.serving() as client, upper.serving():
            await until(lambda: way(upper).links.state.get(LOWER) == "subscribed")
            camera = Camera(client)
            await camera.register()
            (name,) = way(lower).subscribers._all
            stranger = await camera.send(
                "PUT",
                "/Subscribes",
                {"SubscribeObject": {"SubscribeID": name, "OperateType": "1"}},
            )
            assert codes(stranger) == [4], "only who subscribed may cancel"
            headers = {"User-Identify": UPPER}
            body = {
                "SubscribeListObject": {"SubscribeObject": {"SubscribeID": name, "OperateType": 1}}
            }
            answer = await client.put("/VIID/Subscribes", json=body, headers=headers)
            assert codes(answer) == [0]
            await camera.passages(passage(1))
            await asyncio.sleep(0.5)
            assert upper.rows("passages") == []
            saved = lower.data.root / "gat1400-subscriptions.json"
            assert json.loads(saved.read_text(encoding="utf-8")) == []

    asyncio.run(scene())


@pytest.mark.parametrize("shared", [False, True])
def test_platforms_that_never_answer_hold_up_no_picture(tmp_path: Path, shared: bool) -> None:
    """The control shares the threads that store pictures with the platforms: it waits."""

    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        if shared:
            desk.intake.door.hosts = desk.intake.door.files
        camera = Camera(client)
        await camera.register()
        asked: list[asyncio.StreamWriter] = []
        silent = await asyncio.start_server(
            lambda reader, writer: asked.append(writer), "127.0.0.1", 0
        )
        port = silent.sockets[0].getsockname()[1]
        register(desk.data, [f"gat1400:{CAMERA}", "gat1400:UP"])
        desk.intake.door.senders.book._looked = -10
        desk.intake.door.senders._looked = -10
        upper = Camera(client, "UP")
        await upper.register()
        for number in range(6):
            wanted = {"SubscribeID": f"S{number}", "ReceiveAddr": f"http://127.0.0.1:{port}/x"}
            answer = await upper.send("POST", "/Subscribes", {"SubscribeObject": wanted})
            assert codes(answer) == [0]
        await camera.passages(passage(1))
        await until(lambda: len(asked) >= (4 if shared else 6))
        info = {"ImageID": "I1", "Data": base64.b64encode(JPEG).decode()}
        sent = passage(2, SubImageList={"SubImageInfoObject": [info]})
        posting = asyncio.create_task(camera.passages(sent))
        await asyncio.wait({posting}, timeout=1 if shared else 7)
        assert posting.done() is not shared
        silent.close()
        for writer in asked:
            writer.close()
        assert codes(await posting) == [0]

    Desk(tmp_path).run(scene)


def test_a_subscription_that_is_not_served_says_why(tmp_path: Path) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"ReceiveAddr": "http://192.0.2.7:80/x"}, "own address"),
        ({"ReceiveAddr": "file:///etc/passwd"}, "own address"),
        ({"ReceiveAddr": None}, "ReceiveAddr"),
        ({"SubscribeDetail": "11"}, "only 13"),
        ({"SubscribeID": ""}, "SubscribeID"),
        ({"EndTime": "never"}, "EndTime"),
    ]

    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        camera = Camera(client)
        await camera.register()
        for changes, word in cases:
            sent = {
                "SubscribeID": "S1",
                "SubscribeDetail": "12,13",
                "ReceiveAddr": "http://127.0.0.1:9/x",
            } | changes
            answer = await camera.send("POST", "/Subscribes", {"SubscribeObject": sent})
            (status,) = answer.json()["ResponseStatusListObject"]["ResponseStatusObject"]
            assert status["StatusCode"] == 8, changes
            assert word in status["StatusString"]

    Desk(tmp_path).run(scene)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[", "gat1400.yaml"),
        ("lowers: []", "id must be"),
        ('{id: "1", uppers: [{id: "2"}]}', "uppers: entry 1"),
        ('{id: "1", uppers: [{id: "2", url: "ftp://x"}]}', "no http address"),
        ('{id: "1", lowers: [{id: "2", url: "http://x"}]}', "address is needed"),
        ('{id: "1", address: "http://y", lowers: [{id: 2, url: "http://x"}]}', "in quotes"),
    ],
)
def test_a_wrong_file_says_where(tmp_path: Path, text: str, word: str) -> None:
    from sizao.core.errors import ConfigError

    path = tmp_path / "gat1400.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=word):
        load(path)
