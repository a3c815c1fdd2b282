"""The two channels: vehicles once a second, events as they are committed."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from sizao.web.clock import feed_now
from sizao.web.live import board, frames, hub
from sizao.web.live.models import NOTICE, OutboxEvent
from sizao.web.ports import ports
from sizao.web.units.models import Unit

BACKLOG = 1000
"""Events a client may have missed; one that missed more reloads."""

FLOOD = 12
"""More events than this at once are told as one to whoever asked for it."""

LISTED = 5
"""The newest notices of a flood are told whole, for the desktop; the others are in the list."""

WORST_FIRST = ("red", "orange", "yellow", "blue")


def box() -> frames.Box:
    """The box of the vehicle stream: the network's, else the units' surroundings."""
    network = ports().network
    if network is not None and len(network):
        return frames.box_of(network.bounds())
    places = list(Unit.objects.exclude(lat=None).exclude(lon=None).values_list("lat", "lon"))
    if not places:
        return (-180.0, -85.0, 180.0, 85.0)
    lats, lons = [place[0] for place in places], [place[1] for place in places]
    return frames.box_of((min(lons), min(lats), max(lons), max(lats)), margin=0.5)


def _encode(scopes: list[board.Scope]) -> dict[board.Scope, bytes]:
    now_us = int(feed_now().timestamp() * 1_000_000)
    newest, area = board.board(), box()
    return {scope: frames.encode(newest, scope, area, now_us) for scope in scopes}


@sync_to_async(thread_sensitive=False)
def encode_in_thread(scopes: list[board.Scope]) -> dict[board.Scope, bytes]:
    """Frames of the newest board, off the event loop: one a distinct scope."""
    close_old_connections()
    try:
        return _encode(scopes)
    finally:
        close_old_connections()


async def _send_vehicles(subscribers: dict[asyncio.Queue[Any], Any]) -> None:
    encoded = await encode_in_thread(list(set(subscribers.values())))
    for queue, scope in list(subscribers.items()):
        if scope in encoded:
            hub.offer(queue, encoded[scope])


def _rows(after: int, limit: int) -> list[OutboxEvent]:
    close_old_connections()
    try:
        return list(OutboxEvent.objects.filter(id__gt=after).order_by("id")[:limit])
    finally:
        close_old_connections()


events_after = sync_to_async(_rows, thread_sensitive=False)


def _last() -> int:
    close_old_connections()
    try:
        return OutboxEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0
    finally:
        close_old_connections()


last_event = sync_to_async(_last, thread_sensitive=False)


class _Events:
    """Reads the outbox for all clients and gives each what it may see."""

    def __init__(self) -> None:
        self.position: int | None = None

    async def send(self, subscribers: dict[asyncio.Queue[Any], Any]) -> None:
        if self.position is None:
            self.position = await last_event()
        events = await events_after(self.position, BACKLOG)
        if not events:
            return
        self.position = events[-1].id
        lines: dict[int, bytes] = {}  # an event's bytes are made once, whoever reads them
        for queue, user in list(subscribers.items()):
            for number, line in lines_for(user, events, lines):
                if queue.full():
                    hub.end(queue)  # it does not read: it resumes from its last event
                    break
                queue.put_nowait((number, line))


_events = _Events()
vehicles = hub.Channel("vehicles", 1.0, _send_vehicles)
events = hub.Channel("events", 0.2, _events.send)


def close() -> None:
    """End every stream; called once when the server stops."""
    vehicles.close()
    events.close()


def sse(event: OutboxEvent) -> bytes:
    """An event as server-sent event bytes, with feed time for the screen's clock."""
    data = {**event.data, "feed_now": feed_now().timestamp(), "at": event.at.isoformat()}
    body = json.dumps(data, ensure_ascii=False)
    return f"id: {event.id}\nevent: {event.name}\ndata: {body}\n\n".encode()


def lines_for(
    viewer: Any, events: list[OutboxEvent], made: dict[int, bytes] | None = None
) -> list[tuple[int, bytes]]:
    """What a viewer is sent of some events: each by itself, or one ``flood`` for all of them.

    A page that is told a thousand times a second that something changed does nothing else, so
    whoever asked for it (``gather``) hears of more than ``FLOOD`` at once by their numbers. It is
    resumed from like any other event, and what it stands for is in the database.
    """
    seen = [event for event in events if event.visible_to(viewer)]
    if getattr(viewer, "gather", False) and len(seen) > FLOOD:
        return [(seen[-1].id, flood(seen))]
    kept = {} if made is None else made
    return [(event.id, kept.get(event.id) or kept.setdefault(event.id, sse(event)))
            for event in seen]  # fmt: skip


def flood(events: list[OutboxEvent]) -> bytes:
    """Many events as one: how many of each name, the worst level, which cases, and for warnings
    when they were issued (seconds since the epoch, and how many then)."""
    names: Counter[str] = Counter(event.name for event in events)
    issued: Counter[float] = Counter(
        round(event.at.timestamp(), 1) for event in events if event.name == "warning"
    )
    levels = {event.data.get("level") for event in events if event.name == "warning"}
    cases = {
        event.data.get("id" if event.name == "case" else "case")
        for event in events
        if event.name != NOTICE
    }
    data = {
        "names": names,
        "level": next((code for code in WORST_FIRST if code in levels), None),
        "warnings": sorted(issued.items()),
        "notices": [event.data for event in events if event.name == NOTICE][-LISTED:],
        "cases": sorted(case for case in cases if isinstance(case, int)),
        "feed_now": feed_now().timestamp(),
    }
    body = json.dumps(data, ensure_ascii=False)
    return f"id: {events[-1].id}\nevent: flood\ndata: {body}\n\n".encode()


def hello() -> bytes:
    """The first bytes of a stream: feed time, and how long to wait before coming back."""
    body = json.dumps({"feed_now": feed_now().timestamp()})
    return f"retry: 2000\nevent: message\ndata: {body}\n\n".encode()
