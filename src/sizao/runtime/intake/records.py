"""A way in for records in our own JSON and CSV: what weighings and readings have in common.

The body of a request is one object, a list, or ``{FEED: [...]}``.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sizao.feeds.taken import Taken
from sizao.runtime.intake.answers import guarded, peer_of, refused, verdicts
from sizao.runtime.intake.bodies import body_of, items_of, parse_json
from sizao.runtime.intake.door import Door
from sizao.runtime.intake.drops import Drops, Feed
from sizao.runtime.intake.senders import name_of
from sizao.runtime.intake.way import Way


class Records(Way):
    """Derive with a feed, and the columns of its rows that make the codec's key."""

    feed: Feed
    key_columns: tuple[str, ...]

    def __init__(self, door: Door) -> None:
        super().__init__(door)
        self.name = self.feed.name
        self.drops = Drops(door, self.feed, strict=door.strict)

    async def open(self) -> None:
        self.door.recall(self.feed.topic, *self.key_columns)
        self.drops.recall()

    def routes(self) -> Sequence[Route]:
        handler = guarded(self.door, self._post, refused)
        return [Route(f"/intake/{self.feed.name}", handler, methods=["POST"])]

    async def run(self) -> None:
        await self.drops.run()

    def figures(self) -> dict[str, object]:
        return {"files": dict(self.drops.outcomes)}

    async def _post(self, request: Request) -> Response:
        feed, door = self.feed, self.door
        source = door.senders.bearer(feed.kind, request.headers.get("authorization"))
        async with body_of(request, door) as body:
            received_us = door.now_us()
            items = await door.aside(len(body), lambda: self._read(body, source, received_us))
            door.charge(source, len(items), len(body))
            repeated = await door.take(
                feed.topic, source, peer_of(request), items, received_us, len(body)
            )
        return verdicts(items, repeated)

    def _read(self, body: bytes, source: str, received_us: int) -> list[Taken]:
        return [
            self.feed.read(one, source=source, station=name_of(source), received_us=received_us)
            for one in items_of(parse_json(body), self.feed.name)
        ]
