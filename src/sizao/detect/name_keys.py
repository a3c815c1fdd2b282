"""A vehicle's name in eight bytes, and back: no two names have the same.

Two forms. Up to 17 digits: how many, and their number; so JT/T 808 phones. And a *plate*: the
first character (any of one or three bytes in UTF-8) and up to seven of ``ALPHABET``, before them
perhaps ``plate:`` and a colour of one or two digits, ``plate:2:川DI0001`` (``records.py``).

>>> raw = np.frombuffer("plate:2:川A1234挂".encode(), np.uint8)
>>> text_of(key_of(raw, 0, len(raw)))
'plate:2:川A1234挂'
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sizao.core.words import word

OTHER = np.uint64(1 << 62)
"""The key of a name of neither form; bits below it are free."""

PREFIX = "plate:"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ挂学警港澳使领试超"
"""What stands behind the first character: GA 36 with its suffixes."""

MOST_DIGITS = 17
MOST_BEHIND = 7

_NOUGHTS = np.uint64(0x3030303030303030)
_TENS = np.array([10**power for power in range(9)], np.uint64)
_PREFIX = np.frombuffer(PREFIX.encode(), np.uint8)
_SUFFIX = np.array([ord(sign) for sign in ALPHABET[36:]], np.int64)
_BASE = len(ALPHABET) + 1
_NO_COLOUR = 100

# Bits from the top. A number: 0, 0 (1: another name), how many digits (5), the number (57). A
# plate: 1, prefixed, colour (7), first character (16), the others, 0 for none, in base 46 (39).
_DIGITS_AT = 57
_PLATE, _PREFIXED, _COLOUR_AT, _FIRST_AT = 1 << 63, 1 << 62, 55, 39


@njit(cache=True)
def phone_key(raw, begin, size):  # type: ignore[no-untyped-def]  # numba
    """The key of a number of 8 to 16 digits, OTHER for any other name.

    What nearly every name is. Small enough for the compiler to put it into a loop, where a call
    that takes the array would cost four times as much.
    """
    if not 8 <= size <= 16:
        return OTHER
    head, tail = word(raw, begin), word(raw, begin + size - 8)
    # What both hold is the head's: noughts in the tail.
    both = np.uint64(64) - np.uint64(size - 8) * np.uint64(8)
    if both < 64:
        mask = (np.uint64(1) << both) - np.uint64(1)
        tail = (tail & ~mask) | (_NOUGHTS & mask)
    else:
        tail = _NOUGHTS
    if not (_all_digits(head) and _all_digits(tail)):
        return OTHER
    number = _number(head) * _TENS[size - 8] + _number(tail)
    return (np.uint64(size) << np.uint64(_DIGITS_AT)) | number


@njit(cache=True)
def key_of(raw, begin, size):  # type: ignore[no-untyped-def]  # numba
    """The key of a name, ``size`` bytes of UTF-8; OTHER if it has neither form."""
    key = phone_key(raw, begin, size)
    if key != OTHER:
        return key
    end = begin + size
    if size < 8 or size == MOST_DIGITS:
        number = np.uint64(0)
        at = begin
        while at < end:
            digit = raw[at] - np.uint8(48)
            if digit > 9:
                break
            number = number * np.uint64(10) + np.uint64(digit)
            at += 1
        if at == end:
            return (np.uint64(size) << np.uint64(_DIGITS_AT)) | number
    return _plate_of(raw, begin, end)


@njit(cache=True)
def _all_digits(eight):  # type: ignore[no-untyped-def]  # numba
    """Whether eight bytes are digits: all in the row of "0", and none of the six behind "9"."""
    row = eight & np.uint64(0xF0F0F0F0F0F0F0F0)
    behind = (eight + np.uint64(0x0606060606060606)) & np.uint64(0xF0F0F0F0F0F0F0F0)
    return row == _NOUGHTS and behind == _NOUGHTS


@njit(cache=True)
def _number(eight):  # type: ignore[no-untyped-def]  # numba
    """The number that eight digits are, the first one lowest in the word: pairs of neighbours,
    then pairs of pairs."""
    two = (eight & np.uint64(0x0F0F0F0F0F0F0F0F)) * np.uint64(2561) >> np.uint64(8)
    four = (two & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(6553601) >> np.uint64(16)
    return (four & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(42949672960001) >> np.uint64(32)


@njit(cache=True)
def _plate_of(raw, begin, end):  # type: ignore[no-untyped-def]  # numba
    at = begin
    key = np.uint64(_PLATE)
    if _prefixed(raw, begin, end):
        key |= np.uint64(_PREFIXED)
        at += len(_PREFIX)
    colour, at = _colour(raw, at, end)
    first, at = _sign(raw, at, end)
    if first < 0:
        return OTHER
    behind = np.uint64(0)
    for _ in range(MOST_BEHIND):
        digit = 0
        if at < end:
            sign, at = _sign(raw, at, end)
            digit = _digit(sign)
            if digit == 0:
                return OTHER
        behind = behind * np.uint64(_BASE) + np.uint64(digit)
    if at < end:
        return OTHER
    key |= (np.uint64(colour) << np.uint64(_COLOUR_AT)) | (np.uint64(first) << np.uint64(_FIRST_AT))
    return key | behind


@njit(cache=True)
def _prefixed(raw, begin, end):  # type: ignore[no-untyped-def]  # numba
    same = end - begin >= len(_PREFIX)
    for k in range(len(_PREFIX)):
        same = same and raw[begin + k] == _PREFIX[k]
    return same


@njit(cache=True)
def _colour(raw, at, end):  # type: ignore[no-untyped-def]  # numba
    """Colour and where it ends: one digit, or two of which the first is not 0, and a colon."""
    colour = 0
    for k in range(3):
        if at + k >= end:
            break
        sign = raw[at + k]
        if sign == 58 and k > 0:  # ":"
            return colour, at + k + 1
        if sign < 48 or sign > 57 or (k == 1 and colour == 0):
            break
        colour = colour * 10 + int(sign) - 48
    return _NO_COLOUR, at


@njit(cache=True)
def _sign(raw, at, end):  # type: ignore[no-untyped-def]  # numba
    """A character of one or three bytes, else -1, and where the next one begins."""
    if at < end and raw[at] < 0x80:
        return np.int64(raw[at]), at + 1
    if at + 2 < end and raw[at] >> 4 == 0xE:
        sign = (np.int64(raw[at]) & 15) << 12
        sign |= ((np.int64(raw[at + 1]) & 63) << 6) | (np.int64(raw[at + 2]) & 63)
        return sign, at + 3
    return np.int64(-1), at


@njit(cache=True)
def _digit(sign):  # type: ignore[no-untyped-def]  # numba
    """Place of a character in ALPHABET, from 1; 0 if it is not there."""
    if 48 <= sign <= 57:
        return sign - 47
    if 65 <= sign <= 90:
        return sign - 54
    for k in range(len(_SUFFIX)):
        if _SUFFIX[k] == sign:
            return 37 + k
    return 0


def text_of(key: int) -> str:
    """The name of a key that is not OTHER."""
    if not key & _PLATE:
        size = key >> _DIGITS_AT
        return str(key & (1 << _DIGITS_AT) - 1).zfill(size) if size else ""
    colour = key >> _COLOUR_AT & 127
    text = chr(key >> _FIRST_AT & 0xFFFF)
    behind = key & (1 << _FIRST_AT) - 1
    digits = [behind // _BASE**k % _BASE for k in reversed(range(MOST_BEHIND))]
    text += "".join(ALPHABET[digit - 1] for digit in digits if digit)
    return (
        (PREFIX if key & _PREFIXED else "") + (f"{colour}:" if colour < _NO_COLOUR else "") + text
    )
