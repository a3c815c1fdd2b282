"""Beside the browser tests of the whole demonstration, when all run in one session."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _beside_a_loop() -> Iterator[None]:
    """Their browser's event loop runs in this thread until the session ends, and Django must be
    told that the database may be used beside it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield
