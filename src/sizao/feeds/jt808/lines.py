"""A line of hexadecimal to the JSON object that ``sizao decode jt808`` prints for it."""

from __future__ import annotations

from typing import Any

from sizao.feeds.jt808.decode import decode_frame, problem_fields
from sizao.feeds.jt808.problems import Malformed


def decode_line(line: str, profile: str = "2013") -> dict[str, Any]:
    """Decode one line: a frame as sent, or one whose delimiters were cut off.

    Blanks between bytes are allowed, and a 0x in front. A line with several frames gives
    ``{"frames": [...]}``. An opening delimiter without a closing one is ``incomplete``.
    """
    cleaned = "".join(line.split()).removeprefix("0x").removeprefix("0X")
    try:
        data = bytes.fromhex(cleaned)
    except ValueError as error:
        return problem_fields(Malformed("bad_hex", str(error)))
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
    result: dict[str, Any] = {"frames": [decode_frame(raw, profile) for raw in raws]}
    if last:
        result["error"] = {
            "kind": "incomplete",
            "detail": f"{len(last)} bytes after the last delimiter",
        }
    return result
