"""Weighings by ``POST /intake/weighings``: one object, a list, or ``{"weighings": [...]}``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sizao.feeds.weighing.record import read_weighing
from sizao.runtime.intake.answers import guarded, peer_of, refused, verdicts
from sizao.runtime.intake.bodies import body_of, items_of, parse_json
from sizao.runtime.intake.senders import name_of
from sizao.runtime.intake.way import Way


class Weighings(Way):
    """Weigh stations and weighing in motion."""

    name = "weighings"

    async def open(self) -> None:
        self.door.recall("weighings", "station", "weighing", "time")

    def routes(self) -> Sequence[Route]:
        handler = guarded(self.door, self._post, refused)
        return [Route("/intake/weighings", handler, methods=["POST"])]

    async def _post(self, request: Request) -> Response:
        source = self.door.senders.bearer("weigh", request.headers.get("authorization"))
        async with body_of(request, self.door) as body:
            received_us = self.door.now_us()
            sent: list[Any] = items_of(parse_json(body), "weighings")
            self.door.charge(source, len(sent), len(body))
            items = [
                read_weighing(one, source=source, station=name_of(source), received_us=received_us)
                for one in sent
            ]
            repeated = await self.door.take(
                "weighings", source, peer_of(request), items, received_us, len(body)
            )
        return verdicts(items, repeated)
