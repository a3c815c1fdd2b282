"""A way in: the routes of one feed, its chores and its figures. ``ways.py`` lists them all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.routing import Route

from sizao.runtime.intake.door import Door


class Way:
    """Derive from it, give it a ``name`` and routes, and add it to ``ways.WAYS``."""

    name = ""

    def __init__(self, door: Door) -> None:
        self.door = door

    async def open(self) -> None:
        """Before the first request: read back what the log knows. Raises LogError."""

    def routes(self) -> Sequence[Route]:
        """What it answers."""
        return ()

    async def run(self) -> None:
        """Chores until cancelled: watch a folder, look for silent devices, send what is due."""
        await asyncio.Event().wait()

    def figures(self) -> dict[str, object]:
        """Counters for the heartbeat."""
        return {}
