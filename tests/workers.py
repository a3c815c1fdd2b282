"""Which tests share a worker where there are several (``pytest -n 2 --dist loadfile``), and which
begin.

A file's tests stay together, for what they share. So do all that use the demonstration: it is
started once. Its tests mostly wait for what happens in its own time, so they come first of all
and the other worker has the rest meanwhile, of lower priority; then files with slow tests, so that
none is left over at the end.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import pytest

DEMONSTRATION = "tests/e2e/"
APART = "tests/e2e/test_storm.py"
"""Its web process is its own: it need not wait for the demonstration."""
BEFORE = "tests/web/test_soak.py"
"""Two thousand vehicles at twenty times the speed: beside the demonstration neither keeps up."""
LONG = ("slow", "browser")
"""Marks of tests that take long."""
LOWER = 5
"""Steps of priority: a third of the processor where two want it."""


def together(test: str) -> str:
    """A name that tests of one worker have in common, from the id of one of them."""
    path = test.partition("::")[0]
    shares = path.startswith(DEMONSTRATION) and path != APART
    return DEMONSTRATION if shares or path == BEFORE else path


def order(tests: Iterable[tuple[str, bool]]) -> dict[str, int]:
    """A rank for each name that tests have in common, the first to begin lowest.

    tests : ids, and whether it takes long
    """
    ranks: dict[str, int] = {}
    for test, is_long in tests:
        name = together(test)
        rank = 0 if name == DEMONSTRATION else 1 if is_long else 2
        ranks[name] = min(rank, ranks.get(name, rank))
    return ranks


def deal(items: list[pytest.Item]) -> None:
    """Put tests in the order in which their files are to be dealt out."""
    ranks = order((item.nodeid, any(map(item.get_closest_marker, LONG))) for item in items)
    items.sort(key=lambda item: ranks[together(item.nodeid)])


def give_way(test: str) -> None:
    """Leave the processor to the demonstration, unless this is a test of it: who goes on with
    others has none of its left."""
    if together(test) != DEMONSTRATION:
        os.setpriority(os.PRIO_PROCESS, 0, max(LOWER, os.getpriority(os.PRIO_PROCESS, 0)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hook of pytest-xdist; its other ways of dealing tests out are left as they are."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False  # files with many tests first

    class Scheduler(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return together(nodeid)

    return Scheduler(config, log)
