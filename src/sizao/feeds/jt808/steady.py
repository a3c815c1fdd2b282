"""The short way for what terminals nearly always send, many connections at once.

A connection is *steady* once its terminal is known and nothing is half received: then a chunk of
whole frames of that terminal, in the same form of header, that hold positions without fault or
heartbeats, needs nothing of the session but its serial. A :class:`SteadyTable` borrows that
(:meth:`~SteadyTable.lend`), and one compiled pass over the chunks of a sweep gives the columns of
all positions and the bytes of all answers. A chunk with anything else in it, be it one wrong bit,
is left to the session whole, and so is every later one of that connection until it is lent anew.

The session's rules hold here: phone, form of header and length are compared as it does, the rules
of :mod:`.positions` are those of :mod:`.kernel`, and a position older than the last driver card
is the session's. A test holds both ways to the same rows and the same answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from sizao.core.loads import (
    BLOCK,
    address,
    copy_block,
    find,
    get64,
    put8,
    put16,
    put32,
    put_u16,
    u8,
    u16,
    u32,
    u64,
)
from sizao.feeds.jt808.columns import (
    CATCH_UP,
    LONG,
    Places,
    Rules,
    make_columns,
    places_of,
    position_batch,
)
from sizao.feeds.jt808.framing import MAX_PLAIN, MAX_RAW
from sizao.feeds.jt808.kernel import (
    SCRATCH,
    SHORTEST_POSITION,
    frame_end,
    header_size,
    marks_of,
    put_batch,
    put_location,
    unescape,
    xor_of,
)

if TYPE_CHECKING:
    from sizao.feeds.jt808.session import Known

MAX_DRIVER = 40
"""Longest driver's name, in bytes of UTF-8, that the table takes."""
_LONGEST_ANSWER = 2 + 2 * 25
"""Bytes of an answer, every one escaped."""
_SHORTEST_FRAME = 14
"""Bytes of a heartbeat, with one delimiter."""

TERMINAL = np.dtype(
    [
        ("since_us", np.int64),
        ("serial", np.int32),
        ("flag", np.int32),
        ("head", np.uint8),
        ("slow", np.uint8),
        ("answer_size", np.uint8),
        ("name_size", np.uint8),
        ("driver_size", np.uint8),
        ("phone", np.uint8, (16,)),
        ("name", np.uint8, (24,)),
        ("answer", np.uint8, (24,)),
        ("driver", np.uint8, (MAX_DRIVER + BLOCK,)),
    ],
    align=True,
)
"""What is known of a connection. ``head`` is 0 while it is the session's, else the size of the
terminal's header; ``slow`` is 1 from a chunk for the session on, until it is lent anew;
``answer`` the header of an answer up to its serial."""
_PHONE, _NAME, _ANSWER, _DRIVER = (
    int(TERMINAL.fields[name][1])  # type: ignore[index]  # fields are there
    for name in ("phone", "name", "answer", "driver")
)
_SIZE = TERMINAL.itemsize

REPLIES = np.dtype(
    [
        ("fd", np.int32),
        ("life", np.int32),
        ("start", np.int64),
        ("size", np.int32),
        ("read", np.int32),
        ("frames", np.int32),
    ],
    align=True,
)
"""The answers to a chunk of ``read`` bytes and ``frames`` frames, and whom they are for. ``life``
is the caller's."""


