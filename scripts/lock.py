"""Renew the dependency locks: hashes for every file, no registry address."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPILE = [
    *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"),
    *("--python-version", "3.11", "--no-emit-index-url", "--generate-hashes", "--no-header"),
]
LOCKS: dict[str, list[str]] = {
    "requirements/base.txt": ["pyproject.toml"],
    "requirements/dev.txt": ["pyproject.toml", "requirements/dev.in"],
    "requirements/extract.txt": ["--no-deps", "requirements/extract.in"],
}

for target, sources in LOCKS.items():
    command = [*COMPILE, *sys.argv[1:], *sources, "-o", target]
    subprocess.run(command, check=True, cwd=ROOT)
    if "://" in (ROOT / target).read_text(encoding="utf-8"):
        sys.exit(f"{target}: a registry address got into the lock")
