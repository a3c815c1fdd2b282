"""Who drives: the driver card in each terminal's reader, over time.

A location gets the driver whose card was in when the location was measured, so that positions
sent later from the terminal's store do not go to the next driver.
"""

from __future__ import annotations

from collections import OrderedDict

KEEP = 8
"""Card events remembered a terminal: covers the shifts a stored batch can span."""


class Cards:
    """Card events of many terminals, bounded. One object may serve all sessions of a gateway."""

    def __init__(self, max_terminals: int = 1_000_000) -> None:
        self._events: OrderedDict[str, list[tuple[int, str | None]]] = OrderedDict()
        self._max = max_terminals

    def record(self, phone: str, time_us: int, driver: str | None) -> None:
        """A card went in (licence number) or out, or could not be read (None)."""
        events = self._events.pop(phone, [])
        events = [event for event in events if event[0] != time_us]
        events.append((time_us, driver))
        events.sort(key=lambda event: event[0])
        self._events[phone] = events[-KEEP:]
        while len(self._events) > self._max:
            self._events.popitem(last=False)

    def driver(self, phone: str, time_us: int) -> str | None:
        """Licence number of the card that was in at that moment; None if none or unknown."""
        for at, driver in reversed(self._events.get(phone, ())):
            if at <= time_us:
                return driver
        return None
