"""The people of the soak: each a thread that works cases over HTTP, and one that listens."""

from __future__ import annotations

import http.client
import json
import math
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

THINK_S = (0.5, 2.0)
"""Pause between two steps of a person: a hectic desk, harder than reading a case allows."""

STALL_S = 1.0


@dataclass
class Tally:
    """What all people together saw. List appends and the counters under a lock are thread-safe."""

    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    slow: Counter[str] = field(default_factory=Counter)
    """Answers that took more than STALL_S, by what was asked."""
    locked: int = 0
    events: int = 0
    broken_streams: int = 0
    turn: threading.Lock = field(default_factory=threading.Lock)


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile, rounded to a millisecond; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 3)


class Person:
    """Lists open cases, opens one, takes the step that it offers."""

    def __init__(
        self, port: int, token: str, rng: Random, tally: Tally, stop: threading.Event
    ) -> None:
        self._port, self._rng, self._tally, self._stop = port, rng, tally, stop
        self._header = {"Authorization": f"Bearer {token}"}
        self._threads = [
            threading.Thread(target=self._work, daemon=True),
            threading.Thread(target=self._watch, daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self, seconds: float) -> None:
        for thread in self._threads:
            thread.join(seconds)

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)

    def _call(
        self, web: http.client.HTTPConnection, path: str, given: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        body = None if given is None else json.dumps(given)
        headers = {**self._header, "Content-Type": "application/json"}
        began = time.monotonic()
        web.request("GET" if given is None else "POST", f"/api/v1/{path}", body, headers)
        answer = web.getresponse()
        data = answer.read()
        took = time.monotonic() - began
        with self._tally.turn:
            (self._tally.reads if given is None else self._tally.writes).append(took)
            self._tally.statuses[answer.status] += 1
            self._tally.locked += b"locked" in data
            if took > STALL_S:
                kind = "write" if given else path.partition("?")[0].partition("/")[0]
                self._tally.slow[kind] += 1
        found: dict[str, Any] = json.loads(data) if answer.status < 500 else {}
        return found

    def _work(self) -> None:
        web = self._connect()
        while not self._stop.is_set():
            try:
                self._one_turn(web)
            except (OSError, http.client.HTTPException):
                with self._tally.turn:
                    self._tally.statuses[599] += 1
                web.close()
                web = self._connect()
            self._stop.wait(self._rng.uniform(*THINK_S))
        web.close()

    def _one_turn(self, web: http.client.HTTPConnection) -> None:
        if self._rng.random() < 0.3:
            path = self._rng.choice(
                ["warnings?limit=50", "vehicles?limit=50", "indicators", "units", "detections"]
            )
            self._call(web, path)
            return
        cases = self._call(web, "cases?open=true&limit=20").get("items", [])
        if not cases:
            return
        case = self._call(web, f"cases/{self._rng.choice(cases)['id']}")
        steps = case.get("next_steps") or []
        if not steps:
            return
        step = steps[0] if self._rng.random() < 0.8 else self._rng.choice(steps)
        given: dict[str, Any] = {"action": step["action"], "version": case["version"]}
        if step["needs_reason"]:
            given["reason"] = "已处置，驾驶人已减速"
        if step["needs_units"]:
            given["units"] = self._free_patrol(web)
        self._call(web, f"cases/{case['id']}/actions", given)

    def _free_patrol(self, web: http.client.HTTPConnection) -> list[str]:
        units = self._call(web, "units").get("items", [])
        free = [
            patrol["call_sign"]
            for unit in units
            for patrol in unit["patrols"]
            if patrol["state"] == "available"
        ]
        return [self._rng.choice(free)] if free else []

    def _watch(self) -> None:
        """Listen to the event stream; its silence is broken by a comment every 15 s."""
        while not self._stop.is_set():
            web = self._connect()
            try:
                web.request("GET", "/stream/events", headers=self._header)
                answer = web.getresponse()
                if answer.status != 200:
                    raise http.client.HTTPException(f"stream answered {answer.status}")
                while not self._stop.is_set():
                    line = answer.readline()
                    if not line:
                        break
                    if line.startswith(b"id:"):
                        with self._tally.turn:
                            self._tally.events += 1
            except (OSError, http.client.HTTPException):
                with self._tally.turn:
                    self._tally.broken_streams += not self._stop.is_set()
                self._stop.wait(1.0)
            finally:
                web.close()
