"""The routes of GA/T 1400. Whatever is sent, the answer is a status with a code and words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sizao.feeds.forms import Problem
from sizao.feeds.gat1400 import status as viid
from sizao.feeds.gat1400.messages import device_id, object_id, unwrap
from sizao.feeds.gat1400.passages import read_passage
from sizao.feeds.gat1400.subscriptions import (
    Subscription,
    read_subscription,
    subscribe_object,
)
from sizao.feeds.taken import Taken, quarantine_row
from sizao.runtime.intake.answers import guarded, peer_of
from sizao.runtime.intake.bodies import body_of, parse_json
from sizao.runtime.intake.door import Door
from sizao.runtime.intake.gat1400.config import load
from sizao.runtime.intake.gat1400.links import Links
from sizao.runtime.intake.gat1400.sessions import Session, Sessions, host_of
from sizao.runtime.intake.gat1400.subscribers import MOST, Subscribers
from sizao.runtime.intake.refusal import Refusal
from sizao.runtime.intake.way import Way

SYSTEM_BODY = 64 << 10
"""A registration or keepalive is some hundred bytes."""
MOST_ITEMS = 2_000
WRONG_PASSWORD_S = 0.3
"""Guessing passwords is made slow."""

NOT_KEPT = ("Person", "Face", "NonMotorVehicle", "Thing", "Scene", "Image", "VideoSlice", "File")
"""Objects that a library may push, and of which we keep nothing."""
NOTHING_KEPT = "is not taken here; nothing of it was kept"
NOT_CHANGED = "a passage that was taken is not changed; send a new one"
NOT_DELETED = "passages are deleted when their time is over, not by their sender"
NOT_ASKED = "passages are asked for by persons with a purpose; subscribe to get new ones"

_CODES = {
    "busy": viid.BUSY,
    "over_quota": viid.BUSY,
    "bad_json": viid.INVALID_JSON,
    "too_large": viid.INVALID_CONTENT,
    "too_many": viid.INVALID_CONTENT,
    "internal_error": viid.OTHER,
}


class Gat1400(Way):
    """Checkpoints and view libraries."""

    name = "gat1400"

    def __init__(self, door: Door) -> None:
        super().__init__(door)
        self.sessions = Sessions(door.senders)
        self.config = load(door.data.root / "gat1400.yaml")
        path = door.data.root / "gat1400-subscriptions.json"
        self.subscribers = Subscribers(door, path, self.config.id)
        self.links = Links(door, self.config)
        self._upper_hosts: dict[str, set[str]] = {}
        """Addresses of the platforms above us, by id."""

    async def open(self) -> None:
        self.door.recall("passages", "checkpoint", "passage", "time")
        for upper in self.config.uppers:
            self._upper_hosts[upper.id] = await addresses(upper.url)

    def routes(self) -> Sequence[Route]:
        routes = [
            self._route("POST", "/VIID/System/Register", self._register),
            self._route("POST", "/VIID/System/UnRegister", self._unregister),
            self._route("POST", "/VIID/System/Keepalive", self._keepalive),
            self._route("GET", "/VIID/System/Time", self._time),
            self._route("POST", "/VIID/MotorVehicles", self._motor_vehicles),
            self._route("POST", "/VIID/SubscribeNotifications", self._notifications),
            self._route("POST", "/VIID/Subscribes", self._subscribe),
            self._route("PUT", "/VIID/Subscribes", self._subscribe),
            self._route("GET", "/VIID/Subscribes", self._subscriptions),
            self._route("DELETE", "/VIID/Subscribes", self._cancel),
            self._route("PUT", "/VIID/MotorVehicles", self._not_changed),
            self._route("DELETE", "/VIID/MotorVehicles", self._not_deleted),
            self._route("GET", "/VIID/MotorVehicles", self._not_asked),
            self._route("GET", "/VIID/MotorVehicles/{rest:path}", self._not_asked),
            *(self._route("POST", f"/VIID/{name}s", self._not_kept) for name in NOT_KEPT),
        ]
        every = ["GET", "POST", "PUT", "DELETE", "PATCH"]
        other = guarded(self.door, self._unsupported, self._word)
        return [*routes, Route("/VIID/{rest:path}", other, methods=every)]

    async def run(self) -> None:
        await asyncio.gather(self._sweep(), self.subscribers.run(), self.links.run())

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(10)
            self.sessions.sweep()

    def figures(self) -> dict[str, object]:
        return {
            "registered": len(self.sessions),
            "digest": dict(self.sessions.outcomes),
            "links": self.links.state,
            **self.subscribers.figures(),
        }

    # System

    async def _register(self, request: Request) -> Response:
        device = await self._device(request, "RegisterObject")
        try:
            self.sessions.register(request, device)
        except Refusal as refusal:
            if refusal.code == "wrong":
                await asyncio.sleep(WRONG_PASSWORD_S)
            raise
        return self._one(request, viid.OK, device)

    async def _unregister(self, request: Request) -> Response:
        device = await self._device(request, "UnRegisterObject")
        session = self.sessions.identify(request)
        if session.device != device:
            raise Refusal(403, "wrong_device", "a device may only unregister itself")
        self.sessions.forget(device)
        return self._one(request, viid.OK, device)

    async def _keepalive(self, request: Request) -> Response:
        device = await self._device(request, "KeepaliveObject")
        session = self.sessions.identify(request)
        if session.device != device:
            raise Refusal(403, "wrong_device", "KeepaliveObject and User-Identify differ")
        return self._one(request, viid.OK, device)

    async def _time(self, request: Request) -> Response:
        now = viid.local_time(self.door.now_us())
        found = {"TimeMode": "1", "LocalTime": now, "TimeZone": "Asia/Shanghai"}
        return _json({"SystemTimeObject": found})

    # Passages

    async def _motor_vehicles(self, request: Request) -> Response:
        session = self.sessions.identify(request)
        async with body_of(request, self.door) as body:
            received_us = self.door.now_us()
            sent = await self._objects(request, session, body, "MotorVehicle", received_us)
            self.door.charge(session.source, len(sent), len(body))
            items = await self.door.aside(len(body), lambda: _passages(sent, session, received_us))
            await self.door.take(
                "passages", session.source, peer_of(request), items, received_us, len(body)
            )
        return self._many(
            request,
            [
                (viid.INVALID_CONTENT if one.refused else viid.OK, one.id, one.why())
                for one in items
            ],
        )

    async def _notifications(self, request: Request) -> Response:
        """What a lower platform sends because we subscribed.

        Its queue stands still until it gets code 0, so an object that cannot be used is answered
        with 0 once it is durable in quarantine; the words say so.
        """
        session = self.sessions.identify(request)
        async with body_of(request, self.door) as body:
            received_us = self.door.now_us()
            sent = await self._objects(request, session, body, "SubscribeNotification", received_us)
            told: list[tuple[int, str, str]] = []
            items: list[Taken] = []
            for one in sent:
                objects = unwrap(one, "MotorVehicle")
                name = str(one.get("NotificationID") or "")[:64] if isinstance(one, dict) else ""
                name = name.encode("utf-8", "replace").decode()
                if isinstance(objects, Problem):
                    # Notifications about things we keep no record of.
                    told.append((viid.OK, name, "no MotorVehicle in it; nothing kept"))
                    continue
                found = await self.door.aside(
                    len(body), partial(_passages, objects, session, received_us)
                )
                bad = sum(item.refused for item in found)
                words = f"{bad} of {len(found)} objects are in quarantine" if bad else ""
                told.append((viid.OK, name, words))
                items += found
            if len(items) > MOST_ITEMS:
                raise Refusal(413, "too_many", f"a message may have {MOST_ITEMS:,} objects")
            self.door.charge(session.source, len(items), len(body))
            await self.door.take(
                "passages", session.source, peer_of(request), items, received_us, len(body)
            )
        return self._many(request, told)

    # Subscriptions we serve

    async def _subscribe(self, request: Request) -> Response:
        """Subscribe, change or cancel; PUT and POST differ in nothing but the word."""
        subscriber = self._subscriber(request)
        async with body_of(request, self.door, SYSTEM_BODY) as body:
            objects = unwrap(parse_json(body), "Subscribe")
        if isinstance(objects, Problem):
            raise Refusal(400, "bad_json", objects.detail)
        told: list[tuple[int, str, str]] = []
        for one in objects:
            name, cancels, found = read_subscription(one, subscriber)
            if cancels and name:
                told.append(self._cancelled(name, subscriber))
            elif isinstance(found, Problem):
                told.append((viid.INVALID_CONTENT, name, found.detail))
            else:
                told.append(await self._subscribed(request, found))
        return self._many(request, told)

    async def _subscribed(self, request: Request, found: Subscription) -> tuple[int, str, str]:
        allowed = {host_of(request)}.union(*self._upper_hosts.values())
        if not await addresses(found.address) & allowed:
            words = "ReceiveAddr must be at the subscriber's own address"
            return viid.INVALID_CONTENT, found.id, words
        refused = self.subscribers.add(found)
        return viid.INVALID_OPERATION if refused else viid.OK, found.id, refused or ""

    async def _cancel(self, request: Request) -> Response:
        """``DELETE /VIID/Subscribes?IDList=a,b``."""
        subscriber = self._subscriber(request)
        names = [name for name in request.query_params.get("IDList", "").split(",") if name]
        return self._many(request, [self._cancelled(name, subscriber) for name in names[:MOST]])

    def _cancelled(self, name: str, subscriber: str) -> tuple[int, str, str]:
        if self.subscribers.cancel(name, subscriber):
            return viid.OK, name, ""
        return viid.INVALID_OPERATION, name, "you have no such subscription"

    def _subscriber(self, request: Request) -> str:
        """The source that subscribes: registered here, or a platform above us that we know by its
        address, because an upper platform does not register below. Raises Refusal."""
        device = request.headers.get("user-identify", "").strip()
        if host_of(request) in self._upper_hosts.get(device, ()):
            return f"gat1400:{device}"
        return self.sessions.identify(request).source

    async def _subscriptions(self, request: Request) -> Response:
        """``GET /VIID/Subscribes?IDList=a,b``: what the asker has subscribed to, all of it
        without a list."""
        subscriber = self._subscriber(request)
        named = {name for name in request.query_params.get("IDList", "").split(",") if name}
        found = [
            subscribe_object(one)
            for one in self.subscribers.of(subscriber)
            if not named or one.id in named
        ]
        return _json({"SubscribeListObject": {"SubscribeObject": found}})

    # What is refused, object by object, because a sender stops at an answer it cannot read

    async def _not_changed(self, request: Request) -> Response:
        """PUT of passages: a record of the log stands as it came."""
        return await self._refuse_each(request, "MotorVehicle", NOT_CHANGED)

    async def _not_kept(self, request: Request) -> Response:
        """POST of anything but passages: faces and persons above all."""
        what = request.url.path.rstrip("/").rpartition("/")[2].removesuffix("s")
        return await self._refuse_each(request, what, f"{what} {NOTHING_KEPT}")

    async def _refuse_each(self, request: Request, what: str, words: str) -> Response:
        self.sessions.identify(request)
        async with body_of(request, self.door) as body:
            sent = await self.door.aside(len(body), lambda: parse_json(body))
        found = unwrap(sent, what)
        if isinstance(found, Problem):
            raise Refusal(400, "bad_json", found.detail)
        if len(found) > MOST_ITEMS:
            raise Refusal(413, "too_many", f"a message may have {MOST_ITEMS:,} objects")
        told = [(viid.INVALID_OPERATION, object_id(one, what), words) for one in found]
        return self._many(request, told)

    async def _not_deleted(self, request: Request) -> Response:
        """``DELETE /VIID/MotorVehicles?IDList=a,b``: a sender deletes nothing here."""
        self.sessions.identify(request)
        names = [name for name in request.query_params.get("IDList", "").split(",") if name]
        told = [(viid.INVALID_OPERATION, name[:64], NOT_DELETED) for name in names[:MOST_ITEMS]]
        return self._many(request, told)

    async def _not_asked(self, request: Request) -> Response:
        """Queries: who passed where is for persons with a purpose, not for devices."""
        self.sessions.identify(request)
        raise Refusal(403, "not_allowed", NOT_ASKED)

    # Inside

    def _route(
        self, method: str, path: str, handler: Callable[[Request], Awaitable[Response]]
    ) -> Route:
        return Route(path, guarded(self.door, handler, self._word), methods=[method])

    async def _unsupported(self, request: Request) -> Response:
        raise Refusal(404, "unsupported", f"{request.method} is not supported here")

    async def _device(self, request: Request, wrapper: str) -> str:
        async with body_of(request, self.door, SYSTEM_BODY) as body:
            device = device_id(parse_json(body), wrapper)
        if device is None:
            raise Refusal(400, "bad_json", f"{wrapper} with a DeviceID is needed")
        return device

    async def _objects(
        self, request: Request, session: Session, body: bytes, what: str, received_us: int
    ) -> list[Any]:
        """The objects of a message; one that cannot be read at all goes into quarantine whole.
        Raises Refusal."""
        try:
            sent = await self.door.aside(len(body), lambda: parse_json(body))
            found = unwrap(sent, what)
            if isinstance(found, Problem):
                raise Refusal(400, "bad_json", found.detail)
        except Refusal as refusal:
            problem = Problem(refusal.code, refusal.detail)
            row = quarantine_row(received_us, session.source, peer_of(request), [problem], body)
            self.door.charge(session.source, 1, len(body))
            await self.door.append([("quarantine", [row])], len(row[-1]))
            self.door.counters.quarantined[problem.reason] += 1
            raise
        if len(found) > MOST_ITEMS:
            raise Refusal(413, "too_many", f"a message may have {MOST_ITEMS:,} objects")
        return found

    def _word(self, request: Request, refusal: Refusal) -> Response:
        code = _CODES.get(refusal.code, viid.INVALID_OPERATION)
        found = viid.status(code, request.url.path, self.door.now_us(), detail=refusal.detail)
        return _json(viid.one(found), refusal.status, refusal.headers)

    def _one(self, request: Request, code: int, name: str, detail: str = "") -> Response:
        path = request.url.path
        return _json(viid.one(viid.status(code, path, self.door.now_us(), id=name, detail=detail)))

    def _many(self, request: Request, told: Sequence[tuple[int, str, str]]) -> Response:
        now_us, path = self.door.now_us(), request.url.path
        return _json(
            viid.many(
                [viid.status(code, path, now_us, id=id, detail=words) for code, id, words in told]
            )
        )


def _passages(sent: Sequence[Any], session: Session, received_us: int) -> list[Taken]:
    return [
        read_passage(one, source=session.source, device=session.device, received_us=received_us)
        for one in sent
    ]


def _json(
    content: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return JSONResponse(content, status, headers=headers, media_type=viid.CONTENT_TYPE)


async def addresses(url: str) -> set[str]:
    """The addresses of an http URL's host; none for anything else or an unknown name."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return set()
        found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port or 80)
    except (OSError, ValueError, UnicodeError):
        return set()
    return {str(one[4][0]) for one in found}
