"""One call of a stream, and what it holds: a seat and a place in a queue.

Django drops a stream's generators when the client is gone, but does not close them. One that was
cut off during a send is tied into its own traceback, and only the garbage collector, which this
process runs rarely, would end it. So nothing is left to generators: the server application
opens a visit around the call, views put on it what they took, and the end of the call gives all
of it back, whatever ended it and however far it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar

_held: ContextVar[ExitStack] = ContextVar("sizao.live.visit")


@contextmanager
def visit() -> Iterator[None]:
    """Around one call; tasks and threads that the call starts are within it."""
    with ExitStack() as stack:
        token = _held.set(stack)
        try:
            yield
        finally:
            _held.reset(token)


def held() -> ExitStack:
    """Where a view puts what it took. Raises LookupError outside of a visit."""
    return _held.get()
