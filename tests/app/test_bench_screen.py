"""The benchmark of screening runs and says what it measured."""

from __future__ import annotations

from sizao.app.benches import screen


def test_a_quick_run() -> None:
    found = screen.run(quick=True)
    assert found["edges"] == 3120
    assert found["crashes"] == 6_000
    assert set(found["steps"]) == {"load", "snap", "fit_and_screen"}
    assert found["snap_per_s"] > found["strtree_snap_per_s"]
    assert found["baseline"]["value"] > 0
    assert found["province"] is None
