"""Kilometres and vehicle days by enterprise: pairs of one vehicle only, and no vehicle in it."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.risk.enterprise_km import SCHEMA, EnterpriseKm

DAY = 86400
T = 20_000 * DAY - 8 * 3600
"""Midnight in Shanghai."""


def test_kilometres_are_speed_times_time_to_the_next_report_of_the_same_vehicle() -> None:
    found = EnterpriseKm({"a1": "A", "a2": "A", "b1": "B"})
    # Two vehicles of A at 60 km/h, a report each 30 s, mixed; b1 stands; x is nobody's.
    names = ["a1", "a2", "b1", "x"]
    which = np.array([0, 1, 0, 1, 2, 3, 0])
    time = np.array([0, 5, 30, 35, 40, 40, 30]) + T + 3600.0
    speed = np.array([60.0, 60, 60, 60, 0, 90, 60])
    found.add(names, which, time, speed)
    rows = found.release()
    assert rows.schema == SCHEMA
    assert rows.to_pylist() == [
        # 30 s and, for each one's last report, at most a minute: 3 km. The repeated one is once.
        {"enterprise": "A", "seen": 2, "vehicle_days": 2, "offline_days": 0, "km": 3.0},
        {"enterprise": "B", "seen": 1, "vehicle_days": 0, "offline_days": 0, "km": 0.0},
    ]


def test_a_vehicle_day_is_counted_once_however_it_was_seen() -> None:
    found = EnterpriseKm({"a1": "A", "a2": "A"}, [("a1", 20_000), ("a2", 20_001), ("x", 20_000)])
    for hour in (1.0, 5.0):
        found.add(["a1"], np.array([0]), np.array([T + hour * 3600]), np.array([50.0]))
    row = found.release().to_pylist()[0]
    assert row["vehicle_days"] == 2
    assert row["offline_days"] == 2
    assert row["seen"] == 1
    assert row["km"] == pytest.approx(1.7, abs=0.05)


def test_a_day_without_anybody_of_the_register_is_nothing() -> None:
    found = EnterpriseKm({})
    found.add(["x"], np.array([0]), np.array([T]), np.array([50.0]))
    found.add([], np.empty(0, np.int64), np.empty(0), np.empty(0))
    assert len(found.release()) == 0
