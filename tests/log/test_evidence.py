"""A piece of evidence is what its name says, or an error."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from sizao.core.errors import EvidenceError
from sizao.log.evidence import EvidenceStore


def test_same_bytes_are_kept_once_under_their_digest(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    name = store.put(b"photo")
    assert name == hashlib.sha256(b"photo").hexdigest()
    assert store.put(iter([b"ph", b"oto"])) == name
    assert store.read(name) == b"photo"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [store.path(name)]


def test_a_changed_file_is_found_out(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    name = store.put(b"photo")
    store.path(name).write_bytes(b"another photo")
    with pytest.raises(EvidenceError, match="changed"):
        store.read(name)


def test_too_large_leaves_nothing(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path, max_bytes=10)
    with pytest.raises(EvidenceError, match="larger"):
        store.put(b"x" * 8 for _ in range(3))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "AB" * 32, "0" * 63])
def test_a_name_cannot_leave_the_store(tmp_path: Path, name: str) -> None:
    with pytest.raises(EvidenceError, match="not the name"):
        EvidenceStore(tmp_path).read(name)


def test_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="No such file"):
        EvidenceStore(tmp_path).read("0" * 64)
    assert not EvidenceStore(tmp_path).has("0" * 64)
