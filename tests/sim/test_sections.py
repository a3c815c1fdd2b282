"""Sections of the simulated city: as long as the stakes say, and accepted by the product."""

from __future__ import annotations

import pytest
import yaml

from sizao.log.roadside import places
from sizao.sim.city import build
from sizao.sim.sections import CONTROLLED, sections


def test_lengths_agree_with_the_stakes_and_the_file_is_read(tmp_path):
    city = build()
    stake = {site["code"]: site["stake_m"] for site in city.checkpoints}
    found = {(start, one["to"]): one for start, many in sections().items() for one in many}
    assert set(found) == set(CONTROLLED)
    for (start, end), section in found.items():
        apart_m = abs(stake[start] - stake[end])
        assert section["length_m"] == pytest.approx(apart_m, rel=0.02)
        assert section["limits"]["hazmat"] < section["limit_kmh"]
    file = tmp_path / "roadside.yaml"
    written = {
        site["code"]: {"lat": site["lat"], "lon": site["lon"], "sections": sections()[site["code"]]}
        for site in city.checkpoints
        if site["code"] in sections()
    }
    file.write_text(yaml.safe_dump(written), encoding="utf-8")
    assert {code: place["sections"] for code, place in places(file).items()} == sections()
