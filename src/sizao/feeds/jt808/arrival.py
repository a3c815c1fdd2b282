"""What a handler gets: one whole message, and where its effects go."""

from __future__ import annotations

from dataclasses import dataclass

from sizao.feeds.jt808.header import Header
from sizao.feeds.jt808.outcome import Outcome


@dataclass(slots=True)
class Arrival:
    """A good frame, or a message whose last part has come."""

    header: Header
    body: bytes
    raw: bytes
    """What quarantine keeps: the frame, or the joined body of a message in parts."""
    now_us: int
    out: Outcome
    also: tuple[int, ...] = ()
    """Serials of the other parts: terminals differ in which one they await an answer to."""
