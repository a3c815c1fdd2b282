"""One hub a process: it does the work once a second or once an event, and hands out the bytes.

Each client has a short queue. A client that does not read loses vehicle frames (the newest one
counts) but never an event: its stream ends instead and it resumes from where it was.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

from sizao.web import metrics

log = logging.getLogger("sizao.live")

END = None
"""In a queue: the stream is over."""


class Channel:
    """Subscribers and the task that feeds them; the task lives while there is a subscriber.

    ``work(subscribers)`` is awaited every ``interval_s`` seconds. It must not block the loop.
    """

    def __init__(
        self,
        name: str,
        interval_s: float,
        work: Callable[[dict[asyncio.Queue[Any], Any]], Awaitable[None]],
    ) -> None:
        self.name = name
        self.interval_s = interval_s
        self._work = work
        self.subscribers: dict[asyncio.Queue[Any], Any] = {}
        self._task: asyncio.Task[None] | None = None

    def join(self, key: Any, size: int) -> asyncio.Queue[Any]:
        """A queue of a new subscriber; ``key`` says what it may see."""
        queue: asyncio.Queue[Any] = asyncio.Queue(size)
        self.subscribers[queue] = key
        metrics.streams.labels(self.name).set(len(self.subscribers))
        if self._task is None or self._task.done() or self._task.get_loop() is not _loop():
            self._task = asyncio.create_task(self._run(), name=f"live-{self.name}")
        return queue

    def leave(self, queue: asyncio.Queue[Any]) -> None:
        self.subscribers.pop(queue, None)
        metrics.streams.labels(self.name).set(len(self.subscribers))

    async def _run(self) -> None:
        loop = _loop()
        while self.subscribers:
            began = loop.time()
            try:
                await self._work(self.subscribers)
            except Exception:
                log.exception("live %s: this round failed, the next one is tried", self.name)
            await asyncio.sleep(max(0.02, self.interval_s - (loop.time() - began)))

    def close(self) -> None:
        """End every stream, at shutdown."""
        for queue in list(self.subscribers):
            end(queue)
        if self._task is not None:
            with suppress(RuntimeError):
                self._task.cancel()
            self._task = None


def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def offer(queue: asyncio.Queue[Any], item: Any) -> None:
    """Put the newest item; an unread older one makes room."""
    while queue.full():
        queue.get_nowait()
    queue.put_nowait(item)


def end(queue: asyncio.Queue[Any]) -> None:
    """Tell a stream to end, whatever it has not read."""
    offer(queue, END)


async def items(queue: asyncio.Queue[Any], *, idle_s: float, life_s: float) -> AsyncIterator[Any]:
    """What arrives in a queue; ``b""`` after ``idle_s`` of silence; over after ``life_s``.

    A limited life makes every client come back and be checked again.

    Not ``asyncio.wait_for``: before Python 3.12 it swallows a cancellation that arrives together
    with an item, and a stream whose client has gone would then live on until its last second.
    """
    until = _loop().time() + life_s
    while (left := until - _loop().time()) > 0:
        try:
            async with asyncio.timeout(min(idle_s, left)):
                item = await queue.get()
        except TimeoutError:
            yield b""
            continue
        if item is END:
            return
        yield item


class Seat:
    """One open stream of an account; ``live/visit.py`` sees to it that it is released."""

    def __init__(self, taken: Counter[int], user: int) -> None:
        self._taken = taken
        self._user = user
        self._held = True
        taken[user] += 1

    def release(self) -> None:
        if self._held:
            self._held = False
            self._taken[self._user] -= 1
            if self._taken[self._user] <= 0:
                del self._taken[self._user]


_taken: Counter[int] = Counter()


def watching() -> set[int]:
    """Accounts that have a stream open: who has a page before them."""
    return set(_taken)


def take_seat(user: int, limit: int) -> Seat | None:
    """A seat for one more stream, None if the account has ``limit`` of them open."""
    return Seat(_taken, user) if _taken[user] < limit else None
