"""Thirty cases for the shared checks: on time, late, waiting, false alarms, of every level."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sizao.core.levels import WarningLevel
from sizao.govern.records import CaseRecord

AT_S = 100_000.0

_PLAIN = CaseRecord(
    case="0",
    level=WarningLevel.YELLOW,
    kind="speeding",
    unit="squadron-1",
    onset_s=0.0,
    fired_s=30.0,
    issued_s=32.0,
    sign_deadline_s=632.0,
    resolve_deadline_s=7232.0,
)


def record(*, like: CaseRecord = _PLAIN, **changes: Any) -> CaseRecord:
    return replace(like, **changes)


def _numbered(number: int) -> CaseRecord:
    start = number * 40.0
    one = record(
        case=str(number),
        level=list(WarningLevel)[number % 4],
        onset_s=start,
        fired_s=start + 30,
        issued_s=start + 31 + number % 5,
        signed_s=start + 60 + 30 * number,
        sign_deadline_s=start + 632,
        resolve_deadline_s=start + 7232,
    )
    if number % 7 == 3:  # nobody took it
        return replace(one, signed_s=None)
    if number % 7 == 5:  # taken, not yet resolved
        return one
    done = start + 1000 + 300 * number
    return replace(
        one,
        controlled_s=start + 600,
        resolved_s=done,
        verified_s=done + 500 if number % 3 else None,
        false_alarm=number % 11 == 2,
    )


RECORDS = [_numbered(number) for number in range(30)]
