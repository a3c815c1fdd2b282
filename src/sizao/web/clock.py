"""The one clock of the web: feed time where the process is wired, else the wall clock."""

from __future__ import annotations

from datetime import datetime

from sizao.core.clock import SystemClock, now
from sizao.web import ports


def feed_now() -> datetime:
    """The present moment, aware, UTC."""
    return ports.ports().now() if ports.installed() else now(SystemClock())


def feed_factor() -> float:
    """Feed seconds that pass in a second of the wall clock; clocks on screens run by it."""
    return ports.ports().clock.factor if ports.installed() else 1.0
