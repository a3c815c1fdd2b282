"""Compiled loops are kept by the digest of their source, in a folder that can be written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sizao.core import kernel_cache


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_the_folder_lies_in_the_users_cache(home: Path) -> None:
    folder = kernel_cache.use_kernel_cache()
    assert folder.parent == home / "sizao"
    assert folder.is_dir()


def test_another_source_has_another_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kernel_cache.use_kernel_cache()
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    fake = home / "package" / "core" / "kernel_cache.py"
    fake.parent.mkdir(parents=True)
    fake.write_text("")
    (home / "package" / "rule.py").write_text("from numba import njit")
    monkeypatch.setattr(kernel_cache, "__file__", str(fake))
    second = kernel_cache.use_kernel_cache()
    assert second != first
    (home / "package" / "rule.py").write_text("from numba import njit  # changed")
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert kernel_cache.use_kernel_cache() not in (first, second)


def test_the_stamp_is_of_files_with_kernels_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = home / "package" / "core" / "kernel_cache.py"
    rule, page = fake.parents[1] / "rule.py", fake.parents[1] / "page.py"
    fake.parent.mkdir(parents=True)
    fake.write_text("")
    page.write_text("")
    rule.write_text("from numba import njit")
    os.utime(rule, (1_000, 1_000))
    monkeypatch.setattr(kernel_cache, "__file__", str(fake))
    before = kernel_cache.stamp()
    page.write_text("edited")
    assert kernel_cache.stamp() == before
    os.utime(rule, (2_000, 2_000))
    touched = kernel_cache.stamp()
    assert touched != before, "Numba compiles a touched file anew"
    rule.write_text("from numba import NJIT  # njit")
    os.utime(rule, (2_000, 2_000))
    assert kernel_cache.stamp() not in (before, touched)


def test_a_named_folder_is_left_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(home / "mine"))
    assert kernel_cache.use_kernel_cache() == home / "mine"


def test_a_service_without_a_home_still_finds_a_place(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "file"))
    folder = kernel_cache.use_kernel_cache()
    assert folder.is_dir()
    assert not folder.is_relative_to(home)


def test_the_tests_themselves_go_by_it() -> None:
    """Django's apps import Numba before any test file is read; loops beside their source would
    be those of yesterday's helpers in other files."""
    from sizao.detect.raw import picked

    folder = Path(picked.stats.cache_path)
    assert folder.parent == Path(os.environ["NUMBA_CACHE_DIR"])
