"""One call of a stream, and what it holds: a seat and a place in a queue.

Django drops a stream's generators when the client is gone, but does not close them. One that was
cut off during a send is tied into its own traceback, and only the garbage collector, which this
process runs rarely, would end it. And a view that is at work when the client hangs up goes on
after the call is over, because middleware is synchronous and stands between it and the news. So
nothing is left to either: the server application opens a visit around the call, views put on it
what they took, and the end of the call gives all of it back, whatever ended it and however far
it came. What is put on a visit that is over is given back at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any


class Visit:
    """What one call holds. Used from one event loop."""

    def __init__(self) -> None:
        self._held = ExitStack()
        self.over = False

    def give_back(self, release: Callable[..., object], *args: Any) -> None:
        """Call this at the end of the visit, last in first out; now if it has ended."""
        self._held.callback(release, *args)
        if self.over:
            self._held.close()

    def end(self) -> None:
        self.over = True
        self._held.close()


_now: ContextVar[Visit] = ContextVar("sizao.live.visit")


@contextmanager
def visit() -> Iterator[None]:
    """Around one call; tasks and threads that the call starts are within it."""
    made = Visit()
    token = _now.set(made)
    try:
        yield
    finally:
        _now.reset(token)
        made.end()


def held() -> Visit:
    """The visit a view works in. Raises LookupError outside of one."""
    return _now.get()
