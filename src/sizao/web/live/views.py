"""The stream endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from sizao.core.vehicles import KINDS
from sizao.web.api.refusal import denied_to_partner, refuse
from sizao.web.api.tokens import user_of
from sizao.web.config import config
from sizao.web.fleet.directory import directory
from sizao.web.live import board, channels, hub
from sizao.web.live.visit import held
from sizao.web.units import partners

LIFE_S = 1800.0
HEARTBEAT_S = 15.0


def _unauthorised() -> JsonResponse:
    return refuse(401, "unauthorised", "请先登录。", "Sign in first.")


def _streaming(parts: AsyncIterator[bytes], content_type: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(parts, content_type=content_type)
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


@dataclass(frozen=True)
class Viewer:
    """What a stream needs to know of a user, loaded before it starts."""

    sees_all: bool
    path: str
    scope: board.Scope
    party: str = ""
    """Path of a partner agency: it hears of its own notices only."""
    gather: bool = False
    """Whether many events at once may come as one ``flood``: pages ask so, programs do not."""


def _bearer(request: HttpRequest):
    """The account of a bearer token, or an anonymous user."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return (user_of(token) if scheme.lower() == "bearer" else None) or AnonymousUser()


async def _user(request: HttpRequest):
    """Who asks: a browser by its session, a program by its token."""
    if "Authorization" in request.headers:
        return await sync_to_async(_bearer)(request)
    return await request.auser()


@sync_to_async
def _viewer(user) -> Viewer:
    party = user.party.path if user.party else ""
    return Viewer(user.sees_all, user.path, board.scope_of(user), party)


@sync_to_async
def _closed(request: HttpRequest, user: Any) -> bool:
    return not partners.may_open(user, request.resolver_match)


def _too_many() -> JsonResponse:
    return refuse(
        429, "too_many_streams", "本账号打开的实时页面过多，请关闭一些。",
        "This account has too many live pages open; close some.",
    )  # fmt: skip


def _join(user: Any, channel: hub.Channel, key: Any, size: int) -> asyncio.Queue[Any] | None:
    """A seat and a queue until the call ends, None if the account has too many open.

    Nothing is awaited between taking and holding, so that a client that hangs up meanwhile
    leaves nothing behind.
    """
    seat = hub.take_seat(user.pk, config.streams_per_user.read())
    if seat is None:
        return None
    held().give_back(seat.release)
    queue = channel.join(key, size)
    held().give_back(channel.leave, queue)
    return queue


@login_not_required
@require_GET
async def vehicles(request: HttpRequest) -> HttpResponse:
    """``GET /stream/vehicles``: binary frames once a second; ``live/frames.py`` has the bytes."""
    user = await _user(request)
    if not user.is_authenticated:
        return _unauthorised()
    if await _closed(request, user):
        return denied_to_partner()
    scope = (await _viewer(user)).scope
    queue = _join(user, channels.vehicles, scope, 2)
    if queue is None:
        return _too_many()
    return _streaming(_vehicle_frames(scope, queue), "application/octet-stream")


async def _vehicle_frames(scope: board.Scope, queue: asyncio.Queue[Any]) -> AsyncIterator[bytes]:
    yield (await channels.encode_in_thread([scope]))[scope]
    async for frame in hub.items(queue, idle_s=HEARTBEAT_S, life_s=LIFE_S):
        if frame:
            yield frame


@login_not_required
@require_GET
async def events(request: HttpRequest) -> HttpResponse:
    """``GET /stream/events``: server-sent events; resumes after ``Last-Event-ID`` or ``?last=``."""
    user = await _user(request)
    if not user.is_authenticated:
        return _unauthorised()
    if await _closed(request, user):
        return denied_to_partner()
    viewer = replace(await _viewer(user), gather=request.GET.get("gather") == "1")
    # Listen first and look back second, so that nothing falls between.
    queue = _join(user, channels.events, viewer, channels.BACKLOG)
    if queue is None:
        return _too_many()
    given = request.headers.get("Last-Event-ID") or request.GET.get("last") or ""
    return _streaming(_event_lines(viewer, given, queue), "text/event-stream")


async def _event_lines(
    viewer: Viewer, given: str, queue: asyncio.Queue[Any]
) -> AsyncIterator[bytes]:
    sent = int(given) if given.isdigit() else await channels.last_event()
    yield channels.hello()
    while missed := await channels.events_after(sent, channels.BACKLOG):
        sent = missed[-1].id
        for _, line in channels.lines_for(viewer, missed):
            yield line
    async for item in hub.items(queue, idle_s=HEARTBEAT_S, life_s=LIFE_S):
        if not item:
            yield b": heartbeat\n\n"
        elif item[0] > sent:
            sent, line = item
            yield line


@login_not_required
@require_GET
def meta(request: HttpRequest) -> HttpResponse:
    """``GET /stream/meta``: the box, and who is in which row; null where the user may not see."""
    user = _bearer(request) if "Authorization" in request.headers else request.user
    if not user.is_authenticated:
        return _unauthorised()
    if not partners.may_open(user, request.resolver_match):
        return denied_to_partner()
    newest = board.board()
    shown = newest.visible(board.scope_of(user))
    known = directory()
    rows = []
    kinds = newest.batch.column("kind").to_pylist()
    for row, vehicle in enumerate(newest.vehicle):
        if not shown[row]:
            rows.append(None)
            continue
        entry = known.get(vehicle)
        rows.append(
            {
                "id": vehicle,
                "plate": entry.plate if entry else "",
                "plate_colour": entry.plate_colour if entry else None,
                "kind": kinds[row],
            }
        )
    return JsonResponse(
        {"bbox": list(channels.box()), "kinds": KINDS, "count": len(rows), "vehicles": rows},
        json_dumps_params={"ensure_ascii": False},
        headers={"Cache-Control": "no-store"},
    )
