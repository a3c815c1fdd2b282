"""Answers of the ways in that speak our own JSON: records in, a verdict for each of them out."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sizao.feeds.taken import Taken
from sizao.runtime.intake.door import Door
from sizao.runtime.intake.refusal import Refusal

logger = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


def guarded(door: Door, handler: Handler, word: Callable[[Request, Refusal], Response]) -> Handler:
    """A handler that always answers: ``word`` turns a Refusal into the feed's own kind of answer,
    and a fault of ours is one too."""

    async def handle(request: Request) -> Response:
        began = time.monotonic()
        door.counters.requests += 1
        try:
            answer = await handler(request)
        except Refusal as refusal:
            door.counters.refused[refusal.code] += 1
            return word(request, refusal)
        except Exception:
            logger.exception("%s %s failed", request.method, request.url.path)
            door.counters.refused["internal_error"] += 1
            return word(
                request, Refusal(500, "internal_error", "a fault of the receiver; see its log")
            )
        door.counters.answer.add(time.monotonic() - began)
        return answer

    return handle


def refused(request: Request, refusal: Refusal) -> Response:
    """``{"error": {"code": ..., "detail": ...}}``."""
    body = {"error": {"code": refusal.code, "detail": refusal.detail}}
    return JSONResponse(body, refusal.status, headers=refusal.headers)


def verdicts(items: Sequence[Taken], repeated: Sequence[bool]) -> Response:
    """What became of each record: ``accepted``, ``repeated`` or ``refused`` with reasons.

    200 when at least one record was taken, else 422: the same message will never be taken.
    """
    found = []
    for item, again in zip(items, repeated, strict=True):
        state = "refused" if item.refused else "repeated" if again else "accepted"
        one: dict[str, object] = {"id": item.id, "state": state}
        if item.problems:
            one["problems"] = [problem._asdict() for problem in item.problems]
        found.append(one)
    counts = {
        state: sum(one["state"] == state for one in found)
        for state in ("accepted", "repeated", "refused")
    }
    taken = not found or counts["accepted"] + counts["repeated"] > 0
    return JSONResponse({**counts, "items": found}, 200 if taken else 422)


def peer_of(request: Request) -> str:
    return f"{request.client.host}:{request.client.port}" if request.client else ""
