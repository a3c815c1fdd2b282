"""Reading and writing many sockets in one compiled call.

A message on its own costs the system some 7 us; an event loop that calls into Python for each
adds half as much again, and with ten thousand connections more. Here the loop over the sockets
is compiled, and Python sees a sweep: all that has arrived, in one piece of memory.

Linux only, like the product: epoll, edge-triggered. A socket that was read short is empty until
its next edge, so nothing is asked twice.
"""

from __future__ import annotations

import errno
import platform
import select
import socket
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, types

from sizao.core.loads import get32, put32

_MOVE = types.int64(types.int32, types.int64, types.int64, types.int32)
recv = types.ExternalFunction("recv", _MOVE)
send = types.ExternalFunction("send", _MOVE)
epoll_wait = types.ExternalFunction(
    "epoll_wait", types.int32(types.int32, types.int64, types.int32, types.int32)
)
errno_at = types.ExternalFunction("__errno_location", types.int64())
clock_gettime = types.ExternalFunction("clock_gettime", types.int32(types.int32, types.int64))

_PACKED = platform.machine() in ("x86_64", "AMD64")
EVENT = 12 if _PACKED else 16
"""Bytes of a struct epoll_event; x86 packs it."""
DATA = 4 if _PACKED else 8
_OUT = select.EPOLLOUT
_GONE = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
WATCH = select.EPOLLIN | _OUT | select.EPOLLRDHUP | select.EPOLLET
"""Writable edges come only after a write that did not fit."""

READ = int(socket.MSG_DONTWAIT)
WRITE = int(socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
AGAIN, GONE = errno.EAGAIN, errno.EBADF
_INTERRUPTED = errno.EINTR

CHUNK = np.dtype([("fd", np.int32), ("size", np.int32), ("start", np.int64)])
"""What one read gave: ``size`` bytes at ``start`` of the arena; 0 bytes are the end of the
stream, less is minus the error number, and :data:`WRITABLE` says that a full socket has room."""

WRITABLE = int(np.iinfo(np.int32).min)

FREE, OPEN, PAUSED, CLOSING = range(4)

SOCKET = np.dtype(
    [
        ("life", np.int32),
        ("state", np.uint8),
        ("full", np.uint8),
        ("pending", np.int32),
        ("waiting", np.int64),
        ("heard", np.float64),
    ],
    align=True,
)
"""A connection, by its file descriptor. ``life`` tells those apart that had the same one after
the other; ``full`` is 1 while bytes wait for a reader; ``pending`` arrivals of ``waiting`` bytes
are not answered yet; ``heard`` is the monotonic second of the last read."""

POSITION, COUNT, KEPT = range(3)
"""What :func:`sweep` remembers between calls: the next event, how many there are, and how many of
those served have more to say."""


@njit(cache=True, nogil=True)
def sweep(
    epoll: int,
    events: int,
    room: int,
    state: npt.NDArray[np.int64],
    sockets: Any,
    arena: int,
    size: int,
    at_most: int,
    now_s: float,
    chunks: Any,
) -> tuple[int, int]:
    """Read once from every socket that has something.

    events : address of ``room`` events
    state : int64 (3,)
    arena : address of ``size`` bytes; one read takes up to ``at_most`` of them
    chunks : CHUNK, filled

    Returns the number of chunks and of bytes. There may be more at once if anything came: an edge
    that was taken from epoll and not served, or whose socket was not read empty, stays in
    ``events``.
    """
    n = used = 0
    if state[POSITION] == state[COUNT]:
        kept = state[KEPT]
        got = epoll_wait(epoll, events + kept * EVENT, room - kept, 0)
        state[POSITION] = state[KEPT] = 0
        state[COUNT] = kept + max(got, 0)
    while state[POSITION] < state[COUNT] and n + 2 <= len(chunks) and size - used >= at_most:
        event = events + state[POSITION] * EVENT
        state[POSITION] += 1
        what, fd = get32(event), get32(event + DATA)
        one = sockets[fd]
        if what & _OUT and one.full:
            chunks[n].fd = fd
            chunks[n].size = WRITABLE
            n += 1
        if one.state != OPEN:
            continue  # a paused one is armed anew when it goes on
        got = recv(fd, arena + used, at_most, READ)
        if got < 0:
            error = get32(errno_at())
            if error != AGAIN:
                chunks[n].fd = fd
                chunks[n].size = -error
                n += 1
            continue
        chunks[n].fd = fd
        chunks[n].size = got
        chunks[n].start = used
        n += 1
        used += got
        one.heard = now_s
        # Read short: empty until its next edge, unless the end of the stream is known already.
        if got == at_most or (got > 0 and what & _GONE):
            place = events + state[KEPT] * EVENT
            put32(place, what)
            put32(place + DATA, fd)
            state[KEPT] += 1
    return n, used


@njit(cache=True, nogil=True)
def note(sockets: Any, replies: Any, most: int) -> npt.NDArray[np.int64]:
    """Put arrivals that will be answered by ``replies`` on their connections' account, and the
    connections' life into the replies. Returns the connections that have ``most`` bytes waiting."""
    full = np.empty(len(replies), np.int64)
    n = 0
    for index in range(len(replies)):
        reply = replies[index]
        one = sockets[reply.fd]
        reply.life = one.life
        one.pending += 1
        one.waiting += reply.read
        if one.waiting >= most and one.state == OPEN:
            full[n] = reply.fd
            n += 1
    return full[:n]


@njit(cache=True, nogil=True)
def send_all(sockets: Any, data: int, replies: Any, n: int, odd: npt.NDArray[np.int64]) -> int:
    """Send each answer to its connection and take its arrival off the connection's account.

    data : address of the answers' bytes
    replies : fields ``fd``, ``life``, ``start``, ``size``, ``read``: the place of the bytes, whose
    they are, and the size of the arrival that they answer
    odd : int64 (n, 2), filled: index of an answer that did not go out whole, and what became of
    it: bytes sent, or minus the error number, :data:`GONE` if that connection is no more.

    Returns the number of odd ones. No connection waits for another: a full one is left at once.
    """
    n_odd = 0
    for index in range(n):
        reply = replies[index]
        one = sockets[reply.fd]
        if one.life != reply.life or one.state == FREE:
            sent = -GONE
        else:
            one.pending -= 1
            one.waiting -= reply.read
            if reply.size == 0:
                continue
            if one.state == CLOSING:
                sent = -GONE
            elif one.full:
                sent = 0
            else:
                sent = send(reply.fd, data + reply.start, reply.size, WRITE)
                if sent < 0:
                    error = get32(errno_at())
                    sent = 0 if error in (AGAIN, _INTERRUPTED) else -error
        if sent != reply.size:
            odd[n_odd, 0] = index
            odd[n_odd, 1] = sent
            n_odd += 1
    return n_odd