@njit(cache=True, inline="always")
def _put_answer(to: int, head: int, size: int, serial: int, question: int, about: int) -> int:
    """Write a general answer, delimited and escaped; returns its end.

    head, size : the answer's header up to its serial
    question : address of the serial that is answered
    about : message id and result
    """
    plain = to + 2 * BLOCK  # behind what is written
    copy_block(plain, head)
    put_u16(plain + size, serial)
    put_u16(plain + size + 2, u16(question))
    put_u16(plain + size + 4, about >> 8)
    put8(plain + size + 6, about & 0xFF)
    put8(plain + size + 7, xor_of(plain, plain + size + 7))
    used = size + 8
    put8(to, 0x7E)
    to += 1
    if (find(plain, 0x7E) | find(plain, 0x7D)) & ((1 << used) - 1):
        for k in range(used):
            value = u8(plain + k)
            if value == 0x7E or value == 0x7D:
                put8(to, 0x7D)
                put8(to + 1, 1 if value == 0x7D else 2)
                to += 2
            else:
                put8(to, value)
                to += 1
    else:
        copy_block(to, plain)
        to += used
    put8(to, 0x7E)
    return to + 1


@njit(cache=True, inline="always")
def _time_of(out: Places, row: int) -> int:
    """What :func:`.kernel.put_location` wrote."""
    return get64(out.time_us + row * 8)


@njit(cache=True, nogil=True)
def _take(
    arena: int,
    chunks: Any,
    table: Any,
    table_at: int,
    out: Places,
    drivers: int,
    driver_at: int,
    rules: Rules,
    replies: Any,
    answers: int,
    slow: npt.NDArray[np.int32],
    scratch: int,
) -> tuple[int, int, int, int, int]:
    """See :meth:`SteadyTable.take`. Returns the number of positions, frames, replies, of bytes of
    answers, and of slow chunks."""
    row = n_frames = n_replies = n_slow = 0
    to = answers
    name = out.name
    driver = drivers
    for index in range(len(chunks)):
        fd = chunks[index].fd
        size = chunks[index].size
        begin = arena + chunks[index].start
        known = table[fd]
        place = table_at + fd * _SIZE
        head = int(known.head)
        good = head != 0 and known.slow == 0 and u8(begin) == 0x7E and u8(begin + size - 1) == 0x7E
        limit = begin + size
        first_row, first_to, first_name, first_driver = row, to, name, driver
        serial = known.serial
        frames = 0
        at = begin
        while good:
            start = at + 1
            if start >= limit:
                break
            at, escapes = frame_end(start, limit)
            if at == start:
                continue
            p, length = start, at - start
            if escapes:
                length = unescape(start, at, limit, scratch) if length <= MAX_RAW else -1
                p = scratch
            good = head < length <= MAX_PLAIN and xor_of(p, p + length) == 0
            if not good:
                break
            message = u16(p)
            phone = p + (5 if head == 17 else 4)
            same = u64(phone) ^ u64(place + _PHONE)
            if head == 17:
                good = same == 0 and u16(phone + 8) == u16(place + _PHONE + 8)
            else:
                good = same >> 16 == 0
            good = (
                good
                and u16(p + 2) == known.flag | (length - head - 1)
                and header_size(p, length) == head
            )
            if not good:
                break
            body, stop = p + head, p + length - 1
            n = 0
            marks = LONG if head == 17 else 0
            result = 0
            if message == 0x0200:
                good = length - head >= 29 and put_location(body, stop, out, row, rules) == 1
                n = 1
                result = 4 if u32(body) & 1 else 0
            elif message == 0x0704:
                n, safety = put_batch(body, stop, out, row, rules)
                good = n >= 0 and not safety
                marks |= CATCH_UP
            else:
                good = message == 0x0002
            if not good:
                break
            for k in range(row, row + n):
                if _time_of(out, k) < known.since_us:
                    good = False  # who drove then is not in the table
                    break
                copy_block(name, place + _NAME)
                name += known.name_size
                put32(out.name_at + (k + 1) * 4, name - out.name)
                copy_block(driver, place + _DRIVER)
                copy_block(driver + BLOCK, place + _DRIVER + BLOCK)
                driver += known.driver_size
                put32(driver_at + (k + 1) * 4, driver - drivers)
                if marks:
                    put16(out.marks + k * 2, marks_of(out, k) | marks)
            if not good:
                break
            row += n
            frames += 1
            about = message << 8 | result
            to = _put_answer(
                to, place + _ANSWER, int(known.answer_size), serial, p + head - 2, about
            )
            serial = (serial + 1) & 0xFFFF
        if good and frames:
            known.serial = serial
            reply = replies[n_replies]
            reply.fd = fd
            reply.start = first_to - answers
            reply.size = to - first_to
            reply.read = size
            reply.frames = frames
            n_replies += 1
            n_frames += frames
        else:
            row, to, name, driver = first_row, first_to, first_name, first_driver
            known.slow = 1
            slow[n_slow] = index
            n_slow += 1
    return row, n_frames, n_replies, to - answers, n_slow


