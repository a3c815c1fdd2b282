"""Clocks: one interface, three speeds, one file that all processes agree on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sizao.core.clock import ManualClock, ScaledClock, SystemClock, load_clock, now, save_clock
from sizao.core.errors import ConfigError


def test_scaled_clock_runs_factor_times_as_fast() -> None:
    clock = ScaledClock(wall_start_s=time.time() - 10, feed_start_s=1_000.0, factor=60.0)
    assert clock.time_s() == pytest.approx(1_600, abs=30)


def test_without_a_file_it_is_the_wall_clock(tmp_path: Path) -> None:
    assert isinstance(load_clock(tmp_path / "clock.json"), SystemClock)


def test_the_file_gives_the_same_clock_back(tmp_path: Path) -> None:
    clock = ScaledClock(1.0, 2.0, 3.0)
    save_clock(clock, tmp_path / "clock.json")
    assert load_clock(tmp_path / "clock.json") == clock


@pytest.mark.parametrize("text", ["", "[]", '{"factor": 1}', "{"])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "clock.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"clock\.json"):
        load_clock(path)


@pytest.mark.parametrize("factor", [0, -1, float("nan")])
def test_a_clock_never_stands_or_runs_backwards(factor: float) -> None:
    with pytest.raises(ConfigError):
        ScaledClock(0, 0, factor)


def test_now_is_aware() -> None:
    assert now(ManualClock(0.0)).isoformat() == "1970-01-01T00:00:00+00:00"
