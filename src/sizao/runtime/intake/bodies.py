"""Request bodies within bounds, and JSON that cannot hurt."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import ClientDisconnect, Request

from sizao.runtime.intake.door import Door
from sizao.runtime.intake.refusal import Refusal, busy

MAX_BODY = 32 << 20
"""Largest body taken: a message of some ten passages with their pictures."""
MAX_IN_FLIGHT = 256 << 20
"""All bodies together that are being read or wait for their append."""
BODY_S = 60.0
"""A sender that takes longer holds a place that others need."""


@asynccontextmanager
async def body_of(request: Request, door: Door, most: int | None = None) -> AsyncIterator[bytes]:
    """The whole body; it counts as in flight until the block ends. Raises Refusal when it is too
    large, when too much is in flight, or when the sender hung up."""
    if door.collector.held:
        raise busy("too much is waiting for the disk")
    most = MAX_BODY if most is None else most
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told[:20]) > most:
        raise Refusal(413, "too_large", f"the body may have {most:,} bytes at most")
    size = 0
    whole = False
    chunks: list[bytes] = []
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                size += len(chunk)
                door.in_flight += len(chunk)
                if size > most:
                    raise Refusal(413, "too_large", f"the body may have {most:,} bytes at most")
                if door.in_flight > MAX_IN_FLIGHT:
                    raise busy("too many large messages at once")
                chunks.append(chunk)
        whole = True
        door.counters.bytes += size
        yield b"".join(chunks)
    except TimeoutError:
        if whole:
            raise
        raise Refusal(408, "too_slow", f"the body took more than {BODY_S:g} s") from None
    except ClientDisconnect:
        raise Refusal(400, "cut_off", "the sender hung up within the body") from None
    finally:
        door.in_flight -= size


def parse_json(body: bytes) -> Any:
    """The data of a JSON text. Raises Refusal (400) with the place of what is wrong."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Refusal(400, "bad_json", f"the body is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise Refusal(400, "bad_json", f"no JSON: {error.msg} at {where}") from None
    except RecursionError:
        raise Refusal(400, "bad_json", "no JSON of ours: nested too deep") from None
    except ValueError as error:
        raise Refusal(400, "bad_json", f"no JSON of ours: {str(error)[:200]}") from None


def items_of(sent: Any, name: str, most: int = 10_000) -> list[Any]:
    """The records of a message: one object, a list, or ``{NAME: [...]}``. Raises Refusal."""
    if isinstance(sent, dict) and isinstance(sent.get(name), list):
        sent = sent[name]
    items = sent if isinstance(sent, list) else [sent]
    if len(items) > most:
        raise Refusal(413, "too_many", f"a message may have {most:,} records at most")
    return items
