"""What is written as a whole file is on the disk, its name too, before anybody relies on it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sizao.core.source_access import new_key
from sizao.log.evidence import EvidenceStore
from sizao.runtime.intake.gat1400.subscribers import Subscribers
from sizao.runtime.platforms.tail import Offset


@pytest.fixture
def unsafe(monkeypatch: pytest.MonkeyPatch) -> set[Path]:
    """Folders in which names were given that a power cut may still take."""
    folders: set[Path] = set()
    rename, make, fsync = Path.replace, Path.mkdir, os.fsync

    def renamed(path: Path, target: Path) -> Path:
        folders.add(target.parent)
        return rename(path, target)

    def made(path: Path, *given: Any, **how: Any) -> None:
        if not path.exists():
            folders.add(path.parent)
        make(path, *given, **how)

    def synced(handle: int) -> None:
        fsync(handle)
        folders.discard(Path(f"/proc/self/fd/{handle}").readlink())

    monkeypatch.setattr(Path, "replace", renamed)
    monkeypatch.setattr(Path, "mkdir", made)
    monkeypatch.setattr(os, "fsync", synced)
    return folders


def _key(folder: Path) -> None:
    new_key(folder / "source-access.json", "door", 0.0)


def _offset(folder: Path) -> None:
    Offset(folder / "offset.json").confirm(7)


def _subscription(folder: Path) -> None:
    own = {"cursor": 1, "id": "S1", "subscriber": "gat1400:UP", "address": "http://x"}
    (folder / "subscriptions.json").write_text(json.dumps([own]))
    door: Any = None  # to cancel asks nothing of it
    assert Subscribers(door, folder / "subscriptions.json", "").cancel("S1", "gat1400:UP")


def _evidence(folder: Path) -> None:
    for piece in (b"one", b"another"):
        EvidenceStore(folder).put(piece)


def _plain(folder: Path) -> None:
    (folder / "draft").write_text("")
    (folder / "draft").replace(folder / "name")


@pytest.mark.parametrize(
    ("write", "safe"),
    [(_key, True), (_offset, True), (_subscription, True), (_evidence, True), (_plain, False)],
)
def test_a_new_name_is_on_the_disk(
    tmp_path: Path, unsafe: set[Path], write: Callable[[Path], None], safe: bool
) -> None:
    """Control: a file that is only renamed."""
    write(tmp_path)
    assert (unsafe == set()) is safe


def test_a_file_of_keys_is_its_owners_alone(tmp_path: Path) -> None:
    _key(tmp_path)
    _key(tmp_path)
    assert (tmp_path / "source-access.json").stat().st_mode & 0o777 == 0o600
