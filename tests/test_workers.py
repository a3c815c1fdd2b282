"""Tests that share the demonstration go to one worker, and only they and one other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workers import APART, BEFORE, DEMONSTRATION, together

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
