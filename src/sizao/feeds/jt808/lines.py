"""A line of hexadecimal to the JSON object that ``sizao decode jt808`` prints for it."""

from __future__ import annotations

import string
from typing import Any

from sizao.feeds.jt808.decode import decode_frame, open_frame, problem_fields
from sizao.feeds.jt808.problems import Malformed


def decode_line(line: str, profile: str = "2013") -> dict[str, Any]:
    """Decode one line: a frame as sent, or one whose delimiters were cut off.

    Blanks between bytes are allowed, and a 0x in front. A line with several frames gives
    ``{"frames": [...]}``, with ``errors`` beside it if some were bad. An opening delimiter
    without a closing one is ``incomplete``.
    """
    cleaned = "".join(line.split()).removeprefix("0x").removeprefix("0X")
    try:
        data = bytes.fromhex(cleaned)
    except ValueError:
        return problem_fields(Malformed("bad_hex", _what_is_not_hex(cleaned)))
    if 0x7E not in data:
        return decode_frame(data, profile)
    *pieces, last = data.split(b"\x7e")
    raws = [raw for raw in pieces if raw]
    if last and len(pieces) == 1 and not raws:
        return problem_fields(
            Malformed("incomplete", f"{len(last)} bytes and no closing delimiter", frames=[])
        )
    if not raws:
        return problem_fields(Malformed("empty_frame", "nothing between the delimiters", frames=[]))
    if len(raws) == 1 and not last:
        return decode_frame(raws[0], profile)
    return _stream(raws, bool(data[0] != 0x7E), last, profile)


def _stream(raws: list[bytes], headless: bool, last: bytes, profile: str) -> dict[str, Any]:
    """Several frames on one line; bytes before the first delimiter are no frame."""
    frames: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for raw in raws[1:] if headless else raws:
        good = True
        try:
            open_frame(raw)
        except Malformed:
            good = False
        (frames if good else errors).append(decode_frame(raw, profile))
    if last:
        problem = Malformed("incomplete", f"{len(last)} bytes after the last delimiter")
        errors.append(problem_fields(problem))
    return {"frames": frames, "errors": errors} if errors else {"frames": frames}


def _what_is_not_hex(text: str) -> str:
    wrong = next((n for n, letter in enumerate(text) if letter not in string.hexdigits), None)
    if wrong is not None:
        return f"character {wrong + 1} is {text[wrong]!r}, not a hexadecimal digit"
    return f"{len(text)} hexadecimal digits are not whole bytes"
