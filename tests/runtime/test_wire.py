"""Answers for many connections in one call: nobody's trouble delays another."""

from __future__ import annotations

import errno
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import pytest

from sizao.core.loads import address
from sizao.feeds.jt808.steady import REPLIES
from sizao.runtime.syscalls import GONE, OPEN, SOCKET, note, send_all

DATA = np.frombuffer(b"an answer", np.uint8)


def pair() -> tuple[socket.socket, socket.socket]:
    """Server's and client's end of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(listener.getsockname())
        server, _ = listener.accept()
    return server, client


@contextmanager
def trouble() -> Iterator[tuple[list[socket.socket], socket.socket]]:
    """Server's ends of a connection that was reset, one whose other side does not read, and a
    good one; and the good one's other side."""
    ends = [pair() for _ in range(3)]
    (dead, gone), (stuck, deaf), (good, reader) = ends
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    gone.close()
    with pytest.raises(ConnectionResetError):
        dead.recv(1)  # returns when the reset has come
    stuck.setblocking(False)
    refused = 0
    while refused < 3:  # full at last, and what was on its way has come to rest too
        try:
            stuck.send(bytes(1 << 16 if refused == 0 else 1))
        except BlockingIOError:
            refused += 1
            time.sleep(0.05)
    reader.settimeout(0.3)
    try:
        yield [dead, stuck, good], reader
    finally:
        for end in (dead, stuck, deaf, good, reader):
            end.close()


def table(servers: list[socket.socket]) -> tuple[npt.NDArray[np.void], npt.NDArray[np.void]]:
    """The wire's record of the sockets, and an answer for each that waits for its turn."""
    sockets = np.zeros(max(one.fileno() for one in servers) + 1, SOCKET)
    replies = np.zeros(len(servers), REPLIES)
    for index, one in enumerate(servers):
        sockets[one.fileno()]["state"], sockets[one.fileno()]["life"] = OPEN, 7 + index
        replies[index]["fd"] = one.fileno()
    replies["size"], replies["read"] = len(DATA), 50
    assert len(note(sockets, replies, 1000)) == 0
    assert replies["life"].tolist() == [7, 8, 9]
    return sockets, replies


def test_a_dead_and_a_stuck_connection_delay_nobody() -> None:
    with trouble() as (servers, reader):
        sockets, replies = table(servers)
        odd = np.zeros((3, 2), np.int64)
        n = send_all(sockets, address(DATA), replies, 3, odd)
        assert reader.recv(100) == DATA.tobytes()
        (dead, why), (stuck, sent) = odd[:n].tolist()
        assert (dead, stuck, sent) == (0, 1, 0)
        assert -why in (errno.EPIPE, errno.ECONNRESET)
        fds = [one.fileno() for one in servers]
        assert sockets["pending"][fds].tolist() == sockets["waiting"][fds].tolist() == [0, 0, 0]


@pytest.mark.parametrize("first", [0, 1])
def test_control_one_after_the_other_the_good_one_waits(first: int) -> None:
    """What the guards are for: written in turn, the first dead or stuck one stops all others."""

    def in_turn(servers: list[socket.socket]) -> None:
        for one in servers[first:]:
            one.settimeout(0.2)
            one.sendall(DATA)

    with trouble() as (servers, reader):
        with pytest.raises(OSError, match=r"reset|Broken|timed out"):
            in_turn(servers)
        with pytest.raises(TimeoutError):
            reader.recv(100)


def test_an_answer_never_goes_to_who_has_the_number_now() -> None:
    with trouble() as (servers, reader):
        sockets, replies = table(servers)
        sockets[servers[2].fileno()]["life"] += 1
        odd = np.zeros((3, 2), np.int64)
        n = send_all(sockets, address(DATA), replies, 3, odd)
        assert odd[n - 1].tolist() == [2, -GONE]
        with pytest.raises(TimeoutError):
            reader.recv(100)
        assert sockets[servers[2].fileno()]["pending"] == 1, "another's account is left alone"


def test_who_has_too_much_waiting_is_named() -> None:
    with trouble() as (servers, _):
        sockets, replies = table(servers)
        assert note(sockets, replies, 100).tolist() == [one.fileno() for one in servers]
