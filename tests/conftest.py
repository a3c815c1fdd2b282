"""What every test shares: the folder of compiled loops that the product uses too."""

from __future__ import annotations

import pytest

from sizao.core.kernel_cache import use_kernel_cache

use_kernel_cache()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests run last: the browser driver keeps an event loop running in this thread,
    under which a later test could not start one of its own."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
