"""What peers disagree about: one value a question, set for each link.

Reading is tolerant of most of it whatever is set here, because the bytes show it; the options
say how to write, and decide where the bytes cannot tell. ``docs/reference/jt809.md`` lists them.
"""

from __future__ import annotations

from dataclasses import dataclass

EDITIONS = ("2011", "2019")


@dataclass(frozen=True)
class Dialect:
    """How a peer writes."""

    supervision_id: str = "u32"
    """Id in 0x9401, 0x1401, 0x1403: ``u32``, or ``text34``, 34 characters (provincial)."""
    supervision_reply: str = "edition"
    """0x1401 after the id: ``edition`` (2019 names the message it answers, 2011 does not),
    ``short`` (result alone) or ``long`` (source sub id, source serial, result)."""
    alarm_times: int = 3
    """Times in the 2019 forms of 0x1402, 0x1403, 0x9402, 0x9403: 3 (alarm, start, end) or 2."""
    time_unit: str = "s"
    """Unit of those times: ``s``, or ``ms``."""
    platform_id: str = "text"
    """11-byte platform ids: ``text``, or ``integer``, a big-endian number."""
    time_shift_h: int = 0
    """Hours the peer adds to its UTC times by mistake: 8 where it shifts twice."""
    position: str = "edition"
    """0x1202 of 2019: ``edition`` (a JT/T 808 location) or ``legacy`` (the 35 bytes of 2011)."""
    vehicle_prefix: str = "edition"
    """Plate and colour before 0x1400 and 0x9400: ``edition`` (2011 yes, 2019 no), ``yes``,
    ``no``."""
    tolerate_length: bool = True
    """Use a sub-message whose data length is wrong, if its data fit a layout exactly."""


PLAIN = Dialect()
