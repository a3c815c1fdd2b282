"""Soak: web users and the desk write to one embedded database at once, for minutes.

A real ``sizao serve`` process; twenty people who list, open, sign, dispatch, control and resolve
cases over HTTP while each listens to the event stream; a writer in the pipeline's place that
appends detections and replaces the live board. What counts: no lock error, no answer and no desk
round that takes more than a second.
"""

from __future__ import annotations

import itertools
import random
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from sizao.app.benches.soak_people import STALL_S, Person, Tally, percentile
from sizao.app.benches.soak_plant import Plant, prepare
from sizao.core.errors import SizaoError

USERS = 20
DETECTIONS_PER_S = 3.0
VEHICLES = 2000


def run(quick: bool = False, seconds: float | None = None) -> dict[str, Any]:
    """Run for ``seconds`` (60; 10 when quick). Raises SizaoError if the server does not start."""
    length = seconds if seconds is not None else 10.0 if quick else 60.0
    with tempfile.TemporaryDirectory(prefix="sizao-soak-") as folder:
        tokens = prepare(Path(folder), users=USERS, vehicles=VEHICLES)
        with Plant(Path(folder), DETECTIONS_PER_S) as plant:
            return _measure(plant, tokens, length)


def _measure(plant: Plant, tokens: list[str], length: float) -> dict[str, Any]:
    tally, stop = Tally(), threading.Event()
    people = [
        Person(plant.port, token, random.Random(number), tally, stop)
        for number, token in enumerate(tokens)
    ]
    for person in people:
        person.start()
    gaps: list[float] = []
    began, last = time.monotonic(), plant.rounds()
    changed = began
    while time.monotonic() - began < length:
        time.sleep(0.05)
        now = plant.rounds()
        if now != last:
            gaps.append(time.monotonic() - changed)
            last, changed = now, time.monotonic()
        if not plant.alive():
            raise SizaoError(f"sizao serve died:\n{plant.log()[-2000:]}")
    stop.set()
    for person in people:
        person.join(20)
    took = time.monotonic() - began
    log = plant.log()
    status = plant.status()
    waits = sorted(itertools.chain(tally.reads, tally.writes))
    longest = max([*waits, *gaps], default=float("nan"))
    return {
        "name": "soak",
        "unit": "s",
        "value": round(longest, 3),
        "runs": 1,
        "seconds": round(took, 1),
        "users": len(people),
        "requests": len(waits),
        "requests_per_s": round(len(waits) / took, 1),
        "reads_p50_s": percentile(tally.reads, 0.5),
        "reads_p99_s": percentile(tally.reads, 0.99),
        "reads_max_s": percentile(tally.reads, 1.0),
        "writes": len(tally.writes),
        "writes_p50_s": percentile(tally.writes, 0.5),
        "writes_p99_s": percentile(tally.writes, 0.99),
        "writes_max_s": percentile(tally.writes, 1.0),
        "statuses": dict(sorted(tally.statuses.items())),
        "events": tally.events,
        "detections": plant.detections,
        "desk_rounds": len(gaps),
        "desk_gap_max_s": percentile(gaps, 1.0),
        "desk_errors": status["counters"]["errors"],
        "desk_behind": plant.behind(),
        "lock_errors": log.count("locked") + tally.locked,
        "server_errors": sum(n for code, n in tally.statuses.items() if code >= 500),
        "broken_streams": tally.broken_streams,
        "stalls_over_1_s": sum(wait > STALL_S for wait in [*waits, *gaps]),
        "stalls_by_request": dict(tally.slow.most_common()),
        "audit_intact": plant.audit_intact(),
    }
