"""Keys and passwords of a demonstration's devices, of its province, of the people who report.

The intake gets them as it gets any: keys as salted hashes, digest passwords in ``secrets.yaml``.
The simulated devices read them in clear from ``sim-keys.json``, for its owner's eyes only.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

import yaml

from sizao.core.clock import load_clock
from sizao.core.source_access import load_secrets, new_key
from sizao.core.sources_file import load_registry
from sizao.log.datadir import DataDir

SHARED = {"gat1400": 16, "jt809": 4}
"""Kinds with a password both sides know, and its length in bytes: JT/T 809 has room for eight
characters."""

KEYED = ("weigh", "check", "weather", "reports")


def write_keys(data: DataDir) -> None:
    """Make what is missing; keys that exist stay. Needs ``sources.yaml``."""
    path = data.root / "sim-keys.json"
    keys: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    shared: dict[str, Any] = load_secrets(data.secrets)
    now_s = load_clock(data.clock).time_s()
    before = dict(keys)
    for source in load_registry(data.sources).sources.values():
        if source.kind in SHARED and source.id not in keys:
            keys[source.id] = secrets.token_hex(SHARED[source.kind])
            shared = {**shared, source.id: {"password": keys[source.id]}}
        elif source.kind in KEYED and ":" in source.id and source.id not in keys:
            keys[source.id] = new_key(data.source_access, source.id, now_s)
    if keys != before:
        _private(data.secrets, yaml.safe_dump(shared, allow_unicode=True))
        _private(path, json.dumps(keys, indent=1))


def _private(path: Path, text: str) -> None:
    """Replace a file that nobody else may ever read."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
