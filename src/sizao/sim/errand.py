"""What ``sizao terminal`` does: dial in, sign in, send what it was given, answer, hang up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sizao.core.errors import SizaoError
from sizao.sim.handset import Handset, alarm_item
from sizao.sim.handset_link import HandsetLink, Tell, UdpHandsetLink
from sizao.sim.track_file import Point
from sizao.sim.uploader import File, UploadRefused, upload

UDP_AGAIN_S = 2.0
"""Quiet time after which what was not answered by UDP is sent again."""


class ErrandError(SizaoError):
    """The platform was not reached, or would not have this terminal."""


@dataclass(frozen=True)
class Errand:
    """What to send, and how long to listen."""

    points: Sequence[Point]
    every_s: float = 10.0
    """Between points that have no time."""
    pace: float = 0.0
    """Keep the track's pace, so many times as fast; 0: at once."""
    shift: bool = False
    """Let the track begin now."""
    alarm: str | None = None
    """Kind of an active-safety alarm, reported with the last point."""
    files: Sequence[File] = ()
    """Its evidence."""
    stay_s: float = 3.0
    """Listen for so long after everything was answered."""
    wait_s: float = 10.0
    """Patience for signing in, and for answers."""


@dataclass
class Result:
    """How it went."""

    sent: int = 0
    acknowledged: int = 0
    unanswered: int = 0
    uploaded: list[str] = field(default_factory=list)
    not_uploaded: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.unanswered and not self.not_uploaded


async def run(
    handset: Handset,
    errand: Errand,
    host: str,
    port: int,
    *,
    udp: bool,
    tell: Tell,
    now_s: Callable[[], float] = time.time,
) -> Result:
    """Do the errand. Raises ErrandError."""
    result = Result()
    uploads: set[asyncio.Task[None]] = set()

    def on_request(request: dict[str, Any]) -> None:
        task = asyncio.get_running_loop().create_task(_upload(handset, errand, request, result))
        uploads.add(task)

    kind = UdpHandsetLink if udp else HandsetLink
    link = kind(handset, tell, on_request)
    dialling = asyncio.create_task(link.run(host, port, 0.0, asyncio.Semaphore(1)))
    try:
        await _until(lambda: link.ready or bool(link.tally.refused), errand.wait_s, link)
        if not link.ready:
            raise ErrandError(_why_not(link, host, port, udp))
        await _drive(handset, errand, link, now_s)
        await _until(lambda: not link.unanswered, errand.wait_s, link)
        await _listen(errand, link, uploads)
    finally:
        result.sent = link.tally.sent
        result.acknowledged = link.tally.acknowledged
        result.unanswered = link.unanswered
        dialling.cancel()
        await asyncio.gather(dialling, *uploads, return_exceptions=True)
        link.hang_up()
        await asyncio.sleep(0)
    return result


async def _drive(
    handset: Handset, errand: Errand, link: HandsetLink, now_s: Callable[[], float]
) -> None:
    """Send the points, each when it is due."""
    began_s = now_s()
    clock = time.monotonic()
    first_s = errand.points[0].time_s if errand.points else None
    for number, point in enumerate(errand.points):
        after_s = number * errand.every_s
        if point.time_s is not None and first_s is not None:
            after_s = point.time_s - first_s
        if errand.pace:
            await asyncio.sleep(max(0.0, clock + after_s / errand.pace - time.monotonic()))
        time_s = began_s + after_s if errand.shift or point.time_s is None else point.time_s
        more = dict(point.more)
        items = list(more.pop("items", ()))
        if errand.alarm is not None and number == len(errand.points) - 1:
            items.append(_alarm(handset, errand, point, time_s))
        at_us = round(time_s * 1e6)
        link.send(handset.position(at_us, point.lat, point.lon, items=items, **more))
        link.keep_alive()


def _alarm(handset: Handset, errand: Errand, point: Point, time_s: float) -> dict[str, Any]:
    assert errand.alarm is not None
    return alarm_item(
        errand.alarm,
        round(time_s * 1e6),
        point.lat,
        point.lon,
        terminal_id=handset.identity.terminal_id,
        files=len(errand.files),
        speed_kmh=point.more.get("speed_kmh", 0.0),
    )


async def _listen(errand: Errand, link: HandsetLink, uploads: set[asyncio.Task[None]]) -> None:
    """Stay on the line, and longer while files are on their way."""
    until = time.monotonic() + errand.stay_s
    while time.monotonic() < until or any(not task.done() for task in uploads):
        await asyncio.sleep(0.05)
        link.keep_alive()


async def _upload(
    handset: Handset, errand: Errand, request: dict[str, Any], result: Result
) -> None:
    names = [file.name for file in errand.files]
    try:
        await upload(request, errand.files, handset.identity.phone, handset.identity.version)
    except (UploadRefused, OSError, TimeoutError) as error:
        result.not_uploaded += [f"{name}: {error}" for name in names]
    else:
        result.uploaded += names


async def _until(done: Callable[[], bool], limit_s: float, link: HandsetLink) -> None:
    until = time.monotonic() + limit_s
    again = time.monotonic() + UDP_AGAIN_S
    while not done() and time.monotonic() < until:
        await asyncio.sleep(0.02)
        if isinstance(link, UdpHandsetLink) and time.monotonic() > again:
            again = time.monotonic() + UDP_AGAIN_S
            link.again()


def _why_not(link: HandsetLink, host: str, port: int, udp: bool) -> str:
    where = f"{host}:{port}{' UDP' if udp else ''}"
    if link.tally.refused:
        return f"{where}: the platform refuses this terminal; is its phone in the register?"
    if link.tally.errors:
        return f"{where}: no connection ({', '.join(link.tally.errors)}); does a gateway run there?"
    return f"{where}: no answer"
