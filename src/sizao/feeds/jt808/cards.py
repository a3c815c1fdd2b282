"""Who drives: the driver card in each terminal's reader, over time.

A location gets the driver whose card was in when the location was measured, so that positions
sent later from the terminal's store do not go to the next driver.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sizao.feeds.jt808.driver import INSERTED

NEVER_US = -(1 << 62)

KEEP = 8
"""Card events remembered a terminal: covers the shifts a stored batch can span."""


class CardEvent(NamedTuple):
    """A card went in or out. ``driver`` is its licence number, None on removal or no reading."""

    time_us: int
    inserted: bool
    driver: str | None
    name: str | None


def card_event(fields: Mapping[str, Any], received_us: int, future_s: float) -> CardEvent | str:
    """The event of a decoded 0x0702, or why not: ``bad_time``, ``future_time``."""
    at = received_us
    # The 2011 form has no time of its own: it is sent when the card goes in.
    if "time" in fields:
        if fields["time"] is None:
            return "bad_time"
        at = int(datetime.fromisoformat(fields["time"]).timestamp()) * 1_000_000
        if at - received_us > future_s * 1e6:
            return "future_time"
    inserted = fields.get("status", INSERTED) == INSERTED
    driver = fields.get("license_no") or None if inserted else None
    name = fields.get("driver_name") or None if inserted else None
    return CardEvent(at, inserted, driver, name)


class Cards:
    """Card events of many terminals, bounded. One object may serve all sessions of a gateway."""

    def __init__(self, max_terminals: int = 1_000_000) -> None:
        self._events: OrderedDict[str, list[tuple[int, str | None]]] = OrderedDict()
        self._max = max_terminals
        self.changed: Callable[[str], None] = lambda phone: None
        """Called with the terminal whose events have changed."""

    def record(self, phone: str, time_us: int, driver: str | None) -> None:
        """A card went in (licence number) or out, or could not be read (None)."""
        events = self._events.pop(phone, [])
        events = [event for event in events if event[0] != time_us]
        events.append((time_us, driver))
        events.sort(key=lambda event: event[0])
        self._events[phone] = events[-KEEP:]
        while len(self._events) > self._max:
            self._events.popitem(last=False)
        self.changed(phone)

    def latest(self, phone: str) -> tuple[int, str | None]:
        """Since when who drives: the last event; from the beginning nobody known, without one."""
        events = self._events.get(phone)
        return events[-1] if events else (NEVER_US, None)

    def driver(self, phone: str, time_us: int) -> str | None:
        """Licence number of the card that was in at that moment; None if none or unknown."""
        for at, driver in reversed(self._events.get(phone, ())):
            if at <= time_us:
                return driver
        return None
