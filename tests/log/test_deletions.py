"""Tombstones: what went, when and why, found again quickly, and whole after a kill."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from sizao.core.errors import ConfigError, NoRoomError
from sizao.log import deletions, evidence
from sizao.log.deletions import Deletions, Gone
from sizao.log.evidence import EvidenceStore, space


def name(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def test_every_piece_of_a_list_is_found_and_no_other(tmp_path: Path) -> None:
    lists = Deletions(tmp_path)
    assert lists.find(name(1)) is None
    for start in (0, 100):
        gone = [Gone(name(n), "passage", "expired") for n in range(start, start + 100)]
        lists.finish(lists.begin(gone, 1000.0 + start, 900.0))
    found = [lists.find(name(n)) for n in range(200)]
    assert [one.at_s for one in found if one] == [1000.0] * 100 + [1100.0] * 100
    assert {one.kind for one in found if one} == {"passage"}
    assert lists.find(name(200)) is None
    assert lists.unfinished() == []


def test_a_list_is_a_tombstone_before_the_first_piece_goes(tmp_path: Path) -> None:
    lists = Deletions(tmp_path)
    path = lists.begin([Gone(name(1), "report", "released")], 5.0, 4.0)
    found = Deletions(tmp_path).find(name(1))
    assert (found.kind, found.reason, found.at_s) == ("report", "released", 5.0)
    assert Deletions(tmp_path).unfinished() == [path]
    assert deletions.head(path)["pieces"] == 1
    assert list(deletions.pieces(path)) == [Gone(name(1), "report", "released")]


def test_a_changed_list_has_another_digest(tmp_path: Path) -> None:
    lists = Deletions(tmp_path)
    path = lists.begin([Gone(name(n), "alarm", "expired") for n in range(3)], 5.0, 4.0)
    before = deletions.digest(path)
    data = path.read_bytes()
    path.write_bytes(data[:-34])
    assert deletions.digest(path) != before


def test_a_piece_that_was_put_again_stays(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    old, new = store.put(b"old"), store.put(b"new")
    os.utime(store.path(old), (1000, 1000))
    assert store.remove(old, not_after_s=2000) == "gone"
    assert store.remove(old, not_after_s=2000) == "missing"
    assert store.remove(new, not_after_s=2000) == "newer"
    assert store.read(new) == b"new"
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [new[2:]]


def test_control_without_the_moment_it_would_go(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    assert store.remove(store.put(b"new"), not_after_s=float("inf")) == "gone"


def test_below_the_floor_nothing_is_taken_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = EvidenceStore(tmp_path / "evidence")
    kept = store.put(b"before")
    free = space(tmp_path).free
    monkeypatch.setenv(evidence.FLOOR, str(free / 1e9 + 1))
    assert space(tmp_path).full
    with pytest.raises(NoRoomError, match=r"GB free and SIZAO_EVIDENCE_FLOOR_GB keeps"):
        store.put(b"one more")
    assert store.read(kept) == b"before", "what is there is still read"
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
    monkeypatch.setenv(evidence.FLOOR, "0")
    store.put(b"one more")


def test_the_floor_is_met_in_the_middle_of_a_long_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may fill the disk meanwhile."""
    store = EvidenceStore(tmp_path)
    monkeypatch.setattr(evidence, "LOOK_EVERY", 100)
    sent = 0

    def chunks() -> object:
        nonlocal sent
        for _ in range(100):
            sent += 50
            if sent == 500:
                monkeypatch.setenv(evidence.FLOOR, "1e9")
            yield b"x" * 50

    with pytest.raises(NoRoomError):
        store.put(chunks())
    assert sent < 700
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_floor_that_is_no_number_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(evidence.FLOOR, "a lot")
    with pytest.raises(ConfigError, match="SIZAO_EVIDENCE_FLOOR_GB: 'a lot'"):
        space(tmp_path)


def test_half_written_files_of_killed_processes_go(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    kept = store.put(b"whole")
    for name, age in ((".draft-old", 2 * 86_400), (".draft-new", 60)):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    assert store.tidy(now_s=1e9) == 1
    assert (tmp_path / ".draft-new").exists()
    assert store.read(kept) == b"whole"


def test_a_piece_moved_aside_by_a_run_that_was_killed_is_judged_by_the_next(
    tmp_path: Path,
) -> None:
    store = EvidenceStore(tmp_path)
    for data, moment, outcome in ((b"old", 1000, "gone"), (b"new", 3000, "newer")):
        name = store.put(data)
        path = store.path(name)
        os.utime(path, (moment, moment))
        path.rename(path.with_name(f".gone-{path.name}"))
        assert store.remove(name, not_after_s=2000) == outcome
        assert store.has(name) is (outcome == "newer")
    assert not list(tmp_path.rglob(".gone-*"))
