"""The sender: a thread of the web process that carries the outbox to the world.

At least once. A delivery is marked as leaving and committed, then it leaves, then its outcome is
committed: the process may end anywhere and no message is lost. One that ended between leaving and
the record is sent again under the same key, by which a receiver that keeps keys knows it, and a
person by the short form of it in the words.

A robot takes twenty messages a minute. In a flood, what waits for one endpoint goes as one message
that lists the worst and counts the rest: the other side reads one page and not five hundred.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import close_old_connections, connection

from sizao.core.ids import content_id
from sizao.respond.sign_text import sign_lines, wrapped
from sizao.web import metrics
from sizao.web.channels import outbox
from sizao.web.channels.adapters import ADAPTERS
from sizao.web.channels.adapters.base import Message, Outcome
from sizao.web.channels.endpoints import Endpoint, endpoints
from sizao.web.channels.models import Attempt, Delivery
from sizao.web.ports import Ports
from sizao.web.writing import write

log = logging.getLogger("sizao.channels")

INTERVAL_S = 1.0
CLAIM = 500
GATHERED = 3
"""More than so many for one endpoint at once become one message."""
LISTED = 5
SIGN_HOLDS = timedelta(hours=1)
"""A sign drops a message by itself after this, should nobody be able to clear it; while it holds,
it is renewed twice in that time."""


@dataclass(frozen=True)
class Letter:
    """One request to one endpoint for one delivery or, gathered, for many."""

    endpoint: Endpoint
    message: Message
    deliveries: tuple[Delivery, ...]


def run_once(ports: Ports) -> int:
    """Send what is due. Returns how many deliveries were tried."""
    now = ports.now()
    known, _ = endpoints(ports.data.channels)
    if not outbox.due(now).exists():
        return 0
    full = [name for name, one in known.items() if one.channel != "sign" and not _left(one, now)]
    with write():
        claimed = outbox.claim(now, CLAIM, full)
    if not claimed:
        return 0
    letters = _letters(claimed, known, now)
    lanes: dict[str, list[Letter]] = defaultdict(list)
    for letter in letters:
        lanes[letter.endpoint.name].append(letter)
    with ThreadPoolExecutor(max_workers=min(8, max(1, len(lanes)))) as pool:
        outcomes = [pair for lane in pool.map(_send_lane, lanes.values()) for pair in lane]
    with write():
        for letter, outcome in outcomes:
            for delivery in letter.deliveries:
                outbox.conclude(delivery, outcome, ports.now())
        for delivery in claimed:
            if delivery.endpoint not in known:
                gone = Outcome(False, retry=False, detail="channels.yaml 中没有这个端点")
                outbox.conclude(delivery, gone, ports.now())
    for letter, outcome in outcomes:
        state = "ok" if outcome.ok else "failed"
        metrics.deliveries.labels(letter.endpoint.channel, state).inc(len(letter.deliveries))
    return len(claimed)


def _send_lane(lane: list[Letter]) -> list[tuple[Letter, Outcome]]:
    """The letters of one endpoint in their order; once it does not answer, the rest wait."""
    found: list[tuple[Letter, Outcome]] = []
    dead: Outcome | None = None
    for letter in lane:
        outcome = dead or _send(letter)
        if not outcome.ok and outcome.status is None:
            dead = outcome
        found.append((letter, outcome))
    return found


def _send(letter: Letter) -> Outcome:
    try:
        return ADAPTERS[letter.endpoint.channel](letter.endpoint, letter.message)
    except Exception as error:  # an adapter's mistake must not stop the others
        log.exception("%s could not be sent by %s", letter.message.key, letter.endpoint.name)
        return Outcome(False, detail=f"程序错误：{type(error).__name__}")


def _letters(claimed: list[Delivery], known: Mapping[str, Endpoint], now: datetime) -> list[Letter]:
    by_endpoint: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in claimed:
        if delivery.endpoint in known:
            by_endpoint[delivery.endpoint].append(delivery)
    letters = []
    for name, waiting in by_endpoint.items():
        endpoint = known[name]
        gather = len(waiting) > min(GATHERED, _left(endpoint, now)) and endpoint.channel != "sign"
        if gather:
            letters.append(Letter(endpoint, gathered(waiting), tuple(waiting)))
        else:
            letters += [Letter(endpoint, message_of(one), (one,)) for one in waiting]
    return letters


def _left(endpoint: Endpoint, now: datetime) -> int:
    """How many more messages the endpoint takes in this minute. Gathered ones left together."""
    recent = Attempt.objects.filter(
        delivery__endpoint=endpoint.name, at__gt=now - timedelta(minutes=1)
    )
    return max(0, endpoint.per_minute - recent.values("at").distinct().count())


def message_of(delivery: Delivery) -> Message:
    """What one delivery says."""
    notice = delivery.notice
    kind = notice.warning.kind if notice.warning else ""
    return Message(
        key=delivery.key,
        title=notice.title_zh,
        text=notice.text_zh,
        level=notice.level_code,
        at=notice.told_at,
        lines=sign_lines(kind, notice.level_code) if notice.warning else wrapped(notice.text_zh),
        # A sign lives by the wall clock, whatever feed time is.
        until=datetime.now(UTC) + SIGN_HOLDS,
        withdrawn=delivery.state == Delivery.State.CLEARING,
        exercise=notice.exercise,
    )


def gathered(waiting: list[Delivery]) -> Message:
    """One message for many: the worst by title, the rest by number."""
    worst = sorted(waiting, key=lambda one: (-(one.notice.level or 0), one.made_at))
    lines = [f"{number}. {one.notice.title_zh}" for number, one in enumerate(worst[:LISTED], 1)]
    if len(worst) > LISTED:
        lines.append(f"另有 {len(worst) - LISTED} 条，请登录系统查看。")
    return Message(
        key=content_id("gathered", *sorted(one.key for one in waiting)),
        title=f"{len(worst)} 条通报",
        text="\n".join(lines),
        level=worst[0].notice.level_code,
        at=worst[0].notice.told_at,
    )


class Sender:
    """The thread: ``start()`` once the database is migrated, ``stop()`` before the process ends."""

    def __init__(self, ports: Ports, interval_s: float = INTERVAL_S) -> None:
        self.ports = ports
        self.interval_s = interval_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish what is leaving and end."""
        self._stopping.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        recovered = False
        while not self._stopping.is_set():
            try:
                close_old_connections()
                if not recovered:
                    with write():
                        outbox.recover()
                    recovered = True
                run_once(self.ports)
            except Exception:
                # Whatever it is, the sender must try again: nobody is there to restart it at night.
                log.exception("a round of the sender failed and will be tried again")
                connection.close()
            self._stopping.wait(self.interval_s)
        connection.close()
