"""The list of files is written and read whole, and no more often than it changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sizao.core.errors import LogError
from sizao.log.archive import manifest
from sizao.log.archive.manifest import Day, File, Manifest

FILE = File("days/2026-11-25/00000001.parquet", 7, 99, "ab", 10, 20, 3, 4)
FOUND = Manifest(2, 31, 5.25, (FILE,), {"2026-11-25": Day((FILE, FILE)), "2026-11-26": Day()}, 9)


@pytest.mark.parametrize("found", [FOUND, Manifest()], ids=["some", "none"])
def test_what_is_written_is_read(tmp_path: Path, found: Manifest) -> None:
    manifest.save(found, tmp_path)
    assert manifest.load(tmp_path) == found


def test_one_that_is_the_same_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / manifest.NAME
    manifest.save(FOUND, tmp_path)
    assert manifest.load(tmp_path) is not manifest.load(tmp_path), "it may change any moment"
    os.utime(path, (1_000_000_000, 1_000_000_000))
    first = manifest.load(tmp_path)
    assert manifest.load(tmp_path) is first
    manifest.save(Manifest(), tmp_path)
    assert manifest.load(tmp_path) == Manifest()
    path.write_text("{")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    for _ in range(2):
        with pytest.raises(LogError, match="damaged manifest"):
            manifest.load(tmp_path)
