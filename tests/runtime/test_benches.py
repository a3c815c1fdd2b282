"""The benchmarks run, and what they promise about loss holds."""

from __future__ import annotations

import pytest

from sizao.app.benches import gateway, intake, links, pipeline


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
