"""The event loop and the number of sockets a process may hold."""

from __future__ import annotations

import asyncio
import gc
import resource


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed, which takes half the time a message; else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def raise_file_limit(wanted: int) -> int:
    """Ask for room for so many open files. Returns how many are allowed now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < target:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
        return target
    return wanted if soft == resource.RLIM_INFINITY else soft


def settle_garbage_collector() -> None:
    """Leave what is loaded by now out of every later collection, and collect rarely.

    A tick allocates thousands of small objects and frees them without cycles; walking through
    the imported libraries each time cost the gateway half of its time a message.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
