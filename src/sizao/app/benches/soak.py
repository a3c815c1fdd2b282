"""Soak: web users and the desk write to one embedded database at once, for minutes.

The whole installation runs: 2,000 simulated vehicles speak to the gateway, the pipeline finds, the
desk grades; twenty people list, open, sign, dispatch, control and resolve cases over HTTP while
each listens to the event stream. A fast feed clock makes as many detections as a very bad day, and
lets the clocks of cases run out as fast. What counts: no lock error, no answer and no desk round
that takes more than a second.
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

USERS = 20
VEHICLES = 2000
FACTOR = 20.0
"""Feed seconds in a wall second: one to two detections a second from these vehicles."""


def run(quick: bool = False, seconds: float | None = None) -> dict[str, Any]:
    """Run for ``seconds`` (60; 10 when quick). Raises SizaoError if the server does not start."""
    length = seconds if seconds is not None else 10.0 if quick else 60.0
    with tempfile.TemporaryDirectory(prefix="sizao-soak-") as folder:
        tokens = prepare(Path(folder), users=USERS, vehicles=VEHICLES, factor=FACTOR)
        with Plant(Path(folder), VEHICLES) as plant:
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
    before, cpu_before = plant.counters("pipeline"), plant.cpu_s()
    began, last = time.monotonic(), plant.rounds()
    changed = began
    while time.monotonic() - began < length:
        time.sleep(0.05)
        now = plant.rounds()
        if now != last:
            gaps.append(time.monotonic() - changed)
            last, changed = now, time.monotonic()
        plant.check_alive()
    after, cpu_after = plant.counters("pipeline"), plant.cpu_s()
    stop.set()
    for person in people:
        person.join(20)
    took = time.monotonic() - began
    log = plant.log()
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
        "positions": after["positions"] - before["positions"],
        "detections": after["detections"] - before["detections"],
        "detection_p99_s": after["detection_p99_s"],
        "cpu_cores": {
            part: round((cpu_after[part] - used) / took, 3) for part, used in cpu_before.items()
        },
        "desk_rounds": len(gaps),
        "desk_gap_max_s": percentile(gaps, 1.0),
        "desk_errors": plant.counters("web")["errors"],
        "desk_behind": plant.behind(),
        "lock_errors": log.count("locked") + tally.locked,
        "server_errors": sum(n for code, n in tally.statuses.items() if code >= 500),
        "broken_streams": tally.broken_streams,
        "stalls_over_1_s": sum(wait > STALL_S for wait in [*waits, *gaps]),
        "stalls_by_request": dict(tally.slow.most_common()),
        "audit_intact": plant.audit_intact(),
    }
