"""A running intake on a real socket, and its log, for the tests of this folder."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from sizao.core.clock import ManualClock
from sizao.core.source_access import new_key
from sizao.log.datadir import DataDir
from sizao.log.interface import LogWriter
from sizao.runtime.collector import Ticks
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.intake.process import Intake, Settings
from sizao.runtime.intake.senders import Senders

NOW_S = 1_790_000_000.0
"""2026-09-21 22:13:20 in China."""

CAMERA = "51040001001190000001"
PASSWORD = "password-of-checkpoint"
SOURCES = ("weigh:cz-ping", "weather:qx-01", "check:dd-dong", f"gat1400:{CAMERA}")


def register(data: DataDir, sources: Sequence[str] = SOURCES, **quota: int) -> None:
    """Registry, keys and passwords of the folder's sources."""
    entries = [
        {"id": id, "name_zh": id, "name_en": id, "owner": {"party": "测试"}, "quota": quota or None}
        for id in sources
    ]
    data.sources.write_text(yaml.safe_dump({"sources": entries}), encoding="utf-8")
    keys = {id: new_key(data.source_access, id, NOW_S) for id in sources}
    (data.root / "keys.json").write_text(json.dumps(keys), encoding="utf-8")
    digest = {id: {"password": PASSWORD} for id in sources if id.startswith("gat1400:")}
    data.secrets.write_text(yaml.safe_dump(digest))
    data.secrets.chmod(0o600)


class Desk:
    """One data folder and an intake on it."""

    def __init__(self, folder: Path, log: LogWriter | None = None, **more: Any) -> None:
        self.data = DataDir(folder).create()
        if not self.data.sources.exists():
            register(self.data)
        self.keys = json.loads((folder / "keys.json").read_text(encoding="utf-8"))
        self.log = log or SqliteLog(self.data.intake_log, writer=True)
        self.clock = ManualClock(NOW_S)
        ticks = Ticks(busy_s=0.005, calm_s=0.005, retry_s=0.1, retry_every_s=0.05)
        settings = Settings(**{"port": 0, "grace_s": 2, "ticks": ticks, **more})
        self.intake = Intake(
            self.data, self.log, self.clock, Senders(self.data, self.clock), settings
        )

    def bearer(self, source: str) -> dict[str, str]:
        """The header that proves a source."""
        return {"Authorization": f"Bearer {self.keys[source]}"}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.intake.port}"

    def run(self, scene: Callable[[Desk, httpx.AsyncClient], Awaitable[None]]) -> None:
        """Serve while the scene plays."""

        async def play() -> None:
            async with self.serving() as client:
                await scene(self, client)

        asyncio.run(play())

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[httpx.AsyncClient]:
        """Serve until the block ends; gives a client of it."""
        serving = asyncio.create_task(self.intake.run())
        listening = asyncio.create_task(self.intake.listening.wait())
        try:
            await asyncio.wait({serving, listening}, return_when=asyncio.FIRST_COMPLETED)
            listening.cancel()
            if serving.done():
                await serving
            async with httpx.AsyncClient(base_url=self.url, timeout=20) as client:
                yield client
        finally:
            self.intake.stop()
            await serving
            self.log.close()

    def rows(self, topic: str) -> list[dict[str, Any]]:
        """All rows of a topic, as another process sees them."""
        with SqliteLog(self.data.intake_log) as log:
            return [
                row for segment in log.read(topic, 0, 10**9) for row in segment.batch.to_pylist()
            ]
