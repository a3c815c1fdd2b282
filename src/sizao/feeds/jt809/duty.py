"""Duty checks (平台查岗): asked, answered in time, answered late, missed.

The one who asks runs the clock; so does the one who is asked, so that its own record shows what
it missed. 2019 names the message it answers, 2011 repeats the question's id.

Source: JT/T 809-2011 clause 4.5.9.2; -2019 adds the seconds for the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KEEP_S = 86_400
"""A late answer is still recognised for a day."""


@dataclass
class Check:
    """One question."""

    info_id: int
    serial: int
    asked_us: int
    due_us: int
    fields: Mapping[str, Any]
    closed: str | None = None
    """``answered`` or ``missed``; None while the clock runs."""


class DutyChecks:
    """Questions of one link that are open or were missed lately."""

    def __init__(self) -> None:
        self._checks: list[Check] = []

    def asked(self, check: Check) -> None:
        self._checks.append(check)

    def open(self) -> list[Check]:
        """Questions whose clock runs, the oldest first."""
        return [check for check in self._checks if check.closed is None]

    def answered(self, fields: Mapping[str, Any], now_us: int) -> tuple[Check | None, str]:
        """The question an answer is for, and ``answered``, ``late`` or ``unasked``."""
        for check in self._checks:
            if check.closed == "answered":
                continue
            if check.info_id == fields.get("info_id") or (
                "source_msg_sn" in fields and check.serial == fields["source_msg_sn"]
            ):
                state = "late" if now_us > check.due_us else "answered"
                check.closed = "answered"
                return check, state
        return None, "unasked"

    def missed(self, now_us: int) -> list[Check]:
        """Questions whose time has just run out; each is told once."""
        found = [c for c in self._checks if c.closed is None and now_us > c.due_us]
        for check in found:
            check.closed = "missed"
        self._checks = [
            c for c in self._checks if c.closed is None or now_us - c.due_us < KEEP_S * 1e6
        ]
        return found
