"""The decoding loop of :mod:`.bulk`, compiled: bytes to columns of positions in one pass.

A frame without escapes is read in place. Everything that is not a plain, whole, correct frame of
positions that all become rows is left to the Python path as a pair of offsets, so this file knows
two messages and no error kind.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import njit

from sizao.core.loads import (
    BLOCK,
    copy_block,
    find,
    get32,
    get64,
    lowest_bit,
    put8,
    put16,
    put32,
    put64,
    put_u64,
    u8,
    u16,
    u32,
    u64,
)
from sizao.feeds.jt808.columns import CATCH_UP, Places, Rules
from sizao.feeds.jt809.crc import BEFORE, right
from sizao.feeds.jt809.placing import put_new, put_old

SCRATCH = 4096
"""Room for the longest frame the loop unescapes; longer ones are left to the other path."""
GROUP = 16
"""Frames unescaped before the first of them is read: to read at once what has just been written in
other pieces makes the processor wait."""
ARENA = 2 * SCRATCH
"""Room for a group."""
WAITING = 4
"""Words of a frame that waits to be read: address and size, 0 if it is bad, as it was before it was
escaped, and its first byte and end among those that arrived."""
_USUAL = 3 * BLOCK
"""Most frames of one position are no longer, so this much is copied at once."""
KEY = 3
"""Words of a plate (21 bytes) and colour, big-endian, the last two bytes masked away."""
MAX_PLATES = 1 << 20
"""Plates of a link that are remembered; then the table is begun anew."""
REST = 3
"""Words of a stretch for the other path: kind, first byte, end."""
_COLOUR = -0x10000
FRAME, STRAY = 0, 1
"""What a stretch for the other path is: a frame, or bytes between frames."""


class Plates(NamedTuple):
    """The plates seen so far: addresses, because counting references to arrays in the loop took
    longer than decoding."""

    keys: int
    """int64 (room, KEY): each by its number."""
    room: int
    slots: int
    """int32 (mask + 1,): number of the plate whose hash leads there, -1 for none."""
    mask: int
    used: int
    """int64 (1,): how many there are."""


@njit(cache=True, inline="always")
def plate_number(a: int, b: int, c: int, plates: Plates) -> int:
    """Number of a plate and colour, given as three words; a new one gets the next number. -1 when
    there is no room."""
    h = a * -7046029254386353131 ^ b * -4417276706812531889 ^ c
    h *= -49064778989728563
    place = (h ^ h >> 32) & plates.mask
    found: Any = -2
    while found == -2:
        number = get32(plates.slots + 4 * place)
        if number > 0x7FFF_FFFF:
            used = get64(plates.used)
            if used < plates.room:
                found = used
                key = plates.keys + 8 * KEY * used
                put64(key, a)
                put64(key + 8, b)
                put64(key + 16, c)
                put32(plates.slots + 4 * place, used)
                put64(plates.used, used + 1)
            else:
                found = -1
        else:
            key = plates.keys + 8 * KEY * number
            if get64(key) == a and get64(key + 8) == b and get64(key + 16) == c:
                found = number
        place = (place + 1) & plates.mask
    return found


@njit(cache=True, nogil=True)
def number(start: int, n: int, keys: int, plates: Plates, to: int) -> int:
    """Numbers of rows' plates, from row ``start`` on; the row before which there is no room.

    keys, to : addresses of int64 (n, KEY), each row's plate, and of int32 (n,)

    A loop of its own, because the table is larger than the processor's cache: so it waits for
    many places of it at a time.
    """
    for row in range(start, n):
        key = keys + 8 * KEY * row
        found = plate_number(get64(key), get64(key + 8), get64(key + 16), plates)
        if found < 0:
            return row
        put32(to + 4 * row, found)
    return n


@njit(cache=True)
def enter(some: int, n: int, plates: Plates) -> None:
    """Put plates, int64 (n, KEY) at an address, into an empty table, in their order."""
    for key in range(some, some + 8 * KEY * n, 8 * KEY):
        plate_number(get64(key), get64(key + 8), get64(key + 16), plates)


@njit(cache=True, inline="always")
def _positions(
    start: int,
    end: int,
    head: int,
    access_code: int,
    rules: Rules,
    keys: int,
    row: int,
    room: int,
    out: Places,
) -> int:
    """Rows from the unescaped frame between two addresses, whose CRC is right; how many, or -1 if
    it is anything but a plain frame of positions that all become rows."""
    size = end - start
    if size < head + 28 + 36 + 2 or u32(start) != size + 2:
        return -1
    business = u16(start + 8)
    if business != 0x1200 and business != 0x9200:
        return -1
    if u32(start + 10) != access_code or u8(start + 17) != 0:
        return -1
    body = start + head
    sub = u16(body + 22)
    later = sub == business + 3
    if sub != business + 2 and not later:
        return -1
    at = body + 28
    stop = end - 2
    if u32(body + 24) != stop - at or u8(body) == 0:
        return -1
    if row + 255 >= room:
        return -1
    count: Any = 1
    if later:
        count = u8(at)
        at += 1
        if count == 0:
            return -1
    # Which form a single position has: that of its length, else the link's.
    old = head == 22
    if stop - at == count * 36:
        old = True
    for n in range(count):
        if u8(at) != 0:
            return -1
        if old:
            if at + 36 > stop:
                return -1
            marks: Any = put_old(at + 1, rules, out, row + n)
            at += 36
        else:
            if at + 5 > stop:
                return -1
            length = u32(at + 1)
            # 35 bytes may be those of 2011: not worth a branch here.
            if at + 5 + length + 45 > stop or length == 35:
                return -1
            marks = put_new(at + 5, at + 5 + length, rules, out, row + n)
            at += 5 + length + 45
        if marks < 0:
            return -1
        put16(out.marks + (row + n) * 2, marks | (CATCH_UP if later else 0))
    if at != stop:
        return -1
    for n in range(count):
        key = keys + 8 * KEY * (row + n)
        put64(key, u64(body))
        put64(key + 8, u64(body + 8))
        put64(key + 16, u64(body + 16) & _COLOUR)
    return count


@njit(cache=True)
def specials(at: int, size: int, found: int) -> int:
    """Where the delimiters and escapes are among ``size`` bytes, as int32 at ``found``; how
    many."""
    n = 0
    block = 0
    while block + BLOCK <= size:
        here = at + block
        bits = find(here, 0x5A) | find(here, 0x5B) | find(here, 0x5D) | find(here, 0x5E)
        while bits:
            put32(found + 4 * n, block + lowest_bit(bits))
            n += 1
            bits &= bits - 1
        block += BLOCK
    while block < size:
        value = u8(at + block)
        if 0x5A <= value <= 0x5E and value != 0x5C:
            put32(found + 4 * n, block)
            n += 1
        block += 1
    return n


@njit(cache=True, inline="always")
def _leave(rest: int, n: int, kind: int, start: Any, end: Any) -> int:
    """Leave a stretch to the other path; how many there are then."""
    one = rest + 8 * REST * n
    put64(one, kind)
    put64(one + 8, start)
    put64(one + 16, end)
    return n + 1


@njit(cache=True, nogil=True)
def _read(
    waiting: int,
    n: int,
    head: int,
    access_code: int,
    rules: Rules,
    keys: int,
    key: int,
    stream: int,
    rest: int,
    n_rest: int,
    n_rows: int,
    room: int,
    out: Places,
) -> tuple[int, int, int]:
    """Read ``n`` frames that wait, int64 (n, WAITING). Returns the number of rows and of rest
    after them, and how many frames were read here."""
    n_frames = 0
    for one in range(waiting, waiting + 8 * WAITING * n, 8 * WAITING):
        plain = get64(one)
        size = get64(one + 8)
        end = plain + size
        found = -1
        if size > 24 and right(plain, end):
            if key >= 0 and u8(plain + 17) == 1 and u32(plain + 18) == key:
                for i in range(0, size - 2 - head, 8):
                    put_u64(plain + head + i, u64(plain + head + i) ^ u64(stream + i))
                put8(plain + 17, 0)
            found = _positions(plain, end, head, access_code, rules, keys, n_rows, room, out)
        if found >= 0:
            n_rows += found
            n_frames += 1
        else:
            n_rest = _leave(rest, n_rest, FRAME, get64(one + 16), get64(one + 24))
    return n_rows, n_rest, n_frames


@njit(cache=True, nogil=True)
def decode(
    base: int,
    size: int,
    head: int,
    access_code: int,
    rules: Rules,
    keys: int,
    scratch: int,
    waiting: int,
    key: int,
    stream: int,
    marks: int,
    rest: int,
    rest_room: int,
    room: int,
    out: Places,
) -> tuple[int, int, int, int, int]:
    """Decode every frame that is closed.

    base, size : address and number of the bytes, with the delimiters
    head : 22 or 30, the link's header
    rules : of what was received now
    keys : address of int64 (room, KEY), filled with each row's plate
    scratch, waiting : addresses of ARENA bytes, and of int64 (GROUP, WAITING)
    key, stream : the header key of enciphered frames, and the address of SCRATCH bytes their
        bodies are combined with; -1 for none
    marks : address of int32 (size + 1,), room for the places of delimiters and escapes
    rest : address of int64 (rest_room, REST), filled with stretches for the other path
    room, out : so many rows may be filled; ``frame`` of each is left to :func:`number`, and the
        names to :func:`put_names`

    Returns the number of rows, of rest, of frames read here, where the last unfinished frame
    begins (-1 if none), and where reading stopped because there was no room (-1 if it did not).
    """
    n_rows = 0
    n_rest = 0
    n_frames = 0
    n_waiting = 0
    plain: Any = scratch + BEFORE
    n_marks = specials(base, size, marks)
    inside = False
    outside: Any = 0
    start: Any = 0
    source: Any = 0
    filled: Any = 0
    good = True
    for k in range(n_marks):
        at: Any = get32(marks + 4 * k)
        value = u8(base + at)
        if not inside:
            if value != 0x5B:
                continue
            if at > outside:
                n_rest = _leave(rest, n_rest, STRAY, outside, at)
        elif value == 0x5B and at > start:
            # A frame that was never closed.
            n_rest = _leave(rest, n_rest, STRAY, start, at)
        if value == 0x5B:
            close = n_rows + 255 * (n_waiting + 1) >= room or n_rest + n_waiting + 2 >= rest_room
            full = n_waiting == GROUP or plain + SCRATCH - BEFORE > scratch + ARENA
            if close or full:
                n_rows, n_rest, more = _read(
                    waiting, n_waiting, head, access_code, rules, keys, key, stream, rest, n_rest,
                    n_rows, room, out,
                )  # fmt: skip
                n_frames += more
                n_waiting = 0
                plain = scratch + BEFORE
            if n_rest + 2 >= rest_room or n_rows + 255 >= room:
                return n_rows, n_rest, n_frames, -1, int(at)
            inside = True
            start = at + 1
            source = start
            filled = 0
            good = True
            continue
        count = at - source
        if count > SCRATCH - BEFORE - _USUAL - BLOCK - filled:
            good = False
        elif good:
            to = plain + filled
            here = base + source
            if source + count + _USUAL <= size:
                # How much it is cannot be foreseen, which costs more than to copy too much.
                for i in range(0, _USUAL, BLOCK):
                    copy_block(to + i, here + i)
                for i in range(_USUAL, count, BLOCK):
                    copy_block(to + i, here + i)
            else:
                # Blocks would reach beyond the buffer.
                for i in range(count):
                    put8(to + i, u8(here + i))
            filled += count
        if value != 0x5D:
            if not good:
                continue
            follower = u8(base + at + 1) if at + 1 < size else 0
            source = at + 2
            if follower == 0x02:
                put8(plain + filled, value)
            elif follower == 0x01:
                put8(plain + filled, 0x5B if value == 0x5A else 0x5D)
            else:
                good = False
            filled += 1
            continue
        inside = False
        outside = at + 1
        if at == start:
            continue
        one = waiting + 8 * WAITING * n_waiting
        put64(one, plain)
        put64(one + 8, filled if good else 0)
        put64(one + 16, start)
        put64(one + 24, at)
        n_waiting += 1
        if good:
            plain += filled + BEFORE
    n_rows, n_rest, more = _read(
        waiting, n_waiting, head, access_code, rules, keys, key, stream, rest, n_rest, n_rows, room,
        out,
    )  # fmt: skip
    n_frames += more
    if inside:
        return n_rows, n_rest, n_frames, int(start - 1), -1
    if size > outside:
        n_rest = _leave(rest, n_rest, STRAY, outside, size)
    return n_rows, n_rest, n_frames, -1, -1


@njit(cache=True, nogil=True)
def put_names(
    start: int, n: int, plates: int, names: int, ends: int, to: int, to_ends: int
) -> None:
    """The names of rows' plates, from row ``start`` on, behind those before, and where each ends.

    Addresses of: ``n`` numbers of plates; the names of all plates, BLOCK bytes more behind them
    that may be read, and where each begins and the last ends; what is written, BLOCK bytes more
    behind it that may be overwritten; where each begins and the last ends. All numbers are int32.
    """
    used = get32(to_ends + 4 * start)
    for row in range(start, n):
        plate = get32(plates + 4 * row)
        at: Any = get32(ends + 4 * plate)
        size = get32(ends + 4 * plate + 4) - at
        for k in range(0, size, BLOCK):
            copy_block(to + used + k, names + at + k)
        used += size
        put32(to_ends + 4 * row + 4, used)
