"""A line of hexadecimal to the JSON object that ``sizao decode jt809`` prints for it."""

from __future__ import annotations

import string
from typing import Any

from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt809.cipher import Keys
from sizao.feeds.jt809.decode import decode_frame, open_frame
from sizao.feeds.jt809.dialect import PLAIN, Dialect
from sizao.feeds.jt809.framing import Framer, unescape
from sizao.feeds.jt809.problems import problem_fields


def decode_line(
    line: str,
    keys: Keys | None = None,
    edition: str | None = None,
    dialect: Dialect = PLAIN,
) -> dict[str, Any]:
    """Decode one line: a frame as sent, or one whose delimiters were cut off.

    Blanks between bytes are allowed, and a 0x in front. A line with several frames gives
    ``{"frames": [...]}``, with ``errors`` beside it if some were bad. An opening delimiter
    without a closing one is ``incomplete``. Without ``edition`` each frame shows its own.
    """
    cleaned = "".join(line.split()).removeprefix("0x").removeprefix("0X")
    try:
        data = bytes.fromhex(cleaned)
    except ValueError:
        return problem_fields(Malformed("bad_hex", _what_is_not_hex(cleaned)))
    if 0x5B not in data and 0x5D not in data:
        return decode_frame(data, keys, edition, dialect)
    framer = Framer(max(len(data), 1))
    raws = framer.feed(data)
    if framer.pending:
        problem = Malformed(
            "incomplete", f"{len(framer.pending)} bytes and no closing delimiter", frames=[]
        )
        if not raws:
            return problem_fields(problem)
    if not raws:
        return problem_fields(Malformed("empty_frame", "nothing between the delimiters", frames=[]))
    if len(raws) == 1 and not framer.pending:
        return {**decode_frame(raws[0], keys, edition, dialect), **_strays(data)}
    frames, errors = [], []
    for raw in raws:
        decoded = decode_frame(raw, keys, edition, dialect)
        try:
            open_frame(raw, edition)
        except Malformed:
            errors.append(decoded)
        else:
            frames.append(decoded)
    if framer.pending:
        problem = Malformed("incomplete", f"{len(framer.pending)} bytes after the last frame")
        errors.append(problem_fields(problem))
    return {"frames": frames, "errors": errors} if errors else {"frames": frames}


def _strays(data: bytes) -> dict[str, Any]:
    """What is wrong with bytes behind the closing delimiter of the only frame, if anything."""
    try:
        unescape(data[data.index(b"\x5d") + 1 :])
    except Malformed as problem:
        detail = f"{problem.detail}, behind the closing delimiter"
        return {"error": {"kind": problem.kind, "detail": detail}}
    return {}


def _what_is_not_hex(text: str) -> str:
    wrong = next((n for n, letter in enumerate(text) if letter not in string.hexdigits), None)
    if wrong is not None:
        return f"character {wrong + 1} is {text[wrong]!r}, not a hexadecimal digit"
    return f"{len(text)} hexadecimal digits are not whole bytes"
