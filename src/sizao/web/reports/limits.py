"""How often somebody may report: counted by key, and by address for the form without a key.

In memory: there is one web process, and a count that a restart forgets is no harm here.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque

HOUR_S = 3600.0
REMEMBERED = 20_000
"""Senders remembered at once; the one that was quiet longest is forgotten first."""


class Limit:
    """At most ``per_hour`` from each sender in any hour."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, sender: str, per_hour: int, now_s: float | None = None) -> float:
        """Count one more; 0 if it may pass, else after how many seconds the next may."""
        now_s = time.monotonic() if now_s is None else now_s
        with self._turn:
            moments = self._seen.setdefault(sender, deque())
            self._seen.move_to_end(sender)
            while moments and moments[0] <= now_s - HOUR_S:
                moments.popleft()
            if len(moments) >= per_hour:
                return moments[0] + HOUR_S - now_s if moments else HOUR_S
            moments.append(now_s)
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
            return 0.0

    def forget(self) -> None:
        """For tests."""
        with self._turn:
            self._seen.clear()


posted = Limit()
"""Reports handed in."""
asked = Limit()
"""Lists and single requests read without a key."""