class Taken(NamedTuple):
    """What a sweep held."""

    positions: pa.RecordBatch
    frames: int
    replies: npt.NDArray[np.void]
    """Dtype REPLIES, in the order of the chunks."""
    answers: npt.NDArray[np.uint8]
    """Their bytes."""
    slow: list[int]
    """Chunks for the session, by index, in order."""


class SteadyTable:
    """What is known of connections, by a small number each: their file descriptor."""

    def __init__(self, room: int) -> None:
        self.terminals = np.zeros(room, TERMINAL)
        self._scratch = np.empty(SCRATCH, np.uint8)

    def lend(self, number: int, known: Known) -> None:
        """From now on the connection's chunks may go the short way."""
        driver = (known.driver or "").encode()
        if len(driver) > MAX_DRIVER or number >= len(self.terminals):
            return
        one = self.terminals[number]
        name = known.phone.encode()
        one["since_us"] = known.since_us
        one["serial"], one["flag"] = known.serial, known.flag
        one["answer_size"], one["name_size"] = len(known.answer), len(name)
        one["driver_size"] = len(driver)
        for field, value in (
            ("phone", known.raw_phone),
            ("name", name),
            ("answer", known.answer),
            ("driver", driver),
        ):
            one[field][: len(value)] = np.frombuffer(value, np.uint8)
        one["slow"], one["head"] = 0, known.head

    def lent(self, number: int) -> bool:
        """Whether the table holds the connection's serial."""
        return bool(self.terminals["head"][number])

    def take_back(self, number: int) -> int:
        """The next one is the session's; returns the serial of its next answer."""
        one = self.terminals[number]
        one["head"] = 0
        return int(one["serial"])

    def take(
        self,
        arena: npt.NDArray[np.uint8],
        chunks: npt.NDArray[np.void],
        rules: Rules,
        source: str,
    ) -> Taken:
        """Read the chunks of a sweep.

        chunks : fields ``fd``, ``size``, ``start``; bytes of ``arena``, 32 more of which may be
        read behind the last
        """
        total = int(chunks["size"].sum())
        room = total // SHORTEST_POSITION + 1
        columns = make_columns(room)
        drivers = np.empty(room * MAX_DRIVER + 2 * BLOCK, np.uint8)
        driver_at = np.zeros(room + 1, np.int32)
        replies = np.zeros(len(chunks), REPLIES)
        answers = np.empty(total // _SHORTEST_FRAME * _LONGEST_ANSWER + 5 * BLOCK, np.uint8)
        slow = np.empty(len(chunks), np.int32)
        n, frames, n_replies, used, n_slow = _take(
            address(arena),
            chunks,
            self.terminals,
            address(self.terminals),
            places_of(columns),
            address(drivers),
            address(driver_at),
            rules,
            replies,
            address(answers),
            slow,
            address(self._scratch),
        )
        found = None
        if driver_at[n]:
            given = np.packbits(np.diff(driver_at[: n + 1]) > 0, bitorder="little")
            buffers = [pa.py_buffer(given), pa.py_buffer(driver_at[: n + 1]), pa.py_buffer(drivers)]
            found = pa.Array.from_buffers(pa.string(), n, buffers)
        positions = position_batch(columns, n, rules.received_us, driver=found, source=source)
        return Taken(positions, frames, replies[:n_replies], answers[:used], slow[:n_slow].tolist())
