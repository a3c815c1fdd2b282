"""A file is the old one or the new one, whoever writes and whenever the power goes."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sizao.core import durable

WRITERS, ROUNDS, LENGTH = 4, 40, 200_000


def test_several_writers_never_mix(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    durable.replace(path, b"0" * LENGTH)

    def write(which: int) -> None:
        for _ in range(ROUNDS):
            durable.replace(path, bytes([48 + which]) * LENGTH)

    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(write, which) for which in range(WRITERS)]
        while not all(one.done() for one in writing):
            read = path.read_bytes()
            assert (len(read), len(set(read))) == (LENGTH, 1)
        for one in writing:
            one.result()
    assert list(tmp_path.iterdir()) == [path]


def test_it_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order is what outlives a power cut: contents, name, the folder that holds the name."""
    path, done = tmp_path / "rules.yaml", []
    synced, renamed = os.fsync, Path.replace

    def fsync(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "contents")
        synced(handle)

    def replace(self: Path, target: Path) -> Path:
        done.append("name")
        return renamed(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    durable.replace(path, b"new")
    assert done == ["contents", "name", "folder"]
    assert path.read_bytes() == b"new"


def test_a_refused_write_leaves_the_old_one_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rules.yaml"
    durable.replace(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        durable.replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
