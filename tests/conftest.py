"""What every test shares: the folder of compiled loops that the product uses too, and how
examples are drawn."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from sizao.core.kernel_cache import use_kernel_cache
from tests.workers import deal, give_way, pytest_xdist_make_scheduler

__all__ = ["pytest_xdist_make_scheduler"]  # a hook

use_kernel_cache()

# No test is timed: a busy machine is no failure. A build draws the same examples each time;
# everybody's own runs draw new ones.
settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("house")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests run last: the browser driver keeps an event loop running in this thread,
    under which a later test could not start one of its own. Where several workers run, a driver is
    gone with its file or folder, and files have an order of their own."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    if hasattr(config, "workerinput"):
        deal(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if hasattr(item.config, "workerinput"):
        give_way(item.nodeid)
