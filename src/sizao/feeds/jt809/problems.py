"""Kinds of error a JT/T 809 frame can have. The exception itself is that of ``feeds.jt808``."""

from __future__ import annotations

from sizao.feeds.jt808.problems import Malformed

__all__ = ["KINDS", "Malformed", "problem_fields"]

KINDS: dict[str, str] = {
    "bad_hex": "a line of `sizao decode` is not hexadecimal",
    "empty_frame": "nothing between the two delimiters",
    "incomplete": "the bytes end before the closing delimiter",
    "bad_escape": "0x5A or 0x5E is followed by neither 0x01 nor 0x02",
    "bad_crc": "the CRC of header and body differs from the one sent",
    "bad_length": "the frame or a body is shorter or longer than its layout allows",
    "bad_sub_length": "the data length of the sub-message is not the length of its data",
    "count_mismatch": "the message holds more or fewer positions than it declares",
    "truncated_extra": "the last additional item of a JT/T 808 location is cut off",
    "encrypted_body": "the body is enciphered and no key was given",
}
"""Kind to its meaning."""


def problem_fields(problem: Malformed) -> dict[str, object]:
    """``error`` and what could still be read."""
    return {"error": {"kind": problem.kind, "detail": problem.detail}, **problem.seen}
