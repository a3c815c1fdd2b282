"""What can be wrong with a frame: one private exception, and the list of reason codes.

:class:`Malformed` never leaves this package: :func:`sizao.feeds.jt808.decode.decode_frame` turns
it into an ``error`` object and :class:`sizao.feeds.jt808.session.Session` into a quarantine
record. It exists because a short read can happen ten calls deep.
"""

from __future__ import annotations

from typing import Any

KINDS: dict[str, str] = {
    "bad_hex": "a line of `sizao decode` is not hexadecimal",
    "empty_frame": "nothing between two delimiters",
    "incomplete": "the bytes end before the closing delimiter, or parts of a message never came",
    "bad_escape": "0x7D is followed by neither 0x01 nor 0x02",
    "bad_checksum": "the XOR of header and body differs from the byte sent",
    "bad_length": "the frame or its body is shorter or longer than its layout allows",
    "encrypted_body": "the body is enciphered and this link has no key",
    "count_mismatch": "the message holds more or fewer items than it declares",
    "truncated_extra": "the last additional item of a location report is cut off",
    "bad_subpackage": "part index 0, or above the number of parts",
}
"""Kinds of error a frame can have, each with its meaning."""


class Malformed(Exception):
    """The bytes break the layout. ``seen`` holds the fields that could still be read."""

    def __init__(self, kind: str, detail: str, **seen: Any) -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail
        self.seen = seen
