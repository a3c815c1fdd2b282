"""Fences reach the rules when the file is replaced, and a bad file does not."""

from __future__ import annotations

import json

from sizao.log.datadir import DataDir
from sizao.runtime import sources
from sizao.runtime.sources import Sources
from tests.roads.test_fences import feature


def test_a_replaced_file_is_taken_up_and_a_bad_one_is_not(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(sources, "LOOK_S", 0.0)
    data = DataDir(tmp_path).create()
    own = Sources(data)
    before = own()
    assert len(before.world.fences) == 0
    data.fences.write_text(json.dumps({"features": [feature()]}), encoding="utf-8")
    after = own()
    assert [fence.number for fence in after.world.fences.fences] == [1]
    assert own() is after
    data.fences.write_text("{", encoding="utf-8")
    assert own() is after
    assert "fences.geojson: not JSON" in caplog.text
    data.fences.unlink()
    assert len(own().world.fences) == 0
