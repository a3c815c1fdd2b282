"""The detect benchmark runs and its figures are what they say."""

from __future__ import annotations

import gc

from sizao.app.benches import detect as bench


def test_quick_run(monkeypatch):
    monkeypatch.setattr(bench, "BATCH", 3_000)
    result = bench.run(quick=True)
    assert result["name"] == "detect"
    assert result["positions"] == 78_000, "the first round, in which all are new, is not timed"
    assert result["value"] == result["positions_per_s"] > 0
    assert result["ratio"] == round(result["value"] / result["baseline"]["value"], 1)
    assert result["matched_share"] > 0.95
    assert result["detections"] > 0
    assert 0 < result["bytes_per_vehicle"] < result["bytes_per_vehicle_roads"]
    assert result["roads_positions_per_s"] > 0
    assert result["baseline_positions"] == 9_000
    least, most = result["baseline_range"]
    assert 0 < least <= result["baseline"]["value"] <= most


def test_the_baseline_pays_for_its_own_garbage_alone() -> None:
    """A walk over all that the process holds made it 37,538 positions/s in one run and 920,249 in
    another."""
    rows = list(bench.batches(bench.Case(2_000, 0, rounds=20), network=None))
    held = [[number] for number in range(2_000_000)]
    walked: list[int] = []

    def count(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            walked.append(len(gc.get_objects(generation=2)))

    gc.callbacks.append(count)
    try:
        rates, found = bench._plain(rows, bench.Context.build().params["speeding"])
    finally:
        gc.callbacks.remove(count)
    assert len(rates) == bench.PLAIN_LAPS
    assert found
    assert walked[0] > len(held)  # the one before the laps, for control
    assert all(number < len(held) for number in walked[1:])
    assert gc.get_freeze_count() == 0
