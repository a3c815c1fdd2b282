"""Quarantine read again by order: no way in for anybody, but it writes the intake's log."""

from __future__ import annotations

from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.intake.door import Door
from sizao.runtime.intake.way import Way
from sizao.runtime.replays import QuarantineReplays


class Replays(Way):
    """Carries out orders of the web process on ``intake.sqlite``."""

    name = "replays"

    def __init__(self, door: Door) -> None:
        super().__init__(door)
        self._replays: QuarantineReplays | None = None

    async def run(self) -> None:
        if not isinstance(self.door.log, SqliteLog):
            return  # a log of another make brings its own
        with SqliteLog(self.door.data.commands_log) as orders:
            self._replays = QuarantineReplays("intake", self.door.log, orders, self.door.clock)
            await self._replays.run(self.door.collector)

    def figures(self) -> dict[str, object]:
        return {} if self._replays is None else self._replays.figures()
