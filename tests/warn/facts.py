"""Shared by the tests of warn: facts with one thing changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sizao.core.clock import SHANGHAI
from sizao.warn.facts import Facts


def local(hour: int, minute: int = 0, day: int = 23) -> float:
    """Seconds since the epoch of a local time in November 2026."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI).timestamp()


SPEEDING = Facts(
    detection="d1",
    rule="speeding",
    severity="20-50",
    vehicle="13800000001",
    measured=104.0,
    limit=80.0,
    measured_unit="km/h",
    start_s=local(14) - 30,
    end_s=local(14),
    fired_s=local(14),
    vehicle_kind="heavy_truck",
    road_class="expressway",
    road="G5",
    stake_m=2_650_300.4,
    rule_version="1-abc",
)

FATIGUE = replace(
    SPEEDING,
    rule="fatigue",
    severity="over_limit",
    measured=241.0,
    limit=240.0,
    measured_unit="min",
    start_s=local(14) - 241 * 60,
)

ALARM = replace(
    SPEEDING,
    rule="terminal_alarm",
    severity="emergency",
    measured=1.0,
    limit=0.0,
    measured_unit="bit",
    start_s=local(14),
)


def speeding(**changes: Any) -> Facts:
    return replace(SPEEDING, **changes)


def fatigue(**changes: Any) -> Facts:
    return replace(FATIGUE, **changes)


def alarm(**changes: Any) -> Facts:
    return replace(ALARM, **changes)
