"""Proof of what was deleted: a chain of entries, each sealed by the one before.

An entry names the day, its files with their digests and rows, the rule that asked for it with its
date, and the moment. It is written before the manifest forgets the day and the files go, and the
manifest keeps the last seal: an entry cannot be changed, dropped or invented later without
breaking the chain, and a day that is gone without an entry shows.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from sizao.core import durable
from sizao.core.errors import LogError
from sizao.log.archive.manifest import Day, Manifest

NAME = "deletions.jsonl"
GENESIS = "0" * 64


def sealed(before: str, content: dict[str, Any]) -> dict[str, Any]:
    """The entry with ``before`` and its own ``seal`` in it."""
    entry = {**content, "before": before or GENESIS}
    canonical = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return {**entry, "seal": hashlib.sha256(canonical.encode()).hexdigest()}


def entry_of(date: str, day: Day, *, rule: str, keep_days: float, at: str) -> dict[str, Any]:
    """What is said of the deletion of a day."""
    return {
        "date": date,
        "rows": day.rows,
        "files": [{"name": file.name, "sha256": file.sha256} for file in day.files],
        "rule": rule,
        "keep_days": keep_days,
        "at": at,
    }


def append(root: Path, entry: dict[str, Any]) -> None:
    """Durable when it returns."""
    with (root / NAME).open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    durable.sync_folder(root)


def load(root: Path) -> list[dict[str, Any]]:
    """Every entry, oldest first. Raises LogError for a line that is none."""
    try:
        text = (root / NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    entries = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            entries.append(json.loads(line))
        except ValueError as error:
            raise LogError(f"{root / NAME}: line {number} is damaged: {error}") from error
    return entries


def cut_to(root: Path, seal: str) -> None:
    """Drop what follows the entry with this seal: a kill left it before the manifest knew."""
    entries = load_whole(root)
    seals = [entry.get("seal") for entry in entries]
    keep = seals.index(seal) + 1 if seal in seals else 0 if not seal else len(entries)
    if keep < len(entries) or _has_half_a_line(root):
        lines = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries[:keep])
        durable.replace(root / NAME, lines.encode())


def load_whole(root: Path) -> list[dict[str, Any]]:
    """Every entry but a last half line, which a kill may have left."""
    if not _has_half_a_line(root):
        return load(root)
    text = (root / NAME).read_text(encoding="utf-8", errors="replace")
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def broken(root: Path, manifest: Manifest) -> str | None:
    """What is wrong with the chain, None if it holds."""
    before = GENESIS
    for number, entry in enumerate(load(root), 1):
        content = {key: value for key, value in entry.items() if key not in ("before", "seal")}
        if sealed(before, content) != entry:
            return f"deletion {number} was changed, or one before it is missing"
        before = entry["seal"]
    if before != (manifest.deletions or GENESIS):
        return "the last deletions are missing"
    return None


def _has_half_a_line(root: Path) -> bool:
    try:
        data = (root / NAME).read_bytes()
    except FileNotFoundError:
        return False
    return bool(data) and not data.endswith(b"\n")
