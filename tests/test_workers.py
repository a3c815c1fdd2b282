"""Tests that share the demonstration go to one worker, and only they and one other; they begin."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workers import APART, BEFORE, DEMONSTRATION, LOWER, order, together

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("tests/e2e/test_loop.py::test_whole_loop", DEMONSTRATION),
        (f"{BEFORE}::test_people_and_desk_write_together_without_a_lock_error", DEMONSTRATION),
        (f"{APART}::test_a_flood[a::b]", APART),
        ("tests/runtime/test_kill.py::test_rules[unkept]", "tests/runtime/test_kill.py"),
    ],
)
def test_who_is_together(test: str, name: str) -> None:
    assert together(test) == name
    assert (ROOT / name).exists()


def test_the_demonstration_begins_and_files_with_a_slow_test_follow() -> None:
    """A file goes by its slowest test, wherever in it that stands."""
    given = [
        ("tests/a.py::test_1", False),
        ("tests/b.py::test_1", False),
        ("tests/b.py::test_2", True),
        (f"{APART}::test_1", True),
        (f"{BEFORE}::test_1", True),
        ("tests/e2e/test_loop.py::test_1", False),
    ]
    assert order(given) == {"tests/a.py": 2, "tests/b.py": 1, APART: 1, DEMONSTRATION: 0}


@pytest.mark.parametrize(("test", "steps"), [("tests/a.py::test_1", LOWER), (f"{APART}::x", LOWER),
                                             ("tests/e2e/test_loop.py::test_1", 0)])  # fmt: skip
def test_others_leave_the_processor_to_the_demonstration(test: str, steps: int) -> None:
    code = "import os; from tests.workers import give_way\n"
    code += f"give_way({test!r}); give_way({test!r}); print(os.nice(0))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == max(os.nice(0), steps)
