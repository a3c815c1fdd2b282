"""The benchmarks run, and what they promise about loss holds."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest

from sizao.app.benches import gateway, intake, links, pipeline, processes

DEAF = """
import pathlib, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).touch()
while True:
    signal.pause()
"""


def test_a_process_that_does_not_stop_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(processes, "PATIENCE_S", 0.1)
    ready = tmp_path / "ready"
    with processes.part([sys.executable, "-c", DEAF, str(ready)]) as one:
        while not ready.exists():
            assert one.poll() is None
            time.sleep(0.01)
    assert one.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_gateway_loses_nothing_it_acknowledged() -> None:
    found = gateway.run(quick=True)
    assert found["connections"] == 100
    assert found["acked_per_s"] > 0
    assert (found["lost"], found["unanswered"], found["dropped"]) == (0, 0, 0)
    assert found["strange_answers"] == 0


@pytest.mark.slow
def test_intake_loses_nothing_it_acknowledged() -> None:
    found = intake.run(quick=True, seconds=1)
    assert found["value"] > 0
    assert (found["lost"], found["failed"]) == (0, 0)


@pytest.mark.slow
def test_links_lose_nothing_and_count_what_was_bad() -> None:
    found = links.run(quick=True)
    assert (found["lost"], found["quarantine_wrong"], found["problems"]) == (0, 0, [])
    assert found["positions"] > 0
    assert found["bad_crc"] > 0
    assert found["cut_frames"] > 0


@pytest.mark.slow
def test_pipeline_finds_and_says_how_soon() -> None:
    found = pipeline.run(quick=True, seconds=2)
    assert found["realtime_factor"] > 0
    assert found["detections"] > 0
    assert found["p50_s"] is not None
    assert set(found["anon_mb_by_third"]) == {"gateway", "pipeline", "archive"}
    assert all(min(some) > 0 for some in found["anon_mb_by_third"].values())
