"""The detect benchmark runs and its figures are what they say."""

from __future__ import annotations

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
