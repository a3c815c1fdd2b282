"""Subscriptions we serve: the log is the queue.

A subscription has a cursor, the last segment of ``passages`` whose rows were taken by its
subscriber. Notifications go out from there and the cursor moves when every one of them got code 0,
so nothing is lost over restarts and outages as long as the log keeps passages. A notification
sent again has the same NotificationID. Subscriptions and cursors are in
``gat1400-subscriptions.json``, written before anything is answered.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sizao.core import durable
from sizao.core.errors import ConfigError, EvidenceError
from sizao.feeds.gat1400.encode import motor_vehicle, picture
from sizao.feeds.gat1400.status import OK, codes
from sizao.feeds.gat1400.subscriptions import Subscription, notification
from sizao.feeds.images import sniff
from sizao.runtime.intake.door import Door
from sizao.runtime.intake.gat1400.client import PlatformClient, PlatformError

logger = logging.getLogger(__name__)

MOST = 200
"""Subscriptions served at most."""
AT_ONCE = 50
"""Passages in one notification ..."""
BYTES_AT_ONCE = 4 << 20
"""... as long as their pictures are not larger than this together."""
RETRY_S = 5.0
LONGEST_RETRY_S = 60.0

_FORMATS = {"jpg": "Jpeg", "png": "Png", "bmp": "Bmp", "gif": "Gif", "tif": "Tiff"}


@dataclass
class Served:
    """A subscription and how far its subscriber is."""

    subscription: Subscription
    cursor: int
    saved: int = 0
    due_s: float = 0.0
    failures: int = 0
    problem: str = ""
    task: asyncio.Task[None] | None = None


class Subscribers:
    """All subscriptions, and their sender. Raises ConfigError if the file is damaged."""

    def __init__(self, door: Door, path: Path, own: str) -> None:
        self._door = door
        self._path = path
        self._own = own
        self._saving = threading.Lock()
        self.sent = 0
        self.lost_segments = 0
        """Segments that retention deleted before a subscriber took them."""
        self._all = {served.subscription.id: served for served in _load(path)}

    def __len__(self) -> int:
        return len(self._all)

    def add(self, subscription: Subscription) -> str | None:
        """Serve a subscription from now on; one with the same id is replaced and goes on where
        it was. Returns why not, or None when it is durable."""
        before = self._all.get(subscription.id)
        if before is not None and before.subscription.subscriber != subscription.subscriber:
            return "another platform has a subscription with this SubscribeID"
        if before is None and len(self._all) >= MOST:
            return f"{MOST} subscriptions are served already"
        if before is not None:
            before.subscription = subscription
            before.due_s, before.failures = 0.0, 0
        else:
            cursor = self._door.log.last("passages")
            self._all[subscription.id] = Served(subscription, cursor)
        self._save()
        return None

    def of(self, subscriber: str) -> list[Subscription]:
        """The subscriptions of one platform."""
        every = (served.subscription for served in self._all.values())
        return [one for one in every if one.subscriber == subscriber]

    def cancel(self, name: str, subscriber: str) -> bool:
        """End a subscription of that subscriber. False if there is none."""
        found = self._all.get(name)
        if found is None or found.subscription.subscriber != subscriber:
            return False
        del self._all[name]
        if found.task is not None:
            found.task.cancel()
        self._save()
        return True

    async def run(self) -> None:
        """Send what is due until cancelled."""
        try:
            while True:
                now_us = self._door.now_us()
                for served in list(self._all.values()):
                    if served.subscription.over(now_us):
                        self.cancel(served.subscription.id, served.subscription.subscriber)
                    elif (
                        served.subscription.active(now_us)
                        and served.due_s <= time.monotonic()
                        and (served.task is None or served.task.done())
                    ):
                        served.task = asyncio.create_task(self._serve(served))
                await asyncio.sleep(0.2)
        finally:
            for served in self._all.values():
                if served.task is not None:
                    served.task.cancel()

    def figures(self) -> dict[str, object]:
        last = self._door.log.last("passages")
        return {
            "subscriptions": len(self._all),
            "notifications": self.sent,
            "lost_segments": self.lost_segments,
            "behind": {name: last - one.cursor for name, one in self._all.items()},
            "problems": {name: one.problem for name, one in self._all.items() if one.problem},
        }

    async def _serve(self, served: Served) -> None:
        """One round: everything after the cursor, then rest; after a failure, longer."""
        loop = asyncio.get_running_loop()
        try:
            while await loop.run_in_executor(self._door.hosts, self._next, served):
                pass
        except PlatformError as error:
            served.failures += 1
            if served.problem != str(error):
                logger.warning("subscription %s: %s; trying again", served.subscription.id, error)
            served.problem = str(error)
            pause_s = min(RETRY_S * 2 ** (served.failures - 1), LONGEST_RETRY_S)
        except Exception:
            logger.exception("subscription %s failed; trying again", served.subscription.id)
            pause_s = LONGEST_RETRY_S
        else:
            served.failures, served.problem = 0, ""
            pause_s = served.subscription.pause_s
        served.due_s = time.monotonic() + pause_s

    def _next(self, served: Served) -> bool:
        """In a thread: send what the next segments hold and move the cursor. False at the end.
        Raises PlatformError when the subscriber did not take it."""
        subscription = served.subscription
        segments = self._door.log.read("passages", served.cursor, 500)
        if not segments:
            return False
        self.lost_segments += segments[0].seq - served.cursor - 1
        rows = [
            row
            for segment in segments
            for row in segment.batch.to_pylist()
            if subscription.wants(row)
        ]
        if rows:
            password = self._door.senders.secret(subscription.subscriber, "password")
            parts = urlsplit(subscription.address)
            client = PlatformClient(f"{parts.scheme}://{parts.netloc}", self._own, password)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            for objects in _parcels(self._objects(rows)):
                self._send(client, path, subscription, objects)
        served.cursor = segments[-1].seq
        if rows or served.cursor - served.saved > 100:
            # Without rows for it a restart may look at a few segments again.
            self._save()
        return True

    def _send(
        self,
        client: PlatformClient,
        path: str,
        subscription: Subscription,
        objects: Sequence[Mapping[str, Any]],
    ) -> None:
        message = notification(subscription, objects, self._door.now_us())
        status, answer = client.request("POST", path, message)
        found = codes(answer)
        if status >= 300 or found is None or any(code != OK for code in found):
            raise PlatformError(f"{client.url}: HTTP {status}, codes {found}")
        self.sent += 1

    def _objects(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[dict[str, Any], int]]:
        """MotorVehicle objects with their pictures, and the size of these."""
        for row in rows:
            time_us = round(row["time"].timestamp() * 1e6)
            pictures, size = [], 0
            for number, name in enumerate(row["images"] or (), 1):
                try:
                    data = self._door.evidence.read(name)
                except EvidenceError as error:
                    logger.warning("%s goes without a picture: %s", row["passage"], error)
                    continue
                size += len(data)
                form = _FORMATS.get(sniff(data) or "", "Other")
                label = f"{row['passage'][:38]}{number:02d}"
                pictures.append(picture(data, label, row["checkpoint"], time_us, form))
            yield motor_vehicle(row, pictures), size

    def _save(self) -> None:
        with self._saving:
            every = list(self._all.values())
            record = [{"cursor": one.cursor, **asdict(one.subscription)} for one in every]
            text = json.dumps(record, ensure_ascii=False, indent=1)
            durable.replace(self._path, text.encode())
            for one, saved in zip(every, record, strict=True):
                one.saved = saved["cursor"]


def _parcels(objects: Iterator[tuple[dict[str, Any], int]]) -> Iterator[list[dict[str, Any]]]:
    """Objects in helpings that a receiver can take."""
    parcel: list[dict[str, Any]] = []
    total = 0
    for one, size in objects:
        if parcel and (len(parcel) >= AT_ONCE or total + size > BYTES_AT_ONCE):
            yield parcel
            parcel, total = [], 0
        parcel.append(one)
        total += size
    if parcel:
        yield parcel


def _load(path: Path) -> list[Served]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        found = []
        for one in record:
            cursor = int(one.pop("cursor"))
            subscription = Subscription(**one)
            resources = tuple(subscription.resources)
            found.append(Served(replace(subscription, resources=resources), cursor))
        return found
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"{path}: not a file of subscriptions: {error}") from error
