"""What the desk does about evidence between its other work: follow, look at the disk, delete."""

from __future__ import annotations

import logging

from sizao.core.errors import EvidenceError
from sizao.log.evidence import Space, space
from sizao.web import audit, metrics
from sizao.web.desk.models import Cursor
from sizao.web.evidence.follow import follow
from sizao.web.evidence.retention import Sweep
from sizao.web.live import outbox
from sizao.web.ports import Ports
from sizao.web.units.models import Unit
from sizao.web.writing import write

log = logging.getLogger("sizao.evidence")

FOLLOW_EVERY_S = 2.0
LOOK_EVERY_S = 30.0
SWEEP_EVERY_S = 3600.0
"""Wall seconds."""

FULL = "evidence:full"
"""A row of the desk's cursors: 1 while the disk is full up to the floor."""


class EvidenceRounds:
    """Call it each round of the desk; it does at most one helping of anything."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self._followed_s = self._looked_s = -SWEEP_EVERY_S
        self._swept_s: float | None = None
        self._sweep: Sweep | None = None

    def __call__(self, now_s: float) -> None:
        """``now_s``: a monotonic moment."""
        # While there is more to follow, the next round goes on at once.
        if now_s - self._followed_s >= FOLLOW_EVERY_S and not follow(self.ports.evidence):
            self._followed_s = now_s
        if now_s - self._looked_s >= LOOK_EVERY_S:
            self._looked_s = now_s
            look(self.ports)
        if self._swept_s is None:
            self._swept_s = now_s  # not in the first minutes: a start has enough to do
        elif self._sweep is None and now_s - self._swept_s >= SWEEP_EVERY_S:
            self._swept_s = now_s
            self._sweep = Sweep(self.ports.data.evidence, self.ports.evidence, self.ports.now())
        if self._sweep is not None and not self._sweep.step():
            self._sweep = None


def look(ports: Ports) -> Space | None:
    """Note when the disk becomes too full for evidence, and when it has room again."""
    try:
        found = space(ports.data.evidence)
    except EvidenceError as error:
        log.error("cannot look at the disk of the evidence: %s", error)
        return None
    metrics.evidence_free.set(found.free)
    metrics.evidence_floor.set(found.floor)
    if found.full != is_full():
        _turn(found)
    return found


def _turn(found: Space) -> None:
    """Too full, or room again: written down, told to screens and to the process's log."""
    state = "full" if found.full else "room"
    with write():
        Cursor.objects.update_or_create(pk=FULL, defaults={"seq": int(found.full)})
        audit.record(
            None, f"evidence.{state}", "evidence", "disk",
            {"free_bytes": found.free, "floor_bytes": found.floor},
        )  # fmt: skip
        paths = Unit.objects.exclude(level=Unit.Level.SQUADRON).values_list("path", flat=True)
        told = {"source": "evidence", "topic": "evidence", "state": state}
        outbox.publish("source", "|" + "|".join(paths) + "|", told)
    if found.full:
        log.error("the disk is full up to the floor: new evidence is refused")
    else:
        log.info("there is room for evidence again")


def is_full() -> bool:
    """Whether new evidence is refused, as the desk last saw it."""
    return Cursor.objects.filter(pk=FULL, seq=1).exists()
