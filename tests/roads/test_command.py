"""``sizao roads`` as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sizao.app.cli import cli
from sizao.core.errors import ConfigError

from .test_osm import extract
from .worlds import line


def run(*args: object) -> Result:
    result = CliRunner().invoke(cli, ["roads", *(str(arg) for arg in args)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def answer(*args: object) -> dict[str, object]:
    return json.loads(run(*args).stdout)


@pytest.fixture
def roads(tmp_path) -> Path:
    path = tmp_path / "roads.geojson"
    features = [
        line([(0, 0), (1000, 0)], ref="G5", stake_m=120_000, direction="下行", oneway=True),
        line([(0, 0), (0, 10)], road_class="stairs"),
    ]
    path.write_text(json.dumps({"features": features}), encoding="utf-8")
    return path


def test_import_info_locate_at(roads, tmp_path):
    net = tmp_path / "network.npz"
    result = run("import", roads, "--out", net)
    assert "feature 2: road_class 'stairs'" in result.stderr
    made = json.loads(result.stdout)
    assert (made["segments"], made["lines"]) == (1, 1)
    assert [item["feature"] for item in made["rejected"]] == [2]
    assert answer("info", net)["digest"] == made["digest"]
    found = answer("locate", net, "G5", 120_300)
    assert found["place"] == "G5 K120+300 下行"
    assert found == answer("locate", net, "G5", "K120+300", "--direction", "下行")
    # Seven decimals of a degree are a centimetre, and a stake is cut to whole metres.
    there = answer("at", net, found["lat"], found["lon"])
    assert there["place"] in ("G5 K120+299 下行", "G5 K120+300 下行")
    assert there["offset_m"] == pytest.approx(300, abs=0.05)
    with pytest.raises(ConfigError, match="neither metres nor like"):
        run("locate", net, "G5", "mile 7")


def test_strict_imports_nothing_and_keeps_the_old_network(roads, tmp_path):
    net = tmp_path / "network.npz"
    net.write_bytes(b"the old one")
    with pytest.raises(ConfigError, match="1 problems, nothing imported"):
        run("import", roads, "--out", net, "--strict")
    assert net.read_bytes() == b"the old one"


def test_import_of_a_real_extract(tmp_path):
    net = tmp_path / "helsinki.npz"
    made = answer("import", extract("Helsinki.osm.pbf"), "--out", net, "--strict")
    assert made["clipped"] > 0
    assert made["rejected"] == []
    assert answer("info", net)["km"] == made["km"]
    assert [item.name for item in tmp_path.iterdir()] == ["helsinki.npz"], "no draft left"
