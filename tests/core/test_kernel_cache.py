"""Compiled loops are kept by the digest of their source, in a folder that can be written."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from sizao.core import kernel_cache

NJIT = "from numba import njit\n"


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


@pytest.mark.parametrize(
    ("statement", "file", "counts"),
    [
        ("from sizao.numbers import FULL", "numbers.py", True),
        ("    from sizao.numbers import FULL as f", "numbers.py", True),
        ("from sizao import (\n    others,\n    numbers as n,\n)", "numbers.py", True),
        ("import sizao.numbers", "numbers.py", True),
        ("from sizao.book import FULL", "book/__init__.py", True),
        ("from sizao.middle import FULL", "numbers.py", True),
        ("from numbers import Number", "numbers.py", False),
        ("from sizao.other import FULL", "numbers.py", False),
    ],
)
def test_what_kernels_import_counts_and_nothing_else(
    home: Path, monkeypatch: pytest.MonkeyPatch, statement: str, file: str, counts: bool
) -> None:
    """A number from there is a constant in a loop: of two values the older one was still used."""
    fake = home / "package" / "core" / "kernel_cache.py"
    package = fake.parents[1]
    for name, text in (
        ("core/kernel_cache.py", ""),
        ("middle.py", "from sizao.numbers import FULL"),
        ("rule.py", f"{NJIT}{statement}"),
        (file, "FULL = 1"),
    ):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    monkeypatch.setattr(kernel_cache, "__file__", str(fake))

    def folder() -> Path:
        monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
        return kernel_cache.use_kernel_cache()

    before = kernel_cache.stamp(), folder()
    assert (kernel_cache.stamp(), folder()) == before
    (package / file).write_text("FULL = 2")
    after = kernel_cache.stamp(), folder()
    assert [one != other for one, other in zip(before, after, strict=True)] == [counts, counts]


def test_a_named_folder_is_left_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(home / "mine"))
    assert kernel_cache.use_kernel_cache() == home / "mine"


@pytest.fixture
def no_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the system's temporary folder is, for who has no other."""
    (home / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "file"))
    (home / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(home / "tmp"))
    return home / "tmp"


def test_a_service_without_a_home_has_a_place_of_its_own(
    no_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = kernel_cache.use_kernel_cache()
    assert folder.is_dir()
    assert folder.parent == no_home / f"sizao-{os.getuid()}"
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert kernel_cache.use_kernel_cache() == folder


@pytest.mark.parametrize("whose", ["writable by others", "a link", "somebody else's"])
def test_loops_that_others_may_have_put_there_are_not_run(
    no_home: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    """Anybody may make a folder of that name before the service is first started."""
    place = no_home / f"sizao-{os.getuid()}"
    if whose == "a link":
        (no_home / "elsewhere").mkdir(mode=0o700)
        place.symlink_to("elsewhere")
    else:
        place.mkdir()
        place.chmod(0o777 if whose == "writable by others" else 0o755)
    if whose == "somebody else's":
        own = os.getuid() + 1
        monkeypatch.setattr(os, "getuid", lambda: own)
        place.rename(no_home / f"sizao-{own}")
    folder = kernel_cache.use_kernel_cache()
    assert folder.is_dir()
    assert folder.parent.parent == no_home
    assert folder.parent.name.startswith(f"sizao-{os.getuid()}-")
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_the_tests_themselves_go_by_it() -> None:
    """Django's apps import Numba before any test file is read; loops beside their source would
    be those of yesterday's helpers in other files."""
    from sizao.detect.raw import picked

    folder = Path(picked.stats.cache_path)
    assert folder.parent == Path(os.environ["NUMBA_CACHE_DIR"])
