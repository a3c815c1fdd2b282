"""What a desk in a process of its own can be told to do (``tests/web/processes.py``)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.web.clocks.scenarios import SCENARIOS
from tests.web.conftest import World
from tests.web.storms import rows_of


def append(world: World, count: int, seed: int) -> int:
    """Append a storm's detections to the log, ten a segment. Returns the last segment."""
    rows = rows_of(world, count, seed)
    return [world.append(*rows[at : at + 10]) for at in range(0, count, 10)][-1]


def a_round(world: World) -> int:
    """One round of the desk."""
    return world.round()


def careless(world: World) -> int:
    """A delivery whose position is moved in a transaction of its own, before its effects."""
    from sizao.web.desk import services
    from sizao.web.writing import write

    waiting = world.ports.detections.read("detections", services.cursor("detections"), 100)
    with write():
        services._move("detections", waiting[-1].seq)
    return len(services.deliver_rows([r for one in waiting for r in one.batch.to_pylist()], 0))


def idle(world: World, ready: int) -> None:
    """A desk with nothing to do; says so by a byte and works until it is killed."""
    from sizao.web.desk.thread import Desk

    desk = Desk(world.ports)
    desk._try_round()
    assert not desk.errors, desk.last_error
    os.write(ready, b"i")
    while True:
        desk._try_round()
        time.sleep(0.01)


def fire(world: World, clock: str, due_s: float) -> list[int]:
    """Act on what ran out of one domain, so that its kill is not another's. Returns the tally."""
    from sizao.web.clocks.registry import DOMAINS
    from sizao.web.clocks.services import fire_due

    fire_due(world.now, [domain for domain in DOMAINS if clock in domain.clocks])
    return tally(world, clock, due_s)


def begin(world: World, clock: str) -> float:
    """Start a clock. Returns its deadline, seconds since the epoch."""
    return SCENARIOS[clock].begin(world).astimezone(UTC).timestamp()


def tally(world: World, clock: str, due_s: float) -> list[int]:
    """How often the ledger and the domain say that a deadline was acted on."""
    from sizao.web.clocks.models import Miss

    due = datetime.fromtimestamp(due_s, UTC)
    return [Miss.objects.filter(clock=clock, due_at=due).count(), SCENARIOS[clock].effects(world)]


def forgetful(world: World) -> None:
    """Fire what ran out and keep the record for a transaction of its own, as the ledger forbids."""
    from sizao.web.clocks.models import Miss
    from sizao.web.clocks.registry import DOMAINS
    from sizao.web.writing import write

    for domain in DOMAINS:
        for key in list(domain.overdue(world.now)):
            with write():
                ran = domain.fire(key, world.now)
            with write():
                for one in ran:
                    Miss.objects.create(clock=one.clock, subject=one.subject, due_at=one.due_at,
                                        fired_at=world.now)  # fmt: skip


WORKS: Mapping[str, Callable[..., Any]] = {
    "append": append,
    "round": a_round,
    "idle": idle,
    "fire": fire,
    "careless": careless,
    "begin": begin,
    "tally": tally,
    "forgetful": forgetful,
}
