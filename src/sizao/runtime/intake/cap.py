"""CAP documents: by ``POST /intake/cap``, from a drop folder, and fetched from lists.

The folder is ``drop/cap/NAME/`` for source ``weather:NAME``: files are taken when they have not
changed for two seconds and moved to ``taken/`` or ``refused/`` beside them after the append.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sizao.feeds.cap.taken import KEY_COLUMNS, take
from sizao.feeds.cap.xml import MAX_BYTES
from sizao.runtime.intake.answers import guarded, peer_of, refused, verdicts
from sizao.runtime.intake.bodies import body_of
from sizao.runtime.intake.cap_polls import Polls
from sizao.runtime.intake.door import Door
from sizao.runtime.intake.refusal import Refusal
from sizao.runtime.intake.way import Way

logger = logging.getLogger(__name__)

LOOK_S = 2.0
SETTLED_S = 2.0
"""A file that changed within this is still being written."""
AT_ONCE = 200


class Cap(Way):
    """Warnings of weather services."""

    name = "cap"

    def __init__(self, door: Door) -> None:
        super().__init__(door)
        self.polls = Polls(door, self.take)
        self.files: Counter[str] = Counter()

    async def open(self) -> None:
        self.door.recall("weather_notices", *KEY_COLUMNS)

    def routes(self) -> Sequence[Route]:
        handler = guarded(self.door, self._post, refused)
        return [Route("/intake/cap", handler, methods=["POST"])]

    def figures(self) -> dict[str, object]:
        return {"files": dict(self.files), "lists": self.polls.figures()}

    async def run(self) -> None:
        await asyncio.gather(self._watch(), self.polls.run())

    async def take(self, data: bytes, source: str, peer: str) -> Response:
        """Keep what a document says. Raises Refusal when nothing was: send it again."""
        received_us = self.door.now_us()
        self.door.charge(source, 1, len(data))
        items = take(data, source, received_us)
        repeated = await self.door.take(
            "weather_notices", source, peer, items, received_us, len(data)
        )
        return verdicts(items, repeated)

    async def _post(self, request: Request) -> Response:
        source = self.door.senders.bearer("weather", request.headers.get("authorization"))
        async with body_of(request, self.door, MAX_BYTES) as body:
            return await self.take(body, source, peer_of(request))

    async def _watch(self) -> None:
        folder = self.door.data.drop / "cap"
        while True:
            for place in await asyncio.to_thread(_folders, folder):
                await self._empty(place)
            await asyncio.sleep(LOOK_S)

    async def _empty(self, folder: Path) -> None:
        """Take the files of one source's folder, the oldest first."""
        source = f"weather:{folder.name}"
        for path in await asyncio.to_thread(_settled, folder):
            try:
                self.door.senders.admit(source)
                data = await asyncio.to_thread(_read, path)
                answer = await self.take(data, source, str(path.name)[:64])
            except Refusal as refusal:
                # The file stays: once the source is registered, or the disk is well, it is taken.
                self.files[refusal.code] += 1
                logger.warning("%s stays where it is: %s", path, refusal.detail)
                return
            except OSError as error:
                self.files["unreadable"] += 1
                logger.error("%s: %s", path, error.strerror)
                return
            state = "taken" if answer.status_code == 200 else "refused"
            self.files[state] += 1
            await asyncio.to_thread(_move, path, state)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _settled(folder: Path) -> list[Path]:
    now = time.time()
    found = []
    for path in folder.iterdir():
        if path.is_file() and not path.name.startswith(".") and not path.is_symlink():
            changed = path.stat().st_mtime
            if now - changed >= SETTLED_S:
                found.append((changed, path))
    return [path for _, path in sorted(found)[:AT_ONCE]]


def _read(path: Path) -> bytes:
    """At most one byte more than a document may have: the codec says so then."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _move(path: Path, state: str) -> None:
    target = path.parent / state
    target.mkdir(exist_ok=True)
    path.replace(target / f"{time.time_ns()}-{path.name}")
