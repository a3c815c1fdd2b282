"""When to try again what could not be delivered.

>>> [next_try_s(attempts) for attempts in range(1, 7)]
[5.0, 30.0, 120.0, 600.0, 1800.0, None]
"""

from __future__ import annotations

WAITS_S = (5.0, 30.0, 120.0, 600.0, 1800.0)
"""After the first, second, ... failed attempt. A project default: a warning that is older than
three quarters of an hour is told by another channel."""


def next_try_s(attempts: int) -> float | None:
    """Seconds to wait after so many failed attempts; None: give up and fall back."""
    return WAITS_S[attempts - 1] if 0 < attempts <= len(WAITS_S) else None
