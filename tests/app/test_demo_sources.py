"""The registry that a demonstration starts with."""

from __future__ import annotations

from pathlib import Path

from sizao.app.demo_sources import write_sources
from sizao.core.sources_file import load_registry
from sizao.log.datadir import DataDir
from sizao.sim import city


def test_the_demonstration_has_a_registry_without_mistakes(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    drawn = city.build()
    write_sources(drawn, data)
    registry = load_registry(data.sources)
    kinds = {source.kind for source in registry.sources.values()}
    assert kinds == {"jt808", "jt809", "gat1400", "weigh", "check", "weather", "reports"}
    assert len(registry.of_kind("gat1400")) == len(drawn.checkpoints)
    data.sources.write_text("# ours\n")
    write_sources(drawn, data)
    assert data.sources.read_text() == "# ours\n"
