"""A bell between the request threads and the desk thread."""

from __future__ import annotations

import threading

_bell = threading.Event()


def wake_desk() -> None:
    """Let the desk start its next round now. Call after the commit."""
    _bell.set()


def wait(seconds: float) -> bool:
    """Sleep until the bell or for so long; used by the desk. Whether it was the bell."""
    rang = _bell.wait(seconds)
    _bell.clear()
    return rang
