"""Fences reach the rules when the file is replaced, and a bad file does not."""

from __future__ import annotations

import json

from sizao.log.datadir import DataDir
from sizao.roads.sections import Piece
from sizao.roads.temporary_limits import TemporaryLimit, encode
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


def test_temporary_limits_are_taken_up_in_the_same_way(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(sources, "LOOK_S", 0.0)
    data = DataDir(tmp_path).create()
    own = Sources(data)
    assert len(own().world.temporary) == 0
    limit = TemporaryLimit("GZ1", 40.0, 0, None, "G5", "下行", 0.0, 9.0, "", (Piece(0, 0.0, 9.0),))
    data.temporary_limits.write_bytes(encode([limit]))
    after = own()
    assert [one.id for one in after.world.temporary.limits] == ["GZ1"]
    data.temporary_limits.write_bytes(b"{")
    assert own() is after
    assert "temporary-limits.geojson" in caplog.text
    data.temporary_limits.unlink()
    assert len(own().world.temporary) == 0
